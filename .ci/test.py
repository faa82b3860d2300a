#!/usr/bin/env python3
"""./dev test: runs the parts of the test suite and adds up what passed, failed and was skipped.

A part is a function that gets a Run, builds what it needs and adds a record of each single test (tests/outcomes.py), or is a check: of the
sources, or a build. A check can only fail; it adds nothing to what has passed. Parts that need something absent skip, and say why.
"""
import argparse
import concurrent.futures
import functools
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import gtest
import junit
from gtest import outcomes

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / 'build'
LIMIT = 7200    # seconds for a step, on however busy a machine: it ends one that hangs
ASAN = {'ASAN_OPTIONS': 'detect_leaks=0:abort_on_error=0', 'UBSAN_OPTIONS': 'print_stacktrace=1'}


class Failed(Exception):
    pass


def check(*command, **options):
    """Runs a command from the top of the tree; what it writes is shown only if it fails. What ./dev says while it builds is shown at once."""
    words = [str(word) for word in command]
    errors = None if words[0] == './dev' else subprocess.STDOUT
    try:
        done = subprocess.run(words, cwd=TOP, timeout=LIMIT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
                              errors='replace', **options)
    except subprocess.TimeoutExpired:
        raise Failed(f'{" ".join(words)}: no end after {LIMIT} s')
    if done.returncode:
        raise Failed(f'{done.stdout[-6000:]}\n{" ".join(words)}: status {done.returncode}')


