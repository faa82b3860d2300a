"""How the Python tests run and add up: `python3 SOME_test.py [--list] [--filter NAME] [Case[.test]...]`."""
import argparse
import os
import pathlib
import re
import sys
import time
import unittest

import outcomes

# Seconds for whatever does end, on however busy a machine: the tests wait for events, and this only ends a run that hangs.
PATIENCE = 600

# What the tests see of whoever runs them: nothing that changes what programs say or what new files may be.
os.umask(0o022)
os.environ.update(LC_ALL="C.UTF-8", SHELL="/bin/sh")
os.environ.setdefault("HOME", "/")
os.environ.pop("DEBUGINFOD_URLS", None)  # gdb would ask the network


def _short(test):
    """Case.test; what a whole class failed or was skipped in is Case.setUpClass."""
    name = getattr(test, "test_case", test).id()
    of_class = re.match(r"(\w+) \(\w+\.(\w+)\)$", name)
    return f"{of_class[2]}.{of_class[1]}" if of_class else name.partition(".")[2]


class _Result(unittest.TextTestResult):
    """Shows only what did not pass; remembers how long each test took."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.seconds = {}

    def getDescription(self, test):
        return test.id().partition(".")[2]

    def startTest(self, test):
        super().startTest(test)
        self._start = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        self.seconds[_short(test)] = time.monotonic() - self._start

    def records(self, suite):
        """One per test, however many subtests: failed if one failed, else skipped if one was skipped."""
        texts = {"failed": {}, "skipped": {}}
        for test, text in [*self.failures, *self.errors]:
            texts["failed"].setdefault(_short(test), []).append(text)
        for test, text in self.skipped:
            texts["skipped"].setdefault(_short(test), []).append(text)
        names = [*self.seconds, *(name for found in texts.values() for name in found if name not in self.seconds)]
        for name in names:
            status = next((status for status in texts if name in texts[status]), "passed")
            text = "\n".join(dict.fromkeys(texts.get(status, {}).get(name, [])))
            yield outcomes.record(suite, name, status, self.seconds.get(name, 0.0), text)


def _each(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _each(test)
        else:
            yield test


def main(words):
    """Runs the tests of the calling script, those named or all; the last line is 'N passed, N failed[, N skipped]'."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    outcomes.add_options(parser)
    parser.add_argument("names", nargs="*", metavar="CASE[.TEST]", help="only these")
    options = parser.parse_args(words)
    script = pathlib.Path(sys.argv[0]).resolve()
    suite = f"{script.parent.name}/{script.stem}"
    loader = unittest.defaultTestLoader
    module = sys.modules["__main__"]
    found = loader.loadTestsFromNames(options.names, module) if options.names else loader.loadTestsFromModule(module)
    is_wanted = outcomes.chooser(options.filter)
    tests = [test for test in _each(found) if is_wanted(f"{suite}.{_short(test)}")]
    if options.list:
        print(*(f"{suite}.{_short(test)}" for test in tests), sep="\n", end="\n" if tests else "")
        return
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1, resultclass=_Result).run(unittest.TestSuite(tests))
    records = list(result.records(suite))
    if options.report:
        outcomes.write(options.report, records)
    for each in records:
        if each["status"] == "skipped":
            print(f"skipped {each['name']}: {each['text']}")
    print(outcomes.totals(records))
    sys.exit(1 if not result.wasSuccessful() or not records else 0)
