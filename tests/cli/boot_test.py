#!/usr/bin/env python3
"""halcyon boot: finding ./dev boot of the source tree. tests/boot boots by it."""
import os
import pathlib
import shutil
import tempfile
import unittest

import halcyon


class Boot(unittest.TestCase):
    def run_boot(self, *arguments, tree=None, **options):
        environment = dict(os.environ, HALCYON_TREE=str(tree)) if tree else os.environ
        return halcyon.run("boot", *arguments, env=environment, **options)

    def folder(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="halcyon-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def test_help(self):
        result = self.run_boot("--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        for word in ("--smp", "--initrd", "--append", "--disk", "--gdb", "--iso", "COMMAND"):
            self.assertIn(word, result.stdout)

    def test_the_tree_is_gone(self):
        result = self.run_boot("x86_64", tree="/nonexistent")
        self.assertEqual((result.returncode, result.stdout), (125, ""))
        self.assertEqual(result.stderr, "halcyon: boot: /nonexistent/dev: No such file or directory; it needs the source tree that halcyon was built "
                                        "from (or HALCYON_TREE, where it is now)\n")

    def test_another_tree(self):
        tree = self.folder()
        halcyon.put(tree / "hal-baremetal/qemu/boot.py", "")
        halcyon.put(tree / "dev", '#!/bin/sh\nprintf "<%s>" "$@"\npwd\nexit 42\n')
        result = self.run_boot("x86_64", "--", "a b", "", tree=tree, cwd="/usr")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (42, "<boot><x86_64><--><a b><>/usr\n", ""))
        (tree / "dev").chmod(0o644)
        result = self.run_boot("x86_64", tree=tree)
        self.assertEqual(result.returncode, 125)
        self.assertIn("cannot execute", result.stderr)


if __name__ == "__main__":
    halcyon.main()
