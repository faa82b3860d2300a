#!/usr/bin/env python3
"""--strace writes what strace(1) would write."""
import pathlib
import re
import tempfile
import unittest

import halcyon

ROOT = ("--root", halcyon.ROOTFS["x86_64"])


def trace(*arguments):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "trace"
        result = halcyon.run("run", f"--strace={file}", *arguments)
        return result, file.read_text().splitlines()


class Lines(unittest.TestCase):
    def test_a_whole_program(self):
        result, lines = trace(*ROOT, "--env", "A=1", "--", "/bin/busybox", "echo", "hi")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "hi\n", ""))
        self.assertRegex(lines[0], r'^execve\("/bin/busybox", \["/bin/busybox", "echo", "hi"\], 0x[0-9a-f]+ /\* \d+ vars \*/\) = 0$')
        self.assertIn('write(1, "hi\\n", 3)                     = 3', lines)
        self.assertEqual(lines[-2], "exit_group(0)                           = ?")
        self.assertEqual(lines[-1], "+++ exited with 0 +++")

    def test_errors_have_names_and_texts(self):
        _, lines = trace(*ROOT, "--", "/bin/busybox", "cat", "/nowhere")
        self.assertIn('openat(AT_FDCWD, "/nowhere", O_RDONLY)  = -1 ENOENT (No such file or directory)', lines)

    def test_what_the_kernel_stores_is_shown_when_it_is_there(self):
        _, lines = trace(*ROOT, "--", "/bin/busybox", "true")
        self.assertIn('prctl(PR_GET_NAME, "busybox")           = 0', lines)
        self.assertTrue(any(re.fullmatch(r'getrandom\("(\\x[0-9a-f]{2}){8}", 8, GRND_NONBLOCK\) = 8', line) for line in lines), lines)

    def test_a_deadly_signal(self):
        result, lines = trace(*ROOT, "--", "/bin/busybox", "sh", "-c", "kill -SEGV $$")
        self.assertEqual(result.returncode, 128 + 11)
        self.assertRegex(lines[-2], r"^--- SIGSEGV \{si_signo=SIGSEGV, si_code=SI_USER, si_pid=2, si_uid=\d+\} ---$")
        self.assertEqual(lines[-1], "+++ killed by SIGSEGV +++")

    def test_several_processes_are_told_apart(self):
        _, lines = trace(*ROOT, "--", "/bin/busybox", "sh", "-c", "true & wait")
        self.assertTrue(any(line.startswith("[pid     3] ") for line in lines), lines)

    def test_standard_error_is_the_default(self):
        result = halcyon.run("run", "--strace", *ROOT, "--", "/bin/busybox", "true")
        self.assertTrue(result.stderr.startswith('execve("/bin/busybox"'), result.stderr)


if __name__ == "__main__":
    halcyon.main()
