"""How the Python tests run and add up: `python3 SOME_test.py [Case[.test]...]`."""
import sys
import unittest


class _Result(unittest.TextTestResult):
    """Shows only what did not pass."""

    def getDescription(self, test):
        return test.id().partition(".")[2]


def main(names):
    """Runs the tests of the calling script, those named or all; the last line is 'N passed, N failed[, N skipped]'."""
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=1, resultclass=_Result)
    outcome = unittest.main(argv=sys.argv[:1] + names, testRunner=runner, exit=False).result
    failed = len({getattr(test, "test_case", test).id() for test, _ in outcome.failures + outcome.errors})  # one, however many subtests
    skipped = len({getattr(test, "test_case", test).id() for test, _ in outcome.skipped})
    for test, reason in outcome.skipped:
        print(f"skipped {outcome.getDescription(test)}: {reason}")
    tail = f", {skipped} skipped" if skipped else ""
    print(f"{outcome.testsRun - failed - skipped} passed, {failed} failed{tail}")
    sys.exit(1 if failed or not outcome.testsRun else 0)
