#!/usr/bin/env python3
"""Exit statuses and messages of halcyon: every kind of bad input gives one clear line on standard error and the right status."""
import io
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import unittest

import halcyon
from halcyon import elf, put, run

# exit(42); exit(SIGKILL to itself); and a jump into nothing, for x86_64.
EXIT_42 = bytes.fromhex("bf2a000000b8e70000000f05")
KILL_SELF = bytes.fromhex("b8270000000f0589c7be09000000b83e0000000f05ebfe")
CRASH = bytes.fromhex("31c0ffe0")


class Refusals(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="halcyon-"))
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)

    def refused(self, status, words, *arguments, **options):
        result = run(*arguments, **options)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertTrue(result.stderr.startswith("halcyon: "), result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        for word in [words] if isinstance(words, str) else words:
            self.assertIn(word, result.stderr)

    # --- the command line
    def test_unknown_options(self):
        self.refused(125, "--bogus", "run", "--bogus", "/bin/true")
        self.refused(125, "-q", "run", "-q", "/bin/true")
        self.refused(125, "--bogus", "--bogus")
        self.refused(125, "fly", "fly")
        self.refused(125, "no command", *[])

    def test_missing_pieces(self):
        self.refused(125, "no program", "run")
        self.refused(125, "no program", "run", "--")
        self.refused(125, "needs a value", "run", "--root")
        self.refused(125, "one file", "elf")

    def test_bad_values(self):
        for option, value in [("--isa", "arm"), ("--cpus", "0"), ("--cpus", "many"), ("--memory", "1Q"), ("--memory", "4K"), ("--env", "NAME"),
                              ("--bind", "/tmp"), ("--bind", "/tmp:relative"), ("--scheduler", "lottery"), ("--cwd", "relative")]:
            with self.subTest(option=option, value=value):
                self.refused(125, [], "run", option, value, "/bin/true")
        self.refused(125, "not a number", "run", "--deterministic=maybe", "/bin/true")

    # --- roots
    def test_missing_root(self):
        self.refused(125, ["--root", "/nonexistent", "No such file"], "run", "--root", "/nonexistent", "/bin/true")

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_unreadable_root(self):
        locked = self.root / "locked"
        locked.mkdir(mode=0)
        self.refused(125, ["--root", "Permission denied"], "run", "--root", locked, "/bin/true")

    def test_corrupt_archives(self):
        text = put(self.root / "text.tar", "not an archive\n" * 100)
        self.refused(125, ["text.tar", "corrupt archive"], "run", "--root", text, "/bin/true")
        empty = put(self.root / "empty.tar", "")
        self.refused(125, "empty.tar", "run", "--root", empty, "/bin/true")
        whole = io.BytesIO()
        with tarfile.open(fileobj=whole, mode="w:gz") as tar:
            info = tarfile.TarInfo("bin/true")
            data = os.urandom(200000)
            info.size, info.mode = len(data), 0o755
            tar.addfile(info, io.BytesIO(data))
        cut = put(self.root / "cut.tar.gz", whole.getvalue()[:100000])
        self.refused(125, ["cut.tar.gz", "corrupt archive"], "run", "--root", cut, "/bin/true")

    def test_archive_that_leads_outside(self):
        with tarfile.open(self.root / "evil.tar", "w") as tar:
            tar.addfile(tarfile.TarInfo("../evil"))
        self.refused(125, "leads outside", "run", "--root", self.root / "evil.tar", "/bin/true")

    def test_missing_bind(self):
        self.refused(125, ["--bind", "/nonexistent"], "run", "--bind", "/nonexistent:/mnt", "/bin/true")

    # --- programs
    def test_not_found(self):
        self.refused(127, "No such file", "run", "--root", self.root, "/bin/nothing")
        self.refused(127, ["nothing", "PATH"], "run", "--root", self.root, "nothing")
        self.refused(127, "PATH", "run", "--root", "none", "sh")

    def test_not_executable(self):
        put(self.root / "plain", elf(), mode=0o644)
        put(self.root / "text", "echo hi\n")
        put(self.root / "empty", "")
        (self.root / "dir").mkdir()
        self.refused(126, "Permission denied", "run", "--root", self.root, "/plain")
        self.refused(126, "neither an ELF program nor a script", "run", "--root", self.root, "/text")
        self.refused(126, "neither an ELF program nor a script", "run", "--root", self.root, "/empty")
        self.refused(126, "directory", "run", "--root", self.root, "/dir")

    def test_damaged_headers(self):
        good = elf(code=EXIT_42)
        put(self.root / "cut", good[:40])
        put(self.root / "object", elf(kind=1))
        put(self.root / "arm", elf(machine=halcyon.AARCH64))
        put(self.root / "small", elf(machine=3, ident_class=1))
        put(self.root / "nothing", good[:56] + b"\0\0" + good[58:])
        self.refused(126, "cut short", "run", "--root", self.root, "/cut")
        self.refused(126, "relocatable", "run", "--root", self.root, "/object")
        self.refused(126, "aarch64", "run", "--root", self.root, "/arm")
        self.refused(126, "cannot be executed", "run", "--root", self.root, "/small")
        self.refused(126, "no segments", "run", "--root", self.root, "/nothing")

    def test_malformed_segments(self):
        good = elf(code=EXIT_42)
        huge = bytearray(good)
        huge[64 + 40:64 + 48] = b"\xff" * 7 + b"\x7f"  # memory size
        put(self.root / "huge", bytes(huge))
        result = run("run", "--root", self.root, "/huge")
        self.assertIn(result.returncode, (126, 137, 139), result.stderr)
        self.assertTrue(result.stderr == "" or result.stderr.count("\n") == 1, result.stderr)

    def test_wrong_machine(self):
        put(self.root / "p", elf(machine=halcyon.RISCV))
        self.refused(126, ["riscv64", "--isa"], "run", "--isa", "x86_64", "--root", self.root, "/p")

    def test_missing_interpreter(self):
        put(self.root / "p", elf(machine=halcyon.RISCV, interpreter="/lib/ld-linux-riscv64-lp64d.so.1"))
        self.refused(127, ["/lib/ld-linux-riscv64-lp64d.so.1", "--root"], "run", "--root", self.root, "/p")
        if not os.path.exists("/lib/ld-linux-riscv64-lp64d.so.1"):
            self.refused(127, ["/lib/ld-linux-riscv64-lp64d.so.1", "--root"], "run", self.root / "p")
        put(self.root / "script", "#!/bin/nowhere\n")
        self.refused(127, "/bin/nowhere", "run", "--root", self.root, "/script")


class Statuses(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="halcyon-"))
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)

    def status(self, code, *options):
        put(self.root / "p", elf(kind=2, code=code))
        return run("run", "--root", self.root, *options, "/p")

    def test_the_programs_own(self):
        self.assertEqual(self.status(EXIT_42).returncode, 42)

    def test_killed_by_a_signal(self):
        self.assertEqual(self.status(KILL_SELF).returncode, 128 + 9)

    def test_a_jump_into_nothing(self):
        self.assertEqual(self.status(CRASH).returncode, 128 + 11)

    def test_from_an_archive(self):
        put(self.root / "p", elf(kind=2, code=EXIT_42))
        for suffix, mode in [("tar", "w"), ("tar.gz", "w:gz"), ("tar.xz", "w:xz")]:
            archive = self.root / f"root.{suffix}"
            with tarfile.open(archive, mode) as tar:
                tar.add(self.root / "p", "bin/p")
            self.assertEqual(run("run", "--root", archive, "p").returncode, 42)

    def test_from_a_bound_directory(self):
        put(self.root / "p", elf(kind=2, code=EXIT_42))
        self.assertEqual(run("run", "--root", "none", "--bind", f"{self.root}:/tools", "/tools/p").returncode, 42)

    def test_time_is_one_summary(self):
        result = self.status(EXIT_42, "--time")
        self.assertEqual(result.returncode, 42)
        for word in ("system calls", "faults", "switches", "blocks", "wall"):
            self.assertIn(word, result.stderr)

    def test_strace_to_a_file(self):
        result = self.status(EXIT_42, f"--strace={self.root}/trace")
        self.assertEqual(result.returncode, 42)
        self.assertIn("exit_group(42)", (self.root / "trace").read_text())

    def test_strace_file_that_cannot_be_made(self):
        result = self.status(EXIT_42, "--strace=/nonexistent/trace")
        self.assertEqual(result.returncode, 125)
        self.assertIn("/nonexistent/trace", result.stderr)

    def test_closed_output_is_a_broken_pipe(self):
        shell = halcyon.ROOTFS["x86_64"] / "bin/busybox"
        if not shell.exists():
            self.skipTest("no rootfs")
        command = [halcyon.BINARY, "run", "--root", str(shell.parents[1]), "/bin/busybox", "yes"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdout.read(100)
        process.stdout.close()
        self.assertEqual(process.wait(30), 128 + 13)


class Reports(unittest.TestCase):
    def test_elf(self):
        result = run("elf", "/bin/ls")
        self.assertEqual(result.returncode, 0, result.stderr)
        for word in ("ELF, 64 bits", "interpreter", "libc.so.6", "would run    yes"):
            self.assertIn(word, result.stdout)

    def test_elf_of_something_else(self):
        self.assertEqual(run("elf", "/etc/passwd").returncode, 1)
        self.assertEqual(run("elf", "/nonexistent").returncode, 125)

    def test_abi(self):
        result = run("abi")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"(?m)^read +0 +63")
        self.assertRegex(result.stdout, r"(?m)^openat +257 +56")

    def test_help_and_version(self):
        for arguments in (["--help"], ["run", "--help"], ["elf", "--help"], ["abi", "--help"], ["--version"]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 0)
            self.assertEqual(result.stderr, "")
            self.assertIn("alcyon", result.stdout)

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run([halcyon.BINARY, "abi"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(result.returncode, 125)


if __name__ == "__main__":
    halcyon.main()
