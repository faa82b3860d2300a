#!/usr/bin/env python3
"""The first program is pid 1, so that an init of a distribution works: busybox's reads its inittab, runs what it says, gets the orphans, respawns
what ends, and turns the machine off when it is told to.

Needs build/bare-x86_64 and build/bare-riscv64 (./dev build bare) and the rootfs (./dev rootfs)."""
import pathlib
import shutil
import tempfile
import unittest

import booting

INITTAB = """\
::sysinit:/bin/sh /etc/sysinit
::once:/bin/sh /etc/once
::shutdown:/bin/sh -c 'echo shutting down'
"""
SYSINIT = """\
read pid name rest < /proc/1/stat
echo "pid $pid is $name, parent of $$: $PPID"
"""
ONCE = """\
kill -9 1; kill -STOP 1; echo 'nothing kills it'
(sh -c 'sleep 1; read a b c ppid rest < /proc/self/stat; echo orphan; exit 3' &)
sleep 2
for stat in /proc/[0-9]*/stat; do read pid name state rest < $stat; [ "$state" = Z ] && echo "zombie $pid $name"; done
poweroff
sleep 100
"""


class Init(unittest.TestCase):
    def test_busybox_init(self):
        for isa in booting.KERNEL:
            with self.subTest(isa), tempfile.TemporaryDirectory(prefix="halcyon-init-") as folder:
                root = pathlib.Path(folder) / "root"
                shutil.copytree(booting.ROOTFS[isa], root, symlinks=True)
                for name, text in {"etc/inittab": INITTAB, "etc/sysinit": SYSINIT, "etc/once": ONCE}.items():
                    (root / name).parent.mkdir(exist_ok=True)
                    (root / name).write_text(text)
                (root / "sbin").mkdir(exist_ok=True)
                (root / "sbin/init").unlink(missing_ok=True)
                (root / "sbin/init").symlink_to("/bin/busybox")
                result = booting.boot(isa, "--initrd", root, timeout=180)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                for line in ("pid 1 is (init), parent of ", ": 1\n", "nothing kills it\n", "orphan\n", "shutting down\n"):
                    self.assertIn(line, result.stdout)
                self.assertNotIn("zombie", result.stdout)

    def test_its_end_is_the_machines(self):
        for isa in booting.KERNEL:
            with self.subTest(isa):
                result = booting.boot(isa, "--", "/bin/sh", "-c", "echo $$; kill -KILL $$; kill -TERM $$; (sleep 100 &); exit 5")
                self.assertEqual((result.returncode, result.stdout), (5, "1\n"))


if __name__ == "__main__":
    booting.main()
