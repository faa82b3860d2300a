#!/usr/bin/env python3
"""Exit statuses and messages of halcyon: every kind of bad input gives one clear line on standard error and the right status."""
import io
import os
import pathlib
import random
import re
import resource
import shutil
import struct
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
        for option, value in [("--timeout", "0"), ("--timeout", "soon"), ("--timeout", "-1"), ("--user", ""), ("--user", ":5"), ("--user", "5:"),
                              ("--user", "nobody-of-that-name"), ("--user", "0:no-such-group"), ("--user", "4294967295")]:
            with self.subTest(option=option, value=value):
                self.refused(125, option, "run", option, value, "/bin/true")
        self.refused(125, "not a number", "run", "--deterministic=maybe", "/bin/true")
        self.refused(125, "--time: 'xml'", "run", "--time=xml", "/bin/true")

    def test_values_that_need_an_equals_sign(self):
        self.refused(127, "--strace=out.txt", "run", "--strace", "out.txt", "/bin/true")
        self.refused(127, "--deterministic=5", "run", "--deterministic", "5", "/bin/true")
        self.refused(127, "--time=json", "run", "--time", "json", "/bin/true")

    # --- roots
    def test_missing_root(self):
        self.refused(125, ["--root", "/nonexistent", "No such file"], "run", "--root", "/nonexistent", "/bin/true")

    def test_unreadable_root(self):
        self.root.chmod(0o755)
        locked, archive = self.root / "locked", put(self.root / "locked.tar", "x", mode=0)
        locked.mkdir(mode=0)
        nobody = dict(user=65534, group=65534, extra_groups=[]) if os.geteuid() == 0 else {}
        try:
            run("--version", **nobody)
        except PermissionError:
            self.skipTest("others than root cannot reach the binary")
        self.refused(125, ["--root", "locked", "Permission denied"], "run", "--root", locked, "/bin/true", **nobody)
        self.refused(125, ["--root", "locked.tar", "Permission denied"], "run", "--root", archive, "/bin/true", **nobody)
        self.refused(125, ["--bind", "locked", "Permission denied"], "run", "--bind", f"{locked}:/mnt", "/bin/true", **nobody)

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

        for suffix, head in [("tar.xz", b"\xfd7zXZ\0"), ("tar.zst", b"\x28\xb5\x2f\xfd"), ("tar.bz2", b"BZh9")]:
            broken = put(self.root / f"broken.{suffix}", head + os.urandom(3000))
            self.refused(125, [f"broken.{suffix}", "corrupt archive"], "run", "--root", broken, "/bin/true")

    def test_roots_that_are_neither(self):
        os.mkfifo(self.root / "fifo")
        self.refused(125, ["--root", "fifo"], "run", "--root", self.root / "fifo", "/bin/true")
        self.refused(125, ["--root", "/dev/null"], "run", "--root", "/dev/null", "/bin/true")
        (self.root / "loop").symlink_to("loop")
        self.refused(125, ["--root", "loop"], "run", "--root", self.root / "loop", "/bin/true")

    def test_no_memory_for_the_machine(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

        put(self.root / "p", elf(kind=2, code=EXIT_42))
        self.refused(125, "memory", "run", "--root", self.root, "--memory", "4G", "/p", preexec_fn=limit)

    def test_nothing_is_left_behind(self):
        here = self.root / "here"
        here.mkdir()
        shared = set(os.listdir("/dev/shm"))
        put(self.root / "root/p", elf(kind=2, code=EXIT_42))
        put(self.root / "text.tar", "no archive")
        for arguments in (["--root", self.root / "root", "/p"], ["--root", self.root / "root", "/none"], ["--root", self.root / "text.tar", "/p"],
                          ["--bogus"], ["--root", "none", "/p"], ["--strace=/nonexistent/trace", "--root", self.root / "root", "/p"]):
            run("run", *arguments, cwd=here, env=dict(os.environ, TMPDIR=str(here)))
        self.assertEqual(os.listdir(here), [])
        self.assertEqual(set(os.listdir("/dev/shm")) - shared, set())
        self.assertEqual(os.listdir(self.root / "root"), ["p"])

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
        def file(name, **changes):
            """A good file with fields of its first program header changed."""
            contents = bytearray(elf(code=EXIT_42))
            for field, value in changes.items():
                at = 64 + {"offset": 8, "address": 16, "file_size": 32, "memory_size": 40}[field]
                contents[at:at + 8] = struct.pack("<Q", value)
            put(self.root / name, bytes(contents))
            return f"/{name}"

        for path, words in [(file("huge", memory_size=0x7FFF_FFFF_FFFF_FFFF), "beyond the addresses"),
                            (file("wraps", address=0xFFFF_FFFF_FFFF_F000), "beyond the addresses"),
                            (file("beyond", file_size=1 << 20, memory_size=1 << 20), "cut short"),
                            (file("shrinks", memory_size=4), "larger in the file than in memory"),
                            (file("crooked", address=0x123), "cannot be mapped")]:
            with self.subTest(path):
                self.refused(126, [path, words], "run", "--root", self.root, path)
        put(self.root / "overlap", elf(code=EXIT_42, loads=[(0, 0x2000), (0x1000, 0x100)]))
        self.refused(126, "segments 1 and 2 overlap", "run", "--root", self.root, "/overlap")

    def test_wrong_class_of_the_interpreter(self):
        put(self.root / "p", elf(interpreter="/lib/ld.so"))
        put(self.root / "lib/ld.so", elf(machine=3, ident_class=1))
        self.refused(126, ["its interpreter /lib/ld.so", "another machine"], "run", "--root", self.root, "/p")
        put(self.root / "lib/ld.so", elf()[:50])
        self.refused(126, ["its interpreter /lib/ld.so", "cut short"], "run", "--root", self.root, "/p")

    def test_mutated_files(self):
        """Whatever is wrong with a file: it runs as it is, or is refused by one line; never a crash, and nothing left behind."""
        good = elf(kind=2, code=EXIT_42)
        state = random.Random(7)
        for number in range(60):
            bad = bytearray(good)
            for _ in range(state.randrange(1, 5)):
                bad[state.randrange(len(bad))] = state.randrange(256)
            if state.random() < 0.2:
                del bad[state.randrange(len(bad)):]
            put(self.root / "p", bytes(bad))
            result = run("run", "--quiet", "--root", self.root, "--memory", "16M", "/p")
            self.assertIn(result.returncode, (0, 1, 42, 126, 127, *range(129, 160)), (number, bad.hex(), result.stderr))
            self.assertLessEqual(result.stderr.count("\n"), 1, (number, bad.hex(), result.stderr))
            self.assertEqual(bool(result.stderr), result.returncode in (126, 127), (number, bad.hex(), result.stderr))

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

    def test_closed_descriptors(self):
        put(self.root / "p", elf(kind=2, code=EXIT_42))
        for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            with self.subTest(closed):
                result = subprocess.run(f"exec '{halcyon.BINARY}' run --root '{self.root}' /p {closed}", shell=True, timeout=halcyon.PATIENCE)
                self.assertEqual(result.returncode, 42)
        result = subprocess.run(f"exec '{halcyon.BINARY}' run --root '{self.root}' /none 2>&-", shell=True, timeout=halcyon.PATIENCE)
        self.assertEqual(result.returncode, 127)

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

    def test_elf_of_riscv(self):
        busybox = halcyon.ROOTFS["riscv64"] / "bin/busybox"
        if not busybox.exists():
            self.skipTest("no rootfs")
        result = run("elf", busybox)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("linked       statically", result.stdout)
        self.assertIn("would run    yes, on riscv64", result.stdout)

    def test_elf_that_lacks_something(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="halcyon-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        result = run("elf", "--root", folder, "/bin/ls")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertRegex(result.stdout, r"would run    no: its interpreter \S+ is not in the guest's root, but on this host; leave --root out")
        result = run("elf", put(folder / "cut", elf(interpreter="/lib/ld.so")[:-4]))
        self.assertEqual(result.returncode, 1)
        self.assertIn("would run    no: it is cut short", result.stdout)

    def test_elf_of_something_else(self):
        self.assertEqual(run("elf", "/etc/passwd").returncode, 1)
        self.assertEqual(run("elf", "/nonexistent").returncode, 125)

    def test_abi(self):
        result = run("abi")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"(?m)^read +0 +63")
        self.assertRegex(result.stdout, r"(?m)^openat +257 +56")
        self.assertRegex(result.stdout, r"(?m)^riscv64: \d+ system calls, \d+ of them whole$")

    def test_abi_page_is_up_to_date(self):
        page = run("abi", "--markdown").stdout
        self.assertTrue(page == (halcyon.TREE / "docs/abi.md").read_text(), "docs/abi.md: run build/hosted/halcyon abi --markdown >docs/abi.md")

    def test_help_and_version(self):
        for arguments in (["--help"], ["run", "--help"], ["elf", "--help"], ["abi", "--help"], ["--version"]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 0)
            self.assertEqual(result.stderr, "")
            self.assertIn("alcyon", result.stdout)

    def test_the_readme_has_every_option(self):
        readme = (halcyon.TREE / "README.md").read_text()
        options = re.findall(r"(?m)^  (--[a-z-]+)", run("run", "--help").stdout)
        self.assertGreater(len(options), 10)
        self.assertEqual([option for option in options if f"`{option}" not in readme], [])

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run([halcyon.BINARY, "abi"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(result.returncode, 125)


if __name__ == "__main__":
    halcyon.main()
