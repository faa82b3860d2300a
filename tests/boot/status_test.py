#!/usr/bin/env python3
"""How a machine ends: the first program's status is ./dev boot's own, and reboot(2) turns off, halts or restarts.

Needs build/bare-x86_64 and build/bare-riscv64 (./dev build bare) and the rootfs (./dev rootfs)."""
import unittest

import booting


class Status(unittest.TestCase):
    def gives(self, status, output, *command):
        for isa in booting.KERNEL:
            for cpus in 1, 4:
                with self.subTest(isa, cpus=cpus):
                    result = booting.boot(isa, "--smp", cpus, "--", *command)
                    self.assertEqual((result.returncode, result.stdout, result.stderr), (status, output, ""))

    def test_exit(self):
        self.gives(3, "hi\n", "/bin/busybox", "sh", "-c", "echo hi; exit 3")

    def test_death_by_a_signal(self):
        self.gives(128 + 15, "", "/bin/sh", "-c", "kill -TERM $$; sleep 1; kill -KILL $$; trap - TERM; exec /bin/sh -c 'exit 143'")

    def test_success_of_a_program_by_name(self):
        self.gives(0, "/\n", "pwd")

    def test_others_are_left_running(self):
        self.gives(7, "", "/bin/sh", "-c", "sleep 1000 & (while :; do :; done) & exit 7")

    def test_power_off(self):
        self.gives(0, "", "/bin/sh", "-c", "poweroff -f; sleep 100")

    def test_halt(self):
        self.gives(0, "", "/bin/sh", "-c", "halt -f; sleep 100")

    def test_restart(self):
        # QEMU ends, being told not to start again.
        self.gives(0, "", "/bin/sh", "-c", "reboot -f; sleep 100")

    def test_much_output_arrives_whole(self):
        expected = "".join(f"{number}\n" for number in range(1, 3001))
        self.gives(0, expected, "seq", "3000")


if __name__ == "__main__":
    booting.main()
