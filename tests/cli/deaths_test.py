#!/usr/bin/env python3
"""What halcyon says about a program that a signal ended: which, where, and through which calls."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import halcyon
from halcyon import run

SOURCE = pathlib.Path(__file__).parent / "programs/death.c"
COMPILERS = {"x86_64": ("cc",), "riscv64": ("riscv64-linux-gnu-gcc",)}
KINDS = {"unwind information": ("-O2", "-fasynchronous-unwind-tables"), "frame pointers": ("-O1", "-fno-omit-frame-pointer", "-fno-asynchronous-unwind-tables",
                                                            "-fno-unwind-tables"), "debug information": ("-O2", "-g", "-fasynchronous-unwind-tables")}


class Deaths(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="halcyon-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    def program(self, isa, kind="unwind information"):
        path = self.folder / f"{isa}-{kind.split()[0]}"
        if not path.exists():
            if not shutil.which(COMPILERS[isa][0]):
                self.skipTest(f"{COMPILERS[isa][0]} is not installed")
            subprocess.run([*COMPILERS[isa], *KINDS[kind], "-static", "-fno-optimize-sibling-calls", "-o", path, SOURCE], check=True)
        return path

    def die(self, how, isa="x86_64", kind="unwind information", options=()):
        program = self.program(isa, kind)
        return run("run", "--root", self.folder, "--memory", "64M", *options, f"/{program.name}", how)

    def test_the_backtrace(self):
        for isa in COMPILERS:
            for kind in KINDS:
                for how, reason in (("null", "nothing is mapped at 0x10"), ("access", "no such access"), ("jump", "nothing is mapped at 0x0")):
                    with self.subTest(isa=isa, kind=kind, how=how):
                        result = self.die(how, isa, kind)
                        self.assertEqual(result.returncode, 128 + 11)
                        self.assertIn(f"ended by SIGSEGV: {reason}", result.stderr)
                        self.assertRegex(result.stderr, r"pc 0x[0-9a-f]+, process \d+")
                        names = re.findall(r"#\d+ +0x[0-9a-f]+ (\w+)\+0x", result.stderr)
                        self.assertEqual(names[:4], ["innermost", "middle", "outermost", "main"], result.stderr)
                        if kind == "debug information":
                            self.assertRegex(result.stderr, r"outermost\+0x[0-9a-f]+ at .*death\.c:\d+ \(")

    def test_abort_and_a_handler(self):
        result = self.die("abort")
        self.assertEqual(result.returncode, 128 + 6)
        self.assertIn("ended by SIGABRT", result.stderr)
        self.assertRegex(result.stderr, r"(?s)abort\+.*innermost[.\w]*\+.*middle\+.*outermost\+.*main\+")
        result = self.die("handler")
        self.assertRegex(result.stderr, r"(?s)abort\+.*handler[.\w]*\+.*innermost[.\w]*\+.*outermost\+.*main\+")

    def test_abort_on_riscv64(self):
        """abort(3) never returns, and does not save where to: no unwinder leads out of it there."""
        result = self.die("abort", "riscv64")
        self.assertEqual(result.returncode, 128 + 6)
        self.assertRegex(result.stderr, r"(?s)raise\+.*abort\+")

    def test_a_shared_library(self):
        """Through the program's own dynamic linker and libraries, found in the guest's tree."""
        path = self.folder / "dynamic"
        subprocess.run(["cc", "-O2", "-fno-optimize-sibling-calls", "-o", path, SOURCE], check=True)
        result = run("run", path, "abort")
        self.assertRegex(result.stderr, r"(?s)libc\.so\.6\).*innermost[.\w]*\+.*\(" + re.escape(str(path)) + r"\).*main\+")

    def test_out_of_memory(self):
        result = self.die("memory")
        self.assertEqual(result.returncode, 128 + 9)
        self.assertIn("out of memory", result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1)

    def test_signals_that_others_send(self):
        for number, words in ((15, "ended by SIGTERM"), (1, "ended by SIGHUP"), (9, "ended by SIGKILL"), (10, "ended by SIGUSR1")):
            result = self.die(str(number))
            self.assertEqual(result.returncode, 128 + number)
            self.assertEqual(result.stderr, f"halcyon: /x86_64-unwind: {words}\n")
        for number in (2, 13):
            result = self.die(str(number))
            self.assertEqual((result.returncode, result.stderr), (128 + number, ""))

    def test_quiet(self):
        result = self.die("null", options=("--quiet",))
        self.assertEqual((result.returncode, result.stderr), (128 + 11, ""))

    def test_children_die_in_silence(self):
        program = self.program("x86_64")
        shell = halcyon.ROOTFS["x86_64"] / "bin/busybox"
        if not shell.exists():
            self.skipTest("no rootfs: run ./dev rootfs")
        shutil.copy(shell, self.folder / "busybox")
        result = run("run", "--root", self.folder, "/busybox", "sh", "-c", f"/{program.name} null 2>/dev/null; exit 3")
        self.assertEqual(result.returncode, 3)
        self.assertNotIn("halcyon", result.stderr)


if __name__ == "__main__":
    halcyon.main()
