#!/usr/bin/env python3
"""What a panic prints, and that ./dev boot then fails. /dev/crash lets the kernel die of what is written to it.

Needs build/bare-x86_64 and build/bare-riscv64 (./dev build bare) and the rootfs (./dev rootfs)."""
import re
import unittest

import booting

FAILURE = 125
REGISTERS = {"x86_64": ("rip", "rsp", "rax", "r15", "cr2"), "riscv64": ("pc", "ra", "sp", "a0", "s11")}


def crash(isa, word, *options):
    return booting.boot(isa, *options, "--append", "crash", "--", "/bin/sh", "-c", f"echo {word} >/dev/crash; echo survived: $?")


class Panic(unittest.TestCase):
    def reports(self, word, message, functions, has_registers=True):
        for isa in booting.KERNEL:
            for cpus in 1, 4:
                with self.subTest(isa, cpus=cpus):
                    result = crash(isa, word, "--smp", cpus)
                    text = result.stdout
                    self.assertEqual(result.returncode, FAILURE, text)
                    self.assertIn("boot: the kernel panicked", result.stderr)
                    self.assertRegex(text, rf"halcyon: panic on CPU \d+: {message}")
                    self.assertRegex(text, r'(?m)^  thread \d+ of process \d+, "sh"')
                    self.assertEqual(text.count("halcyon: panic"), 1)
                    for name in functions:
                        self.assertRegex(text, rf"(?m)^  #\d+ +0x[0-9a-f]{{16}} .*{name}")
                    for register in REGISTERS[isa] if has_registers else ():
                        self.assertRegex(text, rf"\b{register} +(0x)?[0-9a-f]{{16}}")
                    self.assertNotIn("survived", text)

    def test_a_failed_assertion(self):
        self.reports("panic", "a program asked for it", ("CrashFile::write", "sys_write", "run_user"), has_registers=False)

    def test_a_fault(self):
        self.reports("fault", "page fault( by a store)? in the kernel", ("crash_by_fault", "CrashFile::write", "sys_write", "run_user"))

    def test_an_invalid_instruction(self):
        self.reports("instruction", "(invalid|illegal) instruction in the kernel", ("crash_by_instruction", "CrashFile::write", "sys_write"))

    def test_a_full_kernel_stack(self):
        self.reports("overflow", "kernel stack overflow", ("crash_by_overflow",))

    def test_another_word_is_refused(self):
        for isa in booting.KERNEL:
            with self.subTest(isa):
                result = crash(isa, "nothing")
                self.assertEqual(result.returncode, 0)
                self.assertIn("survived: 1\n", result.stdout)

    def test_there_is_no_such_device_unasked(self):
        for isa in booting.KERNEL:
            with self.subTest(isa):
                result = booting.boot(isa, "--", "/bin/sh", "-c", "mknod /x c 10 240; echo fault >/x; test -e /dev/crash || echo none")
                self.assertEqual(result.returncode, 0)
                self.assertRegex(result.stdout, r"can't create /x: No such device( or address)?\nnone\n")


if __name__ == "__main__":
    booting.main()
