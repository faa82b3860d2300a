#!/usr/bin/env python3
"""The guest's tree: the host's own root, --root DIR and --bind. What the guest writes stays in the guest, except below a bind with :rw.

Needs a shell and the usual tools on the host; most programs here are the host's own, dynamically linked."""
import ctypes
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import unittest

import halcyon
from halcyon import put, run

NOBODY = 65534


class Listings:
    """Tells whether anybody has listed a directory of the host (inotify(7))."""
    ACCESS = 1

    def __init__(self, directory):
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0 or libc.inotify_add_watch(self.descriptor, os.fsencode(directory), self.ACCESS) < 0:
            raise OSError(ctypes.get_errno(), f"inotify on {directory}")

    def have_happened(self):
        try:
            return bool(os.read(self.descriptor, 4096))
        except BlockingIOError:
            return False

    def close(self):
        os.close(self.descriptor)


class Trees(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="halcyon-")).resolve()
        self.dir.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def sh(self, script, *options, status=0, **more):
        """What a shell script writes in the guest; its exit status is checked."""
        result = run("run", *options, "--", "/bin/sh", "-c", script, **more)
        self.assertEqual(result.returncode, status, result.stderr + result.stdout)
        self.assertEqual(result.stderr, "")
        return result.stdout

    def refused(self, words, *arguments, status=125, **more):
        result = run(*arguments, **more)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertTrue(result.stderr.startswith("halcyon: "), result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        for word in [words] if isinstance(words, str) else words:
            self.assertIn(word, result.stderr)

    def names(self):
        return sorted(str(path.relative_to(self.dir)) for path in self.dir.rglob("*"))


class HostRoot(Trees):
    def test_it_is_the_hosts(self):
        put(self.dir / "f", "from the host\n")
        self.assertEqual(self.sh(f"cat {self.dir}/f"), "from the host\n")
        self.assertEqual(self.sh("ls -l /usr/bin"), subprocess.run(["/bin/ls", "-l", "/usr/bin"], capture_output=True, text=True).stdout)

    def test_the_working_directory_is_the_hosts(self):
        put(self.dir / "f", "here\n")
        self.assertEqual(self.sh("pwd; cat f", cwd=self.dir), f"{self.dir}\nhere\n")
        self.assertEqual(self.sh("pwd", "--cwd", "/usr", cwd=self.dir), "/usr\n")

    def test_a_working_directory_that_the_guest_has_not(self):
        self.refused(["/proc/", "--cwd"], "run", "/bin/true", cwd="/proc/self/task")

    def test_writes_stay_in_the_guest(self):
        put(self.dir / "old", "old\n", mode=0o644)
        put(self.dir / "gone", "gone\n")
        (self.dir / "d").mkdir()
        before = self.names()
        out = self.sh("echo new >new; echo more >>old; rm gone; mkdir d/e; mv d d2; ln old link; ln -s old soft; chmod 600 old; touch -d @1 old\n"
                      "cat new old link soft; ls; ls d2; stat -c '%a %h %Y' old", cwd=self.dir)
        self.assertEqual(out, "new\n" + "old\nmore\n" * 3 + "d2\nlink\nnew\nold\nsoft\ne\n600 2 1\n")
        self.assertEqual(self.names(), before)
        self.assertEqual((self.dir / "old").read_text(), "old\n")
        self.assertEqual(stat.S_IMODE((self.dir / "old").stat().st_mode), 0o644)
        self.assertEqual((self.dir / "old").stat().st_nlink, 1)

    def test_the_hosts_kernel_does_not_show(self):
        self.assertEqual(self.sh("cat /proc/self/comm"), "cat\n")
        self.assertNotIn("kvm", self.sh("ls /dev"))
        self.assertNotIn("firmware", self.sh("ls /sys"))

    def test_special_files_of_the_host_are_not_opened(self):
        os.mkfifo(self.dir / "fifo")
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.bind(str(self.dir / "socket"))
        reader = os.open(self.dir / "fifo", os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.assertEqual(self.sh("echo inside >fifo & cat fifo; wait; test -S socket && echo yes", cwd=self.dir), "inside\nyes\n")
        self.assertEqual(os.read(reader, 100), b"")

    def test_what_the_host_changes_meanwhile(self):
        put(self.dir / "f", "one\n")
        process = subprocess.Popen([halcyon.BINARY, "run", "--", "/bin/sh", "-c", "cat f; read x; cat f; read x; cat f; read x; cat f 2>&1"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=self.dir)
        self.assertEqual(process.stdout.readline(), "one\n")
        put(self.dir / "f", "two\n")
        process.stdin.write("\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), "two\n")
        put(self.dir / "f.new", "three\n")
        os.rename(self.dir / "f.new", self.dir / "f")
        process.stdin.write("\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), "three\n")
        (self.dir / "f").unlink()
        process.stdin.write("\n")
        process.stdin.flush()
        self.assertIn("No such file", process.stdout.readline())
        process.communicate()

    def test_shared_mappings(self):
        put(self.dir / "f", "x" * 10000)
        script = ("import mmap\n"
                  "f = open('f', 'r+b'); m = mmap.mmap(f.fileno(), 0)\n"
                  "m[4096:4101] = b'STORE'; print(open('f').read()[4094:4103]); m.flush(); m.close()\n"
                  "print(open('f').read()[4094:4103])\n")
        result = run("run", "--", sys.executable, "-c", script, cwd=self.dir)
        self.assertEqual((result.stdout, result.stderr), ("xxSTORExx\nxxSTORExx\n", ""))
        self.assertEqual((self.dir / "f").read_text(), "x" * 10000)

    def test_more_files_than_memory(self):
        with open(self.dir / "large", "wb") as large:
            for block in range(96):
                large.write(bytes([block]) * (1 << 20))
        out = self.sh("md5sum large; cp large copy 2>/dev/null && echo copied; md5sum large; cat large large | wc -c", "--memory", "64M", cwd=self.dir)
        lines = out.splitlines()
        expected = subprocess.run(["md5sum", "large"], cwd=self.dir, capture_output=True, text=True).stdout
        self.assertEqual([lines[0] + "\n", lines[1] + "\n", lines[2]], [expected, expected, str(2 * 96 << 20)])

    @unittest.skipUnless(os.geteuid() == 0, "the other tests run without privileges already")
    def test_without_privileges(self):
        put(self.dir / "secret", "s", mode=0o600)
        (self.dir / "open").mkdir()
        (self.dir / "open").chmod(0o777)
        out = self.sh(f"id -u; cat {self.dir}/secret 2>&1; echo x >{self.dir}/open/f && cat {self.dir}/open/f", user=NOBODY, group=NOBODY, extra_groups=[])
        self.assertEqual(out.splitlines()[0], str(NOBODY))
        self.assertIn("Permission denied", out.splitlines()[1])
        self.assertEqual(out.splitlines()[2], "x")
        self.assertEqual(self.names(), ["open", "secret"])

    @unittest.skipUnless(shutil.which("strace"), "no strace")
    def test_the_start_looks_at_little(self):
        """No directory is read, and few files are touched, before the program asks for them."""
        log = self.dir / "log"
        subprocess.run(["strace", "-f", "-o", log, halcyon.BINARY, "run", "--", "/bin/true"], check=True)
        calls = log.read_text()
        self.assertEqual(calls.count("getdents"), 0)
        self.assertLess(calls.count("statx("), 100)


class DirectoryRoot(Trees):
    def setUp(self):
        super().setUp()
        busybox = halcyon.ROOTFS["x86_64"] / "bin/busybox"
        if not busybox.exists():
            self.skipTest("no rootfs: run ./dev rootfs")
        (self.dir / "bin").mkdir()
        shutil.copy(busybox, self.dir / "bin/busybox")
        for name in ("sh", "cat", "ls", "echo", "rm", "mkdir", "pwd", "readlink", "touch", "find", "wc"):
            os.symlink("busybox", self.dir / "bin" / name)

    def test_links_do_not_lead_out(self):
        os.symlink("/etc/passwd", self.dir / "passwd")
        os.symlink("../../../../../../etc/passwd", self.dir / "passwd2")
        result = run("run", "--root", self.dir, "/bin/cat", "/passwd", "/passwd2")
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("No such file"), 2)

    def test_writes_stay_in_the_guest(self):
        before = self.names()
        out = self.sh("pwd; mkdir -p /a/b; echo x >/a/b/c; rm /bin/find; ls / /bin; cat /a/b/c", "--root", self.dir)
        self.assertIn("a\nbin\ndev\n", out)
        self.assertNotIn("find", out)
        self.assertEqual(self.names(), before)

    def test_the_root_may_be_read_only(self):
        self.assertEqual(self.sh("touch /x && ls /x", "--root", self.dir), "/x\n")

    def test_a_large_root_is_not_read_at_the_start(self):
        many = self.dir / "many"
        many.mkdir()
        for number in range(5000):
            (many / str(number)).touch()
        listings = Listings(many)
        self.addCleanup(listings.close)
        self.assertEqual(self.sh("echo up", "--root", self.dir), "up\n")
        self.assertFalse(listings.have_happened())
        self.assertEqual(self.sh("ls /many | wc -l", "--root", self.dir).strip(), "5000")
        self.assertTrue(listings.have_happened())

    def test_refused_roots(self):
        self.refused(["--root", "/nonexistent", "No such file"], "run", "--root", "/nonexistent", "/bin/sh")
        self.refused("kernel", "run", "--root", "/proc", "--bind", f"{self.dir}:/x", "/x/bin/busybox")
        os.mkfifo(self.dir / "fifo")
        self.refused("neither", "run", "--root", self.dir / "fifo", "/bin/sh")

    def test_an_unreadable_root(self):
        locked = self.dir / "locked"
        locked.mkdir(mode=0o700)
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        if not user:
            locked.chmod(0)
        self.refused(["--root", "locked", "Permission denied"], "run", "--root", locked, "/bin/sh", **user)


class Binds(Trees):
    def setUp(self):
        super().setUp()
        self.host = self.dir / "host"
        self.host.mkdir()
        put(self.host / "f", "from the host\n", mode=0o644)

    def test_read_through_and_written_above(self):
        out = self.sh(f"cd {self.dir}/not/there; cat f; echo changed >f; echo new >new; cat f; ls", "--bind", f"{self.host}:{self.dir}/not/there")
        self.assertEqual(out, "from the host\nchanged\nf\nnew\n")
        self.assertEqual((self.host / "f").read_text(), "from the host\n")
        self.assertEqual(os.listdir(self.host), ["f"])
        self.assertEqual(self.names(), ["host", "host/f"])

    def test_written_through(self):
        out = self.sh("cd /w; cat f; echo changed >f; echo more >>f; mkdir d; echo new >d/new; mv d e; ln -s f s; ln f h; chmod 600 e/new\n"
                      "echo x >gone; rm gone; touch -d @1000 e; ls", "--bind", f"{self.host}:/w:rw")
        self.assertEqual(out, "from the host\ne\nf\nh\ns\n")
        self.assertEqual((self.host / "f").read_text(), "changed\nmore\n")
        self.assertEqual((self.host / "e/new").read_text(), "new\n")
        self.assertEqual(stat.S_IMODE((self.host / "e/new").stat().st_mode), 0o600)
        self.assertEqual(os.readlink(self.host / "s"), "f")
        self.assertEqual((self.host / "h").stat().st_ino, (self.host / "f").stat().st_ino)
        self.assertEqual((self.host / "e").stat().st_mtime, 1000)
        self.assertEqual(sorted(os.listdir(self.host)), ["e", "f", "h", "s"])

    def test_the_host_sees_writes_at_once_and_the_guest_the_hosts(self):
        process = subprocess.Popen([halcyon.BINARY, "run", "--bind", f"{self.host}:/w:rw", "--", "/bin/sh", "-c",
                                    "echo one >/w/g; echo; read x; cat /w/new; read x; cat /w/new 2>&1; ls /w"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(process.stdout.readline(), "\n")
        self.assertEqual((self.host / "g").read_text(), "one\n")
        put(self.host / "new", "hello\n")
        process.stdin.write("\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), "hello\n")
        (self.host / "new").unlink()
        rest, _ = process.communicate("\n")
        self.assertIn("No such file", rest)
        self.assertTrue(rest.endswith("f\ng\n"), rest)

    def test_shared_mappings_are_written_through(self):
        (self.host / "m").write_bytes(b"." * 9000)
        script = ("import mmap, os\n"
                  "f = open('/w/m', 'r+b'); m = mmap.mmap(f.fileno(), 0)\n"
                  "m[0:3] = b'one'; m.flush(); m[8000:8003] = b'two'; m.flush(); m[4096:4101] = b'three'\n"
                  "os._exit(0)\n")  # neither unmapped nor flushed
        result = run("run", "--bind", f"{self.host}:/w:rw", "--", sys.executable, "-c", script)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        data = (self.host / "m").read_bytes()
        self.assertEqual((data[0:4], data[8000:8004], data[4096:4102], len(data)), (b"one.", b"two.", b"three.", 9000))

    def test_unlinked_while_open(self):
        out = self.sh("cd /w; exec 3<f 4>>f; rm f; echo other >f; echo appended >&4; cat <&3; cat f", "--bind", f"{self.host}:/w:rw")
        self.assertEqual(out, "from the host\nappended\nother\n")
        self.assertEqual((self.host / "f").read_text(), "other\n")

    def test_files(self):
        single = put(self.dir / "single", "single\n", mode=0o644)
        self.assertEqual(self.sh("cat /etc/single; echo x >/etc/single; cat /etc/single", "--bind", f"{single}:/etc/single"), "single\nx\n")
        self.assertEqual(single.read_text(), "single\n")
        self.sh("echo through >/etc/passwd", "--bind", f"{single}:/etc/passwd:rw")
        self.assertEqual(single.read_text(), "through\n")
        self.assertNotEqual(pathlib.Path("/etc/passwd").read_text(), "through\n")
        result = run("run", "--bind", f"{single}:/etc/single", "--", "/bin/sh", "-c", "rm /etc/single")
        self.assertIn("busy", result.stderr)

    def test_binds_upon_binds(self):
        (self.host / "below").mkdir()
        other = self.dir / "other"
        other.mkdir()
        put(other / "g", "g\n")
        out = self.sh("cat /w/f /w/below/g; echo x >/w/below/x; ls /w/below", "--bind", f"{self.host}:/w:rw", "--bind", f"{other}:/w/below")
        self.assertEqual(out, "from the host\ng\ng\nx\n")
        self.assertEqual(os.listdir(self.host / "below"), [])
        # Nothing is made on the host only to mount on it.
        self.refused(["/w/missing", "make it first"], "run", "--bind", f"{self.host}:/w:rw", "--bind", f"{other}:/w/missing", "/bin/true")
        self.assertFalse((self.host / "missing").exists())

    def test_through_links(self):
        """A bind is found where the guest's links lead, and a program in it, too."""
        shutil.copy("/bin/true", self.host / "prog")
        out = self.sh("ls /bin/bound/f", "--bind", f"{self.host}:/bin/bound")
        self.assertEqual(out, "/bin/bound/f\n")
        self.assertEqual(run("run", "--bind", f"{self.host}:/bin/bound", "/usr/../bin/bound/prog").returncode, 0)

    def test_in_dev(self):
        self.assertEqual(self.sh("cat /dev/bound/f", "--bind", f"{self.host}:/dev/bound"), "from the host\n")

    def test_upon_an_archive_and_upon_nothing(self):
        shutil.copy("/bin/busybox", self.host / "busybox") if os.path.exists("/bin/busybox") else self.skipTest("no busybox")
        result = run("run", "--root", "none", "--bind", f"{self.host}:/x/y", "/x/y/busybox", "cat", "/x/y/f")
        self.assertEqual(result.stdout, "from the host\n")

    def test_refused(self):
        self.refused("/nonexistent", "run", "--bind", "/nonexistent:/x", "/bin/true")
        self.refused("neither", "run", "--bind", "/dev/null:/x", "/bin/true")
        self.refused("kernel", "run", "--bind", "/proc:/x", "/bin/true")
        self.refused("kernel", "run", "--bind", "/sys:/x", "/bin/true")
        self.refused("'..'", "run", "--bind", f"{self.host}:/x/../y", "/bin/true")
        self.refused(["/etc/passwd", "a file"], "run", "--bind", f"{self.host}:/etc/passwd", "/bin/true")
        self.refused(["/usr", "a directory"], "run", "--bind", f"{self.host}/f:/usr", "/bin/true")

    @unittest.skipUnless(os.geteuid() == 0, "needs another user's files")
    def test_a_refusal_of_the_host_stays_one(self):
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        result = run("run", "--bind", f"{self.host}:/w:rw", "--", "/bin/sh", "-c", "cat /w/f; echo x >/w/f; echo y >/w/new; rm -f /w/f; ls /w", **user)
        self.assertEqual(result.stdout, "from the host\nf\n")
        self.assertEqual(result.stderr.count("ermission denied"), 3, result.stderr)
        self.assertEqual((self.host / "f").read_text(), "from the host\n")


if __name__ == "__main__":
    halcyon.main()
