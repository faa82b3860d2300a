"""What the tests of gdb's helper (cli/gdb) share: scripted sessions on the hosted-debug build, and what they print."""
import functools
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import halcyon

if "HALCYON" not in os.environ:
    halcyon.BINARY = str(halcyon.TREE / "build/hosted-debug/halcyon")
HELPER = halcyon.TREE / "cli/gdb/halcyon-gdb.py"
COMPILERS = {"x86_64": ["gcc"], "riscv64": ["riscv64-linux-gnu-gcc"]}
# By the time cat opens its file, the others wait: for their children, for their input.
SHELL = "(sleep 1; exec cat /etc/passwd) | wc -l"


def gdb(script, *arguments, core=None, program=None):
    """Runs gdb with a script on `halcyon run ARGUMENTS`, on a core file, or on another program; returns all output. Nothing is called in
    the debugged process: gdb 13.1 cannot on CPUs with AMX, and nothing that the helper does or its page shows needs it."""
    with tempfile.NamedTemporaryFile("w", suffix=".gdb") as file:
        file.write("set pagination off\nset confirm off\nset width 0\nset may-call-functions off\n" + script)
        file.flush()
        command = ["gdb", "-q", "-nx", "-batch", "-x", str(HELPER), "-x", file.name]
        command += [str(program)] if program else [halcyon.BINARY, str(core)] if core else ["--args", halcyon.BINARY, "run", "--memory", "64M", *map(str, arguments)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=halcyon.PATIENCE)
    return done.stdout


@functools.cache
def cannot_trace():
    """Why gdb runs no program here (a container or Yama forbids ptrace), or an empty text."""
    done = subprocess.run(["gdb", "-q", "-nx", "-batch", "-ex", "starti", "-ex", "kill", "/bin/true"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=halcyon.PATIENCE)
    return "" if "Program stopped" in done.stdout else " ".join(done.stdout.split()) or f"status {done.returncode}"


def busybox(isa="x86_64", *options, shell=SHELL, clock="--deterministic=1"):
    """With the clock of a deterministic run a sleep ends when all others wait, however slow the host is."""
    return ("--root", halcyon.ROOTFS[isa], clock, *options, "/bin/busybox", "sh", "-c", shell)


def threads(output):
    """The rows that kthreads printed: {N: (state, where)}."""
    rows = re.findall(r"(?m)^[* ] (\d+|cpu\d+) +\d+ +\S+ +(\S+(?: \S+)*?) {1,10}\d+ +(\S.*)$", output)
    return {label: (state, where) for label, state, where in rows}


def backtraces(output):
    """What `kthread all bt` printed: {N: list of frames}."""
    parts = re.split(r"(?m)^kthread (\d+|cpu\d+) \(.*\):$", output)
    return {label: re.findall(r"(?m)^#\d+ .*$", text.partition("\nthread ")[0]) for label, text in zip(parts[1::2], parts[2::2])}


class GdbTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        if not shutil.which("gdb"):
            self.skipTest("no gdb")
        if reason := cannot_trace():
            self.skipTest(f"gdb cannot run a program here: {reason}")
        if not (halcyon.ROOTFS["x86_64"] / "bin/busybox").exists():
            self.skipTest("no rootfs: run ./dev rootfs")

    def contains(self, output, *patterns):
        for pattern in patterns:
            self.assertRegex(output, pattern)

    def folder(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="halcyon-gdb-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder
