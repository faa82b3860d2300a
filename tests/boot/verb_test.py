#!/usr/bin/env python3
"""halcyon boot, the hosted binary's verb, is the same as ./dev boot.

Needs build/hosted, build/bare-x86_64 and build/bare-riscv64, which it brings up to date, and the rootfs (./dev rootfs)."""
import subprocess
import unittest

import booting

BINARY = booting.TREE / "build/hosted/halcyon"


@unittest.skipUnless(BINARY.exists(), f"no {BINARY} (./dev build)")
class Verb(unittest.TestCase):
    def test_a_command_and_its_status(self):
        for isa in booting.KERNEL:
            with self.subTest(isa):
                result = subprocess.run([BINARY, "boot", isa, "--smp", "2", "--timeout", str(booting.runner.PATIENCE), "--", "/bin/busybox", "sh", "-c", "echo hi; exit 3"],
                                        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=4 * booting.runner.PATIENCE)
                said = [line for line in result.stderr.splitlines() if not line.startswith("dev: ")]  # what it builds
                self.assertEqual((result.returncode, result.stdout, said), (3, "hi\n", []))

    def test_bad_options(self):
        result = subprocess.run([BINARY, "boot", "vax"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=4 * booting.runner.PATIENCE)
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("invalid choice: 'vax'", result.stderr)


if __name__ == "__main__":
    booting.main()