class Run:
    """What was asked for, and what came of it."""

    def __init__(self, options):
        self.options = options
        self.is_wanted = outcomes.chooser(options.filter)
        self.records, self.checks = [], []      # of single tests; of checks
        self.built = set()
        self.building = threading.Lock()

    def build(self, *kinds):
        for kind in kinds:
            with self.building:
                if kind not in self.built:
                    check('./dev', *(['rootfs'] if kind == 'rootfs' else ['build', kind]))
                self.built.add(kind)

    def add(self, records):
        self.records += records
        for each in records:
            if each['status'] == 'failed':
                print(f'FAILED {each["suite"]}.{each["name"]}\n{each["text"][-6000:]}', flush=True)

    def summary(self, name, records):
        print(f'  {name}: {outcomes.totals(records)}', flush=True)

    def gtest(self, kind, environment=None):
        """The three GoogleTest programs of a build."""
        self.build(kind)
        for name in ('unit_tests', 'kernel_tests', 'machine_tests'):
            program = BUILD / kind / name
            suite = f'{kind}/{name}'
            if not program.exists():
                raise Failed(f'{program} was not built')
            wanted = [each for each in gtest.names(program) if self.is_wanted(f'{suite}.{each}')] if self.options.filter or self.options.list else None
            if self.options.list:
                print(*(f'{suite}.{each}' for each in wanted), sep='\n', end='\n' if wanted else '')
            elif wanted is None or wanted:
                records = gtest.run(program, suite, wanted, LIMIT, environment)
                self.add(records)
                self.summary(suite, records)

    def script(self, path, *arguments, needs=(), environment=None, prefix=''):
        """A test script with the options of tests/outcomes.py. It is not run, nor what it needs built, if the filter leaves nothing of it."""
        command = [sys.executable, str(TOP / path), *map(str, arguments)]
        chosen = ['--filter', self.options.filter] if self.options.filter else []
        if self.options.list or chosen:
            listing = subprocess.run([*command, *chosen, '--list'], cwd=TOP, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if listing.returncode:
                raise Failed(f'{path} --list: {listing.stderr}')
            if self.options.list:
                print(''.join(prefix + line for line in listing.stdout.splitlines(True)), end='')
            if self.options.list or not listing.stdout:
                return
        self.build(*needs)
        with tempfile.TemporaryDirectory(prefix='halcyon-test-') as folder:
            report = pathlib.Path(folder, 'report')
            try:
                done = subprocess.run([*command, *chosen, '--report', report], cwd=TOP, timeout=LIMIT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, errors='replace', env=dict(os.environ, **(environment or {})))
            except subprocess.TimeoutExpired as expired:
                raise Failed(f'{(expired.stdout or b"").decode(errors="replace")[-6000:]}\n{path}: no end after {LIMIT} s')
            records = outcomes.read(report) if report.exists() else []
        for each in records:
            each['suite'] = prefix + each['suite']
        if not records or (done.returncode and not any(each['status'] == 'failed' for each in records)):
            raise Failed(f'{done.stdout[-6000:]}\n{path}: status {done.returncode}')
        self.add(records)
        print(*(f'  {line}' for line in done.stdout.splitlines() if line.startswith('|')), sep='\n', end='')
        self.summary(prefix + str(pathlib.Path(path).stem), records)

    def at_once(self, jobs):
        """Runs functions, two at a time: scripts mostly wait for a program or a machine. Listing stays in order."""
        with concurrent.futures.ThreadPoolExecutor(1 if self.options.list else 2) as pool:
            failures = [error for done in [pool.submit(job) for job in jobs] if (error := done.exception())]
        if failures:
            raise Failed('\n'.join(map(str, failures)))


# --- checks

def check_format(run):
    check('./dev', 'format', '--check')


def check_tidy(run):
    run.build('hosted')
    check('./dev', 'tidy')


def check_layers(run):
    for name in ('layers', 'docs', 'size', 'isas'):
        check(sys.executable, f'.ci/check_{name}.py')
    check(sys.executable, '-m', 'unittest', 'discover', '-q', '-s', '.ci', '-p', '*_test.py')


def check_bare(run):
    run.build('bare')


def check_gxx12(run):
    run.build('gxx12')


# --- tests

def test_unit(run):
    run.gtest('hosted')


def test_asan(run):
    run.gtest('hosted-asan', ASAN)
    run.script('tests/guest/run.py', '--halcyon', BUILD / 'hosted-asan/halcyon', '--on', 'hosted', needs=('hosted-asan', 'rootfs'), environment=ASAN,
               prefix='hosted-asan/')


def test_cli(run):
    jobs = []
    for script in sorted((TOP / 'tests/cli').glob('*_test.py')):
        kind = 'hosted-debug' if script.name.startswith('gdb_') else 'hosted'
        jobs.append(functools.partial(run.script, f'tests/cli/{script.name}', environment={'HALCYON': str(BUILD / kind / 'halcyon')},
                                      needs=('hosted', kind, 'rootfs')))
    run.at_once(jobs)


def test_boot(run):
    needs = ('hosted', 'bare', 'bare-debug', 'rootfs')
    jobs = [functools.partial(run.script, f'tests/boot/{script.name}', needs=needs) for script in sorted((TOP / 'tests/boot').glob('*_test.py'))]
    run.at_once([*jobs, functools.partial(run.script, 'tests/boot/many_boots.py', '--count', '6', needs=needs)])


def test_guest(run):
    runner, needs = 'tests/guest/run.py', ('hosted', 'bare', 'rootfs')
    run.script(runner, needs=needs)
    if not run.options.list:
        run.script(runner, '--on', 'bare', '--smp', '4', needs=needs)
        run.script(runner, '--cpus', '4', '--deterministic', '--seeds', '2', needs=needs)


CHECKS = {'format': check_format, 'layers': check_layers, 'tidy': check_tidy, 'bare': check_bare, 'gxx12': check_gxx12}
TESTS = {'unit': test_unit, 'cli': test_cli, 'boot': test_boot, 'guest': test_guest, 'asan': test_asan}
PARTS = ['format', 'layers', 'unit', 'tidy', 'cli', 'boot', 'guest', 'bare', 'gxx12', 'asan']


def run_part(run, name):
    start = time.monotonic()
    is_check = name in CHECKS
    if run.options.list and is_check:
        return
    if is_check and run.options.filter and not run.is_wanted(f'checks.{name}'):
        return
    if not run.options.list:
        print(f'== {name}', flush=True)
    first, error = len(run.records), ''
    try:
        (CHECKS if is_check else TESTS)[name](run)
    except Failed as failure:
        error = str(failure)
        print(error, flush=True)
    seconds = time.monotonic() - start
    if is_check or error:
        run.checks.append(outcomes.record('checks', name, 'failed' if error else 'passed', seconds, error))
    if not run.options.list:
        has_failed = error or any(each['status'] == 'failed' for each in run.records[first:])
        print(f'   {name}: {"failed" if has_failed else "ok"}, {seconds:.0f} s', flush=True)


def show_skipped(records):
    """What was skipped and why: a line for each reason."""
    reasons = {}
    for each in records:
        if each['status'] == 'skipped':
            reasons.setdefault(' '.join(each['text'].split()), []).append(f'{each["suite"]}.{each["name"]}')
    for reason, names in sorted(reasons.items()):
        more = f' and {len(names) - 3} more' if len(names) > 3 else ''
        print(f'skipped {", ".join(names[:3])}{more}: {reason}')


def conclude(run):
    """The last lines, and the exit status."""
    failed_checks = [each for each in run.checks if each['status'] == 'failed']
    if run.options.junit:
        pathlib.Path(run.options.junit).write_bytes(junit.document(run.records + run.checks))
    if not run.records and not run.checks:
        print(f'no test is named so: {run.options.filter}')
    show_skipped(run.records)
    for each in run.records + failed_checks:
        if each['status'] == 'failed':
            print(f'failed {each["suite"]}.{each["name"]}')
    if run.checks:
        print(f'checks: {", ".join(each["name"] + (" FAILED" if each in failed_checks else " ok") for each in run.checks)}')
    print(outcomes.totals(run.records))
    has_failed = failed_checks or any(each['status'] == 'failed' for each in run.records)
    return 1 if has_failed or not (run.records or run.checks) else 0


def parse_arguments(words):
    parser = argparse.ArgumentParser(prog='./dev test', description='Runs the tests.')
    parser.add_argument('parts', nargs='*', metavar='PART', help=f'all (default), or some of: {", ".join(PARTS)}')
    parser.add_argument('--list', action='store_true', help='only print the names of the tests')
    parser.add_argument('--filter', default='', metavar='NAME', help='only the tests whose name has this in it (a regular expression)')
    parser.add_argument('--junit', metavar='FILE', help="write what became of each test as JUnit's XML")
    options = parser.parse_args(words)
    unknown = [name for name in options.parts if name != 'all' and name not in PARTS]
    if unknown:
        parser.error(f'unknown part {unknown[0]!r}')
    if not options.parts or 'all' in options.parts:
        options.parts = PARTS
    if options.junit:
        options.junit = os.path.join(os.environ.pop('DEV_CWD', os.getcwd()), options.junit)
    return options


def main():
    run = Run(parse_arguments(sys.argv[1:]))
    for name in run.options.parts:
        run_part(run, name)
    if run.options.list:
        return 1 if run.checks else 0
    return conclude(run)


if __name__ == '__main__':
    sys.exit(main())
