#!/usr/bin/env python3
"""halcyon on a real terminal (a pty): line editing, Ctrl-C, Ctrl-Z, window size, hang-up, and the host's settings restored on every way out.

Needs the rootfs with busybox (./dev rootfs)."""
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
import unittest

import halcyon

ROOT = halcyon.ROOTFS["x86_64"]


class Session:
    """A halcyon whose terminal is a pty that the test holds the other end of."""

    def __init__(self, *arguments, rows=30, columns=100):
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.slave = slave
        self.before = termios.tcgetattr(slave)
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.master)
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(slave, fd)
            os.execv(halcyon.BINARY, [halcyon.BINARY, "run", "--root", str(ROOT), "--env", "PS1=$ ", *arguments])
        self.seen = b""
        self.status = None

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text.encode() if isinstance(text, str) else text)

    def expect(self, text, timeout=halcyon.PATIENCE):
        """Waits until the screen has shown `text`, and returns everything up to it."""
        wanted = text.encode() if isinstance(text, str) else text
        end = time.monotonic() + timeout
        while wanted not in self.seen:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise AssertionError(f"{text!r} did not come; the screen shows {self.seen!r}")
            try:
                self.seen += os.read(self.master, 4096)
            except OSError:
                raise AssertionError(f"{text!r} did not come before the end; the screen shows {self.seen!r}")
        at = self.seen.index(wanted) + len(wanted)
        shown, self.seen = self.seen[:at], self.seen[at:]
        return shown.decode(errors="replace")

    def wait(self, timeout=halcyon.PATIENCE):
        end = time.monotonic() + timeout
        while self.status is None and time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            else:
                time.sleep(0.02)
        return self.status

    def close(self):
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        for fd in (self.master, self.slave):
            try:
                os.close(fd)
            except OSError:
                pass


