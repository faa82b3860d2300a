#!/usr/bin/env python3
"""./dev test: runs the parts of the test suite, each with a timeout, and adds up what passed, failed and was skipped.

A part is a function that returns Counts, or raises Failed. Parts that need something absent skip, and say why.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / 'build'


class Counts:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


class Failed(Exception):
    pass


def run(command, timeout, **options):
    """Runs a command from the top of the tree; its output is shown only if it fails."""
    try:
        done = subprocess.run([str(word) for word in command], cwd=TOP, timeout=timeout, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors='replace', **options)
    except subprocess.TimeoutExpired as expired:
        text = expired.stdout or b''
        text = text.decode(errors='replace') if isinstance(text, bytes) else text
        raise Failed(f'{text[-4000:]}\n{command[0]}: no end after {timeout} s')
    return done.returncode, done.stdout


def check(command, timeout, **options):
    status, output = run(command, timeout, **options)
    if status:
        raise Failed(output[-6000:] + f'\n{" ".join(str(word) for word in command)}: status {status}')
    return output


def build(preset):
    check(['./dev', 'build', preset], 1500)


def test_format():
    check(['./dev', 'format', '--check'], 300)
    return Counts(1)


def test_tidy():
    build('hosted')
    check(['./dev', 'tidy'], 900)
    return Counts(1)


def test_layers():
    check([sys.executable, '-m', 'unittest', '-q', 'check_layers_test'], 60, env=dict(os.environ, PYTHONPATH=str(TOP / '.ci')))
    check([sys.executable, '.ci/check_layers.py'], 60)
    check([sys.executable, '-m', 'unittest', '-q', 'check_docs_test'], 60, env=dict(os.environ, PYTHONPATH=str(TOP / '.ci')))
    check([sys.executable, '.ci/check_docs.py'], 60)
    return Counts(4)


def run_gtest(program, timeout, environment=None):
    """Runs one GoogleTest program and reads its own totals."""
    if not program.exists():
        print(f'  {program.name}: not built')
        return Counts(failed=1)
    status, output = run([program, '--gtest_brief=1'], timeout, env=dict(os.environ, **(environment or {})))

    def total(pattern):
        found = re.search(pattern, output)
        return int(found.group(1)) if found else 0

    counts = Counts(total(r'\[  PASSED  \] (\d+) test'), total(r'\[  FAILED  \] (\d+) test'), total(r'\[  SKIPPED \] (\d+) test'))
    for line in output.splitlines():
        if 'SKIPPED' in line:
            print('  ' + line)
    if status and counts.failed == 0:
        counts.failed = 1
    if status:
        print(output[-6000:])
    print(f'  {program.parent.name}/{program.name}: {counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped')
    return counts


def test_unit():
    build('hosted')
    counts = Counts()
    for name in ('unit_tests', 'kernel_tests', 'machine_tests'):
        counts.add(run_gtest(BUILD / 'hosted' / name, 120))
    return counts


def test_asan():
    build('hosted-asan')
    counts = Counts()
    environment = {'ASAN_OPTIONS': 'detect_leaks=0:abort_on_error=0', 'UBSAN_OPTIONS': 'print_stacktrace=1'}
    for name in ('unit_tests', 'kernel_tests', 'machine_tests'):
        counts.add(run_gtest(BUILD / 'hosted-asan' / name, 600, environment))
    return counts


def test_bare():
    build('bare')
    return Counts(2)


def test_gxx12():
    build('gxx12')
    return Counts(1)


def run_script(command, timeout):
    """Runs a test script whose last line is 'N passed, N failed[, N skipped]'."""
    status, output = run(command, timeout)
    totals = re.findall(r'(?m)^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$', output)
    if not totals:
        raise Failed(output[-6000:] + f'\n{command}: no totals, status {status}')
    passed, failed, skipped = (int(number or 0) for number in totals[-1])
    for line in output.splitlines():
        if failed or 'skip' in line.lower() or line.startswith('|'):
            print('  ' + line)
    if status and not failed:
        failed = 1
    print(f'  {pathlib.Path(command[1]).name}: {passed} passed, {failed} failed, {skipped} skipped')
    return Counts(passed, failed, skipped)


def test_cli():
    build('hosted')
    build('hosted-debug')
    check(['./dev', 'rootfs'], 600)
    counts = Counts()
    for script in sorted((TOP / 'tests/cli').glob('*_test.py')):
        kind = 'hosted-debug' if script.name == 'gdb_test.py' else 'hosted'
        counts.add(run_script([sys.executable, script, BUILD / kind / 'halcyon'], 300))
    return counts


def test_boot():
    build('bare')
    build('bare-debug')
    check(['./dev', 'rootfs'], 600)
    counts = Counts()
    for script in sorted((TOP / 'tests/boot').glob('*_test.py')):
        counts.add(run_script([sys.executable, script], 900))
    counts.add(run_script([sys.executable, TOP / 'tests/boot/many_boots.py', '--count', '6'], 300))
    return counts


def test_guest():
    build('hosted')
    build('bare')
    check(['./dev', 'rootfs'], 600)
    runner = TOP / 'tests/guest/run.py'
    counts = Counts()
    counts.add(run_script([sys.executable, runner], 900))
    counts.add(run_script([sys.executable, runner, '--on', 'bare', '--smp', '4'], 900))
    counts.add(run_script([sys.executable, runner, '--cpus', '4', '--deterministic', '--seeds', '2'], 900))
    return counts


PARTS = {'format': test_format, 'tidy': test_tidy, 'layers': test_layers, 'unit': test_unit, 'cli': test_cli, 'boot': test_boot, 'guest': test_guest, 'bare': test_bare, 'gxx12': test_gxx12,
         'asan': test_asan}


def main():
    parser = argparse.ArgumentParser(prog='./dev test', description='Runs the tests.')
    parser.add_argument('parts', nargs='*', metavar='PART', help=f'all, or some of: {", ".join(PARTS)}')
    names = parser.parse_args().parts or ['all']
    unknown = [name for name in names if name != 'all' and name not in PARTS]
    if unknown:
        parser.error(f'unknown part {unknown[0]!r}')
    if 'all' in names:
        names = list(PARTS)
    counts = Counts()
    for name in names:
        start = time.monotonic()
        print(f'== {name}', flush=True)
        try:
            one = PARTS[name]()
        except Failed as failure:
            print(failure)
            one = Counts(failed=1)
        counts.add(one)
        print(f'   {name}: {"failed" if one.failed else "ok"}, {time.monotonic() - start:.0f} s', flush=True)
    tail = f', {counts.skipped} skipped' if counts.skipped else ''
    print(f'{counts.passed} passed, {counts.failed} failed{tail}')
    return 1 if counts.failed or not counts.passed else 0


if __name__ == '__main__':
    sys.exit(main())
