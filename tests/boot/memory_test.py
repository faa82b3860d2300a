#!/usr/bin/env python3
"""Little memory: both kernels boot to a busybox shell with 16 MiB of RAM, which programs may then use up without harm.

Needs build/bare-x86_64 and build/bare-riscv64 (./dev build bare) and the rootfs (./dev rootfs)."""
import re
import unittest

import booting

# What the kernel and the archive that it unpacks take: more means that some table has grown.
MOST_TAKEN_KIB = 5000


class Memory(unittest.TestCase):
    def boots(self, script, *options):
        """(the ISA, the result) of each."""
        command = ["--memory", "16M", *options, "--", "/bin/busybox", "sh", "-c", script]
        return [(isa, booting.boot(isa, *command)) for isa in booting.KERNEL]

    def gives(self, status, output, script, *options):
        for isa, result in self.boots(script, *options):
            with self.subTest(isa):
                self.assertEqual((result.returncode, result.stdout, result.stderr), (status, output, ""))

    def test_a_shell(self):
        self.gives(3, "hi\n", "echo hi; exit 3")

    def test_a_pipeline_on_four_cpus(self):
        self.gives(0, "1000\n", "seq 1000 | sort -rn | head -n 1", "--smp", "4")

    def test_what_the_kernel_takes(self):
        for isa, result in self.boots("true", "-v"):
            with self.subTest(isa):
                free = re.search(r"CPUs, \d+ KiB of memory, (\d+) KiB free", result.stdout)
                self.assertTrue(free, result.stdout)
                self.assertLess((16 << 10) - int(free.group(1)), MOST_TAKEN_KIB)

    def test_a_file_that_does_not_fit(self):
        for isa, result in self.boots("dd if=/dev/zero of=/big bs=64k count=1000 2>&1; rm /big; head -c 2000000 /dev/zero >/small && echo fits"):
            with self.subTest(isa):
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertIn("dd: error writing '/big': No space left on device\n", result.stdout)
                self.assertTrue(result.stdout.endswith("\nfits\n"), result.stdout)

    def test_a_program_that_wants_too_much(self):
        # The buffer of dd is mapped, then written to.
        for isa, result in self.boots("dd if=/dev/zero of=/big bs=32M count=1 iflag=fullblock 2>/dev/null; ls /big >/dev/null; rm -f /big; echo on"):
            with self.subTest(isa):
                self.assertEqual((result.returncode, result.stdout), (0, "on\n"), result.stderr)


if __name__ == "__main__":
    booting.main()
