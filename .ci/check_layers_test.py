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


if __name__ == '__main__':
    unittest.main()
