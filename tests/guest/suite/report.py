"""Outcomes of runs, and what is printed about them."""
import difflib


class Outcome:
    """`difference` is empty when the run was right; `skipped` says why it did not happen."""

    def __init__(self, name, seconds=0.0, difference=(), skipped=''):
        self.name, self.seconds, self.difference, self.skipped = name, seconds, list(difference), skipped


def compare(name, expected, actual):
    difference = []
    if not actual.agrees_with(expected):
        difference = difflib.unified_diff(expected.lines(), actual.lines(), 'expected', 'halcyon', lineterm='', n=1)
    return Outcome(name, actual.seconds, difference)


class Summary:
    SHOWN_LINES = 24

    def __init__(self, verbose):
        self.verbose = verbose
        self.outcomes = []

    def add(self, outcomes):
        for outcome in outcomes:
            self.outcomes.append(outcome)
            self.show(outcome)

    def show(self, outcome):
        if outcome.skipped:
            print(f'skipped {outcome.name}: {outcome.skipped}', flush=True)
        elif outcome.difference:
            print(f'FAILED  {outcome.name} ({outcome.seconds:.2f} s)')
            shown = outcome.difference if self.verbose else outcome.difference[:self.SHOWN_LINES]
            for line in shown:
                print(f'    {line[:300]}')
            if len(shown) < len(outcome.difference):
                print(f'    ... {len(outcome.difference) - len(shown)} more lines with -v', flush=True)
        elif self.verbose:
            print(f'ok      {outcome.name} ({outcome.seconds:.2f} s)', flush=True)

    def show_slowest(self, count):
        for outcome in sorted(self.outcomes, key=lambda each: -each.seconds)[:count]:
            print(f'{outcome.seconds:6.2f} s  {outcome.name}')

    def count(self):
        failed = sum(bool(each.difference) for each in self.outcomes)
        skipped = sum(bool(each.skipped) for each in self.outcomes)
        return len(self.outcomes) - failed - skipped, failed, skipped

    def totals(self):
        passed, failed, skipped = self.count()
        return f'{passed} passed, {failed} failed' + (f', {skipped} skipped' if skipped else '')

    def status(self):
        passed, failed, _ = self.count()
        return 1 if failed or not passed else 0
