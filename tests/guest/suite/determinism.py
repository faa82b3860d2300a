"""Runs with the same seed must be the same run: their traces, times included, are compared byte for byte. Another seed schedules otherwise."""
import pathlib
import tempfile

from . import halcyon, report
from .cases import Case
from .build import HERE

CPUS = 4
PROGRAM = HERE / 'scripts/process/interleaving.sh'


def traced(isa, seed):
    case = Case(PROGRAM, 'scripts')
    with tempfile.TemporaryDirectory() as folder:
        trace = pathlib.Path(folder) / 'trace'
        done = halcyon.run(case, halcyon.Variant(isa, CPUS, seed), [f'--strace={trace}', '--strace-times'])
        return done, trace.read_text().splitlines() if trace.exists() else ['no trace']


def check(isa):
    column, name = f'hosted {isa}', 'determinism'
    first, trace = traced(isa, 1)
    again, trace_again = traced(isa, 1)
    other, other_trace = traced(isa, 2)
    same = report.compare(column, f'{name}/same seed, same results', first, again)
    changed = [f'line {number + 1}: {a!r}, {b!r}' for number, (a, b) in enumerate(zip(trace, trace_again)) if a != b]
    if len(trace) != len(trace_again):
        changed.append(f'{len(trace)} lines, then {len(trace_again)}')
    outcomes = [same, report.Outcome(column, f'{name}/same seed, same trace', first.seconds, changed)]
    outcomes.append(report.compare(column, f'{name}/another seed, same results', first, other))
    unchanged = ['the traces are equal'] if trace == other_trace else []
    outcomes.append(report.Outcome(column, f'{name}/another seed, another interleaving', other.seconds, unchanged))
    return outcomes


def jobs(isa):
    return [('determinism', lambda: check(isa))]
