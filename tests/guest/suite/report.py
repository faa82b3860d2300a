"""Outcomes of runs, and what is printed about them."""
import difflib

import outcomes

COLUMNS = ('native', 'hosted', 'bare')      # the order of the matrix's columns, by their first word


class Outcome:
    """`difference` is empty when the run was right; `skipped` says why it did not happen."""

    def __init__(self, column, row, seconds=0.0, difference=(), skipped=''):
        self.column, self.row, self.seconds, self.difference, self.skipped = column, row, seconds, list(difference), skipped

    @property
    def name(self):
        return f'{self.column} {self.row}'


def compare(column, row, expected, actual):
    difference = []
    if not actual.agrees_with(expected):
        difference = difflib.unified_diff(expected.lines(), actual.lines(), 'expected', 'halcyon', lineterm='', n=1)
    return Outcome(column, row, actual.seconds, difference)


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

    def show_matrix(self):
        """How many passed of how many, by folder and column."""
        columns = list(dict.fromkeys(each.column for each in sorted(self.outcomes, key=lambda each: COLUMNS.index(each.column.split()[0]))))
        cells = {}
        for each in self.outcomes:
            cells.setdefault(each.row.rpartition('/')[0], {}).setdefault(each.column, []).append(each)
        width = max(map(len, cells), default=0)
        print('|', ' ' * width, *(f'{column:>14}' for column in columns))
        for row in sorted(cells):
            texts = (self.cell(cells[row].get(column)) for column in columns)
            print('|', f'{row:{width}}', *(f'{text:>{max(14, len(column))}}' for text, column in zip(texts, columns)))

    @staticmethod
    def cell(outcomes):
        if not outcomes:
            return '-'
        good = sum(not each.difference and not each.skipped for each in outcomes)
        return f'{good}/{len(outcomes)}' + (' FAILED' if any(each.difference for each in outcomes) else '')

    def records(self, suite):
        """As tests/outcomes.py wants them."""
        for each in self.outcomes:
            status = 'failed' if each.difference else 'skipped' if each.skipped else 'passed'
            yield outcomes.record(f'{suite}/{each.column}', each.row, status, each.seconds, each.skipped or '\n'.join(each.difference))

    def status(self):
        return 1 if not self.outcomes or any(each.difference for each in self.outcomes) else 0
