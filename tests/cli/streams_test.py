#!/usr/bin/env python3
"""Every mix of terminal, pipe, file, /dev/null, closed and socket on descriptors 0 to 2, with and without a controlling terminal, in the
foreground and in the background: a program must find the same on Halcyon as on the host's own Linux."""
import fcntl
import itertools
import os
import pathlib
import pty
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import termios
import time
import unittest

import halcyon

KINDS = ("terminal", "pipe", "file", "null", "closed", "socket")
LIMIT = int(os.environ.get("STREAMS_LIMIT", 120))  # seconds that something may take on a machine that is very busy
SOURCE = pathlib.Path(__file__).parent / "programs/streams.c"


class Job:
    """A program that a shell (this class) started with such streams on a terminal of its own."""

    def __init__(self, command, kinds, folder, has_terminal=True, foreground=True, report=None):
        self.screen, self.report, self.typed, self.folder = b"", report, 0, folder
        self.master, slave = pty.openpty()
        self.ours, self.streams = [], []
        for fd, kind in enumerate(kinds):
            self.streams.append(self.make_stream(fd, kind, slave))
        read_end, write_end = os.pipe()
        self.shell = os.fork()
        if self.shell == 0:
            try:
                self.be_the_shell(command, slave, has_terminal, foreground, write_end)
            finally:
                os._exit(99)
        os.close(write_end)
        os.close(slave)
        for theirs in self.streams:
            if theirs is not None and theirs != slave:
                os.close(theirs)
        self.status_pipe = read_end

    def make_stream(self, fd, kind, slave):
        if kind == "terminal":
            return slave
        if kind == "null":
            return os.open("/dev/null", os.O_RDWR)
        if kind == "closed":
            return None
        if kind == "file":
            path = self.folder / f"file{fd}"
            path.write_text("contents\n")
            return os.open(path, os.O_RDONLY if fd == 0 else os.O_WRONLY | os.O_APPEND if fd == 2 else os.O_RDWR)
        if kind == "socket":
            mine, theirs = socket.socketpair()
            self.ours.append((fd, mine.detach()))
            return theirs.detach()
        mine, theirs = os.pipe()[::-1] if fd == 0 else os.pipe()
        if fd == 0:
            os.write(mine, b"piped\n")
        self.ours.append((fd, mine))
        return theirs

    def be_the_shell(self, command, slave, has_terminal, foreground, write_end):
        os.close(self.master)
        os.setsid()
        if has_terminal:
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        # As a shell: the program's first stop or end is all that is told.
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            if has_terminal and foreground:
                os.tcsetpgrp(slave, os.getpid())
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
            moved = [None if each is None else fcntl.fcntl(each, fcntl.F_DUPFD, 50) for each in self.streams]
            for fd, each in enumerate(moved):
                if each is None:
                    try:
                        os.close(fd)
                    except OSError:
                        pass
                else:
                    os.dup2(each, fd)
            os.closerange(3, 100)
            os.execv(command[0], command)
        for theirs in self.streams:
            if theirs is not None and theirs != slave:
                os.close(theirs)
        os.waitid(os.P_PID, child, os.WEXITED | os.WSTOPPED | os.WNOWAIT)
        _, status = os.waitpid(child, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            text = f"stopped {os.WSTOPSIG(status)}"
            os.kill(child, signal.SIGKILL)
        else:
            text = f"ended {os.waitstatus_to_exitcode(status)}"
        os.write(write_end, text.encode())
        os._exit(0)

    def type_what_is_wanted(self):
        if self.report and self.report.exists() and self.report.read_text(errors="replace").count("key wanted") > self.typed:
            self.typed += 1
            os.write(self.master, b"key\n")

    def finish(self):
        """The shell's word, the screen, and what came through the other streams."""
        end, told, came = time.monotonic() + LIMIT, b"", {fd: b"" for fd, _ in self.ours}
        while not told:
            if time.monotonic() > end:
                os.kill(self.shell, signal.SIGKILL)
                raise AssertionError(f"neither ended nor stopped; the screen shows {self.screen!r}, the report "
                                     f"{self.report.read_text() if self.report and self.report.exists() else None!r}")
            for ready in select.select([self.master, self.status_pipe], [], [], 0.02)[0]:
                try:
                    part = os.read(ready, 4096)
                except OSError:
                    part = b""
                if ready == self.master:
                    self.screen += part
                else:
                    told = part or b"vanished"
            self.type_what_is_wanted()
        os.waitpid(self.shell, 0)
        while select.select([self.master], [], [], 0)[0]:
            try:
                part = os.read(self.master, 4096)
            except OSError:
                break
            self.screen += part
        for fd, mine in self.ours:
            while select.select([mine], [], [], 0)[0]:
                try:
                    part = os.read(mine, 4096)
                except OSError:
                    break
                if not part:
                    break
                came[fd] += part
            os.close(mine)
        os.close(self.master)
        os.close(self.status_pipe)
        return told.decode(), self.screen, came


class Streams(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="halcyon-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.program = cls.folder / "streams"
        compiled = subprocess.run(["cc", "-O1", "-static", "-o", str(cls.program), str(SOURCE)], capture_output=True, text=True)
        if compiled.returncode != 0:
            raise unittest.SkipTest(f"cannot compile a static program here: {compiled.stderr.strip()}")

    def outcome(self, prefix, kinds, reads, **options):
        report = self.folder / "report"
        report.unlink(missing_ok=True)
        command = [*prefix, str(self.program), str(report), "read" if reads else "no"]
        job = Job(command, kinds, self.folder, report=report, **options)
        told, screen, came = job.finish()
        # Who echoes a key, and when, depends on when it was typed.
        screen = screen.replace(b"key\r\n", b"").replace(b"^D\b\b", b"")
        files = {fd: (self.folder / f"file{fd}").read_text() for fd, kind in enumerate(kinds) if kind == "file"}
        return {"told": told, "screen": screen, "came": came, "files": files,
                "report": report.read_text() if report.exists() else "no report"}

    def compare(self, kinds, reads, **options):
        prefix = [halcyon.BINARY, "run", "--memory", "64M", "--bind", f"{self.folder}:{self.folder}:rw"]
        with self.subTest(kinds=kinds, **options):
            native = self.outcome([], kinds, reads, **options)
            ours = self.outcome(prefix, kinds, reads, **options)
            self.assertEqual(ours, native)

    def test_every_mix_in_the_foreground(self):
        for kinds in itertools.product(KINDS, repeat=3):
            self.compare(kinds, True)

    def test_without_a_controlling_terminal(self):
        for kinds in itertools.product(("terminal", "pipe", "closed"), repeat=3):
            self.compare(kinds, True, has_terminal=False)

    def test_in_the_background(self):
        for kinds in itertools.product(("terminal", "pipe", "closed"), repeat=3):
            self.compare(kinds, False, foreground=False)

    def test_reading_in_the_background_stops(self):
        for kinds in (("terminal", "terminal", "terminal"), ("terminal", "pipe", "file"), ("null", "terminal", "null")):
            self.compare(kinds, True, foreground=False)


if __name__ == "__main__":
    halcyon.main()
