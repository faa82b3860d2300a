#!/usr/bin/env python3
"""What a program finds of its command line and of --user; and the summary of --time=json."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import halcyon
from halcyon import put, run

SOURCE = pathlib.Path(__file__).parent / "programs/arguments.c"


class Arguments(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="halcyon-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.folder.chmod(0o755)
        compiled = subprocess.run(["cc", "-static", "-o", cls.folder / "show", SOURCE], capture_output=True, text=True)
        if compiled.returncode != 0:
            raise unittest.SkipTest(f"cannot compile a static program here: {compiled.stderr.strip()}")
        put(cls.folder / "script", f"#!{cls.folder}/show two words \n")
        put(cls.folder / "again", f"#!{cls.folder}/script\n")
        put(cls.folder / "near", "#!./show\n")
        put(cls.folder / "etc/passwd", "root:x:0:0::/root:/bin/sh\nbroken\nann:x:1000:100:Ann:/home/ann:/bin/sh\n")
        put(cls.folder / "etc/group", "root:x:0:\nusers:x:100:\nstaff:x:50:bob,ann\nvideo:x:44:ann\nodd:x:no:ann\n")

    def first_line(self, command, **options):
        return subprocess.run(command, capture_output=True, text=True, cwd=self.folder, timeout=halcyon.PATIENCE, **options).stdout.split("\n")[0]

    def test_names_as_linux_passes_them(self):
        path = os.environ["PATH"]
        for name in ("./show", "./script", f"{self.folder}/script", "../" + self.folder.name + "/again", "./near", ".//show"):
            with self.subTest(name):
                self.assertEqual(self.first_line([halcyon.BINARY, "run", name, "more"]), self.first_line([name, "more"]))
        for name in ("show", "script"):
            with self.subTest(name):
                env = dict(os.environ, PATH=f"{self.folder}:{path}")
                self.assertEqual(self.first_line([halcyon.BINARY, "run", name, "more"], env=env),
                                 self.first_line(["sh", "-c", f"exec {name} more"], env=env))

    def who(self, *options):
        result = run("run", "--root", self.folder, *options, "/show")
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.split("\n")[1:3]

    def test_users(self):
        for text, ids in (("ann", "1000 1000 100 100 groups 50 44"), ("ann:staff", "1000 1000 50 50 groups"), ("1000", "1000 1000 100 100 groups 50 44"),
                          ("77", "77 77 77 77 groups"), ("77:users", "77 77 100 100 groups"), ("77:5", "77 77 5 5 groups")):
            with self.subTest(text):
                self.assertEqual(self.who("--user", text), ["ids " + ids, "chown -1"])

    def test_root_inside(self):
        before = (self.folder / "show").stat()
        self.assertEqual(self.who("--user", "0"), ["ids 0 0 0 0 groups", "chown 0 12 34"])
        after = (self.folder / "show").stat()
        self.assertEqual((after.st_uid, after.st_gid, after.st_ctime_ns), (before.st_uid, before.st_gid, before.st_ctime_ns))

    def test_root_inside_for_others(self):
        if os.geteuid() != 0:
            self.skipTest("only root can become somebody else")
        nobody = dict(user=65534, group=65534, extra_groups=[])
        try:
            result = run("run", "--root", self.folder, "--user", "root", "/show", **nobody)
        except PermissionError:
            self.skipTest("others than root cannot reach the binary")
        self.assertEqual(result.stdout.split("\n")[1:3], ["ids 0 0 0 0 groups", "chown 0 12 34"])

    def test_summary_as_json(self):
        result = run("run", "--time=json", "--root", self.folder, "/show")
        summary = json.loads(result.stderr)
        self.assertEqual(set(summary), {"system_calls", "page_faults", "switches", "blocks", "wall_seconds"})
        self.assertGreater(summary["system_calls"], 0)


if __name__ == "__main__":
    halcyon.main()
