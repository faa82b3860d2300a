#!/usr/bin/env python3
"""halcyon --version: its own version, the commit that was built, and Unicorn's version."""
import re
import subprocess
import unittest

import halcyon


class Version(unittest.TestCase):
    def test_commit_and_engine(self):
        result = halcyon.run("--version")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        found = re.fullmatch(r"halcyon \d+\.\d+ \((.+)\)\nUnicorn (\d+)\.(\d+)\.(\d+)\n", result.stdout)
        self.assertTrue(found, result.stdout)
        self.assertGreaterEqual(tuple(map(int, found.groups()[1:])), (2, 1, 2))
        if found[1] == "unknown commit":
            self.skipTest("it was built outside of a git repository")
        commit = re.sub(r"^.*-g(?=[0-9a-f]+$)", "", found[1].removesuffix("-dirty"))
        known = subprocess.run(["git", "rev-parse", "--verify", f"{commit}^{{commit}}"], cwd=halcyon.TREE, capture_output=True, text=True)
        self.assertEqual(known.returncode, 0, known.stderr)


if __name__ == "__main__":
    halcyon.main()
