#!/usr/bin/env python3
"""Each rule of check_layers.py finds what it is for, and only that."""
import pathlib
import tempfile
import unittest

import check_layers


class CheckLayers(unittest.TestCase):
    def violations(self, path, text):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / path
            file.parent.mkdir(parents=True)
            file.write_text(text)
            return check_layers.check_tree(pathlib.Path(folder))

    def test_include_upwards(self):
        self.assertTrue(self.violations('core/mm/a.cpp', '#include "fs/vfs/vfs.h"\n'))
        self.assertTrue(self.violations('core/base/a.cpp', '#include "hal/port.h"\n'))
        self.assertTrue(self.violations('hal/hosted/a.cpp', '#include "core/task/kernel.h"\n'))

    def test_include_downwards(self):
        self.assertFalse(self.violations('fs/vfs/a.cpp', '#include "core/base/ref.h"\n#include "core/mm/vma.h"\n#include "fs/vfs/vfs.h"\n'))
        self.assertFalse(self.violations('core/mm/a.cpp', '#include "core/base/ref.h"\n#include "hal/port.h"\n'))

    def test_raw_memory(self):
        self.assertTrue(self.violations('core/mm/a.cpp', 'auto p = reinterpret_cast<int*>(q);\n'))
        self.assertFalse(self.violations('core/mm/a_unsafe.cpp', 'auto p = reinterpret_cast<int*>(q);\n'))
        self.assertFalse(self.violations('hal/hosted/a.cpp', 'asm("nop");\n'))

    def test_host_headers(self):
        self.assertTrue(self.violations('fs/a.cpp', '#include <unistd.h>\n'))
        self.assertTrue(self.violations('syscalls/a.cpp', '#include <sys/stat.h>\n'))
        self.assertFalse(self.violations('core/a.cpp', '#include <span>\n#include <string_view>\n'))
        self.assertFalse(self.violations('cli/a.cpp', '#include <unistd.h>\n'))

    def test_isa(self):
        self.assertTrue(self.violations('core/a.cpp', '#ifdef __x86_64__\n'))
        self.assertFalse(self.violations('hal/a.h', '#ifdef __x86_64__\n'))

    def test_two_way_choice_on_isa(self):
        choices = ('int a = isa == hal::Isa::x86_64 ? 1 : 2;\n', 'if (machine.isa() != Isa::riscv64) return;\n', 'if (Isa::x86_64 == isa) return;\n',
                   'bool is_x86 = true;\n', 'return task.is_x86_64();\n', 'if (name == "riscv64") return;\n', 'int a = runs_x86_64 ? 1 : 2;\n',
                   'int a = x86_64 ? 1 : 2;\n')
        for text in choices:
            for path in ('core/a.cpp', 'fs/a.h', 'syscalls/process/a.cpp', 'cli/a.cpp', 'tests/kernel/a.cpp', 'tests/unit/hal/a.cpp', 'bench/a.cpp', 'bench/a.py'):
                self.assertEqual(len(self.violations(path, text)), 1, (path, text))
            for path in ('hal/fake/a.cpp', 'hal-unicorn/a.cpp', 'hal-baremetal/a.cpp', 'syscalls/abi/a.h'):
                self.assertFalse(self.violations(path, text))
        for text in ('if (*wanted != elf.isa) return;\n', '// x == Isa::x86_64\n', 'return hal::description(isa).name;\n', 'case Isa::x86_64: return 1;\n',
                     'EXPECT_EQ(options.isa, hal::Isa::x86_64);\n', 'options.isa = hal::Isa::riscv64;\n'):
            self.assertFalse(self.violations('core/a.cpp', text), text)

    def test_switch_over_isas(self):
        switch = '  switch (machine.isa()) {\n    case Isa::x86_64: return 1;\n    %s: return 2;\n  }\n'
        self.assertEqual(self.violations('hal/a.cpp', switch % 'default'),
                         ['hal/a.cpp:3: a switch over the ISAs names each, so that the compiler finds what a new one lacks'])
        self.assertFalse(self.violations('core/a.cpp', switch % 'case Isa::riscv64'))


if __name__ == '__main__':
    unittest.main()
