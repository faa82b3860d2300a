#!/usr/bin/env python3
"""halcyon as a job of a shell: it stops when its program does, goes on with it, has a way out that no guest can close, and leaves the
terminal as it was in every state.

Needs the rootfs with busybox (./dev rootfs)."""
import fcntl
import os
import pty
import select
import signal
import termios
import time
import unittest

import halcyon
from terminal_test import ROOT, Session

IGNORES_ALL = "trap '' INT QUIT TSTP HUP TERM; "
# Whatever may end a process by default and can be caught.
DEADLY = [number for number in range(1, 65) if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
                                                             signal.SIGCONT, signal.SIGCHLD, signal.SIGURG, signal.SIGWINCH, signal.SIGPIPE,
                                                             signal.SIGXFSZ, 32, 33)]


class Job(Session):
    """A halcyon that a shell started, which tells what becomes of it: only a job with a parent in its session can be stopped by a key."""

    def __init__(self, *arguments):
        self.master, slave = pty.openpty()
        self.resize(30, 100)
        self.slave, self.seen, self.status = slave, b"", None
        self.before = termios.tcgetattr(slave)
        self.told, tell = os.pipe()
        self.shell = os.fork()
        if self.shell == 0:
            try:
                self.be_the_shell(tell, [halcyon.BINARY, "run", "--root", str(ROOT), "--env", "PS1=$ ", *arguments])
            finally:
                os._exit(99)
        os.close(tell)
        self.pid = int(self.next_word())

    def be_the_shell(self, tell, command):
        os.close(self.master)
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            os.tcsetpgrp(self.slave, os.getpid())
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            for fd in range(3):
                os.dup2(self.slave, fd)
            os.closerange(3, 50)
            os.execv(command[0], command)
        os.write(tell, b"%d\n" % child)
        while True:
            _, status = os.waitpid(child, os.WUNTRACED)
            os.write(tell, b"%d\n" % status)
            if not os.WIFSTOPPED(status):
                os._exit(0)

    def next_word(self):
        """What the shell says next; None if it says nothing in time. The screen is read meanwhile, for a full one would stop the job."""
        end, word = time.monotonic() + halcyon.PATIENCE, b""
        while not word.endswith(b"\n") and time.monotonic() < end:
            for ready in select.select([self.told, self.master], [], [], 1)[0]:
                if ready == self.told:
                    word += os.read(self.told, 1)
                else:
                    self.seen += os.read(self.master, 4096)
        return word or None

    def next_status(self):
        word = self.next_word()
        if word is None:
            raise AssertionError(f"neither stopped nor ended; the screen shows {self.seen!r}")
        return int(word)

    def wait(self):
        self.status = os.waitstatus_to_exitcode(self.next_status())
        return self.status

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.shell, 0)
        for fd in (self.master, self.slave, self.told):
            os.close(fd)