@unittest.skipUnless((ROOT / "bin/busybox").exists(), "no rootfs: run ./dev rootfs")
class Terminal(unittest.TestCase):
    def start(self, *arguments, **options):
        session = Session(*arguments, **options)
        self.addCleanup(session.close)
        return session

    def assert_restored(self, session):
        self.assertEqual(termios.tcgetattr(session.slave), session.before)

    def test_cat_echoes_and_edits(self):
        session = self.start("/bin/busybox", "cat")
        session.type("hellp")
        session.expect("hellp")
        session.type("\x7f")
        session.expect("\b \b")
        session.type("o\n")
        session.expect("o\r\nhello\r\n")
        session.type("one two\x17three\x15done\n")
        session.expect("\r\ndone\r\n")
        session.type("\x04")
        self.assertEqual(session.wait(), 0)
        self.assert_restored(session)

    def test_interrupt_reaches_the_program(self):
        session = self.start("/bin/busybox", "sh", "-c", "echo on; exec sleep 100000")
        session.expect("on")
        session.type("\x03")
        session.expect("^C")
        self.assertEqual(session.wait(), 130)
        self.assert_restored(session)

    def test_interrupt_stops_a_busy_program(self):
        session = self.start("/bin/busybox", "sh", "-c", "echo on; while :; do :; done")
        session.expect("on")
        session.type("\x03")
        self.assertEqual(session.wait(), 130)

    def test_quit_key(self):
        session = self.start("/bin/busybox", "sh", "-c", "echo on; exec sleep 100000")
        session.expect("on")
        session.type("\x1c")
        self.assertEqual(session.wait(), 131)

    def test_a_shell_survives_interrupts(self):
        session = self.start("/bin/busybox", "sh")
        session.expect("$ ")
        session.type("sh -c 'echo o\"\"n; exec sleep 100000'\n")
        session.expect("\non\r\n")  # by then it is the terminal's foreground job
        session.type("\x03")
        session.expect("$ ")
        session.type("echo $((6*7))\n")
        session.expect("42\r\n")
        session.type("exit 3\n")
        self.assertEqual(session.wait(), 3)
        self.assert_restored(session)

    def test_job_control(self):
        session = self.start("/bin/busybox", "sh")
        session.expect("$ ")
        # What is typed while the shell still edits its line is not echoed: not before the program has said that it runs.
        session.type("sh -c 'echo o\"\"n; exec cat'\n")
        session.expect("\non\r\n")
        session.type("echoed\n")
        session.expect("echoed\r\nechoed\r\n")
        session.type("\x1a")
        session.expect("Stopped")
        session.expect("$ ")
        session.type("jobs\n")
        session.expect("Stopped")
        session.expect("$ ")
        session.type("fg\n")
        session.expect("exec cat")  # the shell says what it wakes, and no longer edits
        session.type("again\n")
        session.expect("again\r\nagain\r\n")
        session.type("\x04")
        session.expect("$ ")
        session.type("exit\n")
        self.assertEqual(session.wait(), 0)

    def test_window_size(self):
        session = self.start("/bin/busybox", "stty", "size", rows=41, columns=113)
        session.expect("41 113")
        self.assertEqual(session.wait(), 0)

    def test_window_size_changes(self):
        session = self.start("/bin/busybox", "sh", "-c", "trap 'stty size' WINCH; echo ready; while :; do sleep 1; done")
        session.expect("ready")
        session.resize(20, 60)
        os.kill(session.pid, signal.SIGWINCH)
        session.expect("20 60")
        session.type("\x03")

    def test_it_is_a_terminal(self):
        session = self.start("/bin/busybox", "sh", "-c", "test -t 0 && test -t 1 && test -t 2 && tty && echo >/dev/tty yes")
        session.expect("/dev/console\r\nyes")
        self.assertEqual(session.wait(), 0)

    def test_raw_mode_of_the_guest(self):
        session = self.start("/bin/busybox", "sh", "-c", "stty raw -echo; echo ready; dd bs=1 count=1 2>/dev/null | od -An -tx1; stty sane; echo end")
        session.expect("ready")
        session.type("\x03")
        session.expect("03")
        session.expect("end")
        self.assertEqual(session.wait(), 0)

    def test_settings_after_the_guest_changed_its_own(self):
        session = self.start("/bin/busybox", "sh", "-c", "stty raw -echo")
        self.assertEqual(session.wait(), 0)
        self.assert_restored(session)

    def test_settings_after_a_failure(self):
        session = self.start("/bin/nothing")
        self.assertEqual(session.wait(), 127)
        self.assert_restored(session)

    def test_settings_after_being_killed(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV):
            with self.subTest(signal=number):
                session = self.start("/bin/busybox", "sh", "-c", "echo on; sleep 1000")
                session.expect("on")
                os.kill(session.pid, number)
                self.assertNotEqual(session.wait(), 0)
                self.assertIsNotNone(session.status)
                self.assert_restored(session)

    def test_the_terminal_goes_away(self):
        for command in ("sleep 1000", "while :; do :; done", "cat", "while :; do echo x; done"):
            with self.subTest(command):
                session = self.start("/bin/busybox", "sh", "-c", "echo on; " + command)
                session.expect("on")
                os.close(session.slave)
                os.close(session.master)
                # The host's SIGHUP ends Halcyon, or its guest's own ends the program.
                self.assertIn(session.wait(), (-signal.SIGHUP, 128 + signal.SIGHUP))

    def test_the_terminal_goes_away_from_a_guest_that_ignores_it(self):
        session = self.start("/bin/busybox", "sh", "-c", "trap '' HUP; echo on; while :; do sleep 1; done")
        session.expect("on")
        os.close(session.slave)
        os.close(session.master)
        self.assertEqual(session.wait(), -signal.SIGHUP)

    def test_much_output(self):
        session = self.start("/bin/busybox", "seq", "20000")
        shown = session.expect("20000\r\n")
        self.assertEqual(shown.split("\r\n")[:-1], [str(n) for n in range(1, 20001)])
        self.assertEqual(session.wait(), 0)


if __name__ == "__main__":
    halcyon.main()