@unittest.skipUnless((ROOT / "bin/busybox").exists(), "no rootfs: run ./dev rootfs")
class Jobs(unittest.TestCase):
    def start(self, *arguments, shell=None, options=()):
        session = Job(*options, "/bin/busybox", *(("sh", "-c", shell) if shell else arguments))
        self.addCleanup(session.close)
        return session

    def assert_restored(self, session):
        self.assertEqual(termios.tcgetattr(session.slave), session.before)

    def wait_for_stop(self, session):
        """The signal that halcyon stopped by; the terminal must be as it was."""
        status = session.next_status()
        self.assertTrue(os.WIFSTOPPED(status), f"ended, status {status:#x}")
        self.assert_restored(session)
        return os.WSTOPSIG(status)

    def test_suspend_key_stops_halcyon(self):
        for body in ("exec sleep 100000", "while :; do :; done", "cat"):
            with self.subTest(body):
                session = self.start(shell="echo on; " + body)
                session.expect("on")
                session.type("\x1a")
                self.assertEqual(self.wait_for_stop(session), signal.SIGTSTP)
                os.kill(session.pid, signal.SIGCONT)
                if body == "cat":
                    session.type("again\n")
                    session.expect("again\r\nagain")
                session.type("\x03")
                self.assertEqual(session.wait(), 130)
                self.assert_restored(session)

    def test_a_handler_of_the_suspend_key_runs_instead(self):
        session = self.start(shell="trap 'echo handled; exit 5' TSTP; echo on; while :; do :; done")
        session.expect("on")
        session.type("\x1a")
        session.expect("handled")
        self.assertEqual(session.wait(), 5)

    def test_continuing_reaches_the_program(self):
        session = self.start(shell="trap 'echo resumed; exit 6' CONT; echo on; kill -STOP $$; while :; do :; done")
        session.expect("on")
        self.assertEqual(self.wait_for_stop(session), signal.SIGSTOP)
        os.kill(session.pid, signal.SIGCONT)
        session.expect("resumed")
        self.assertEqual(session.wait(), 6)

    def test_a_main_program_that_stops_itself(self):
        """Somebody else may still continue it: halcyon goes on until nobody is left."""
        session = self.start(shell="{ sleep 1; kill -CONT $$; } & echo on; kill -STOP $$; echo resumed; wait; kill -STOP $$; exit 4")
        session.expect("resumed")
        self.assertEqual(self.wait_for_stop(session), signal.SIGSTOP)
        os.kill(session.pid, signal.SIGCONT)
        self.assertEqual(session.wait(), 4)

    def test_a_shell_inside_keeps_its_job_control(self):
        session = self.start("sh")
        session.expect("$ ")
        session.type("sleep 100000\n")
        session.expect("sleep 100000")
        time.sleep(0.5)
        session.type("\x1a")
        session.expect("Stopped")
        session.type("exit 3\n")
        session.type("exit 3\n")
        self.assertEqual(session.wait(), 3)

    def test_window_size_after_a_stop(self):
        session = self.start(shell="trap 'stty size; exit' WINCH; echo on; while :; do :; done")
        session.expect("on")
        session.type("\x1a")
        self.wait_for_stop(session)
        session.resize(21, 61)
        os.kill(session.pid, signal.SIGCONT)
        session.expect("21 61")
        self.assertEqual(session.wait(), 0)

    # --- a way out
    def test_the_escape(self):
        for body in ("exec sleep 100000", "while :; do :; done", "while :; do sleep 1; done", "stty raw -echo; cat >/dev/null"):
            for options in ((), ("--deterministic",), ("--cpus", "2")):
                with self.subTest(body, options=options):
                    session = self.start(shell=IGNORES_ALL + "echo on; " + body, options=options)
                    session.expect("on")
                    session.type("\x1d.")
                    self.assertEqual(session.wait(), 137)
                    session.expect("ended by Ctrl-]")
                    self.assert_restored(session)

    def test_the_escape_behind_much_that_nobody_reads(self):
        session = self.start(shell=IGNORES_ALL + "echo on; while :; do :; done")
        session.expect("on")
        for _ in range(20):
            session.type("x" * 1000)
        session.type("\x1d.")
        self.assertEqual(session.wait(), 137)
        self.assert_restored(session)

    def test_the_escape_key_itself(self):
        session = self.start(shell="stty raw -echo; echo on; dd bs=1 count=4 2>/dev/null | od -An -tx1; stty sane")
        session.expect("on")
        session.type("\x1d\x1d\x1da.")
        session.expect("1d 1d 61 2e")
        self.assertEqual(session.wait(), 0)

    def test_deadly_signals_in_every_state(self):
        bodies = {"waiting": "exec sleep 100000", "computing": "while :; do :; done", "reading": "cat", "raw": "stty raw -echo; cat >/dev/null"}
        for name, body in bodies.items():
            for number in DEADLY if name == "waiting" else (signal.SIGHUP, signal.SIGTERM, signal.SIGALRM, signal.SIGUSR1):
                with self.subTest(state=name, signal=number):
                    session = self.start(shell=IGNORES_ALL + "echo on; " + body)
                    session.expect("on")
                    os.kill(session.pid, number)
                    self.assertEqual(session.wait(), -number)
                    self.assert_restored(session)

    def test_deadly_signals_while_stopped(self):
        for number in (signal.SIGHUP, signal.SIGTERM):
            session = self.start(shell="echo on; exec sleep 100000")
            session.expect("on")
            session.type("\x1a")
            self.wait_for_stop(session)
            os.kill(session.pid, number)
            os.kill(session.pid, signal.SIGCONT)
            self.assertEqual(session.wait(), -number)
            self.assert_restored(session)

    def test_timeout(self):
        for body in ("exec sleep 100000", "while :; do :; done"):
            for options in ((),) if "sleep" in body else ((), ("--deterministic",)):
                with self.subTest(body, options=options):
                    session = self.start(shell=IGNORES_ALL + "sleep 100000 & echo on; " + body, options=("--timeout", "3", *options))
                    session.expect("ended by --timeout")
                    self.assertEqual(session.wait(), 124)
                    self.assert_restored(session)


if __name__ == "__main__":
    halcyon.main()
