"""The cases: where they are, what their first lines say, and how one is checked.

The comment lines at the top of a case (# in scripts, // in programs) may hold, one a line:
    halcyon: OPTIONS      more options of halcyon run
    native: OPTIONS       options of suite/native.c
    arguments: WORDS      of a program
    isa: NAME             only this instruction set
    clock: real           not with --deterministic, where the kernel's work takes no time
    clock: virtual        never with the host's time, which others use too: hosted with --deterministic, bare with a clock of instructions
    clock: counted        only with a clock of instructions, which the kernel's work takes, too: bare
    timeout: SECONDS      instead of 600
A file beside the case with the suffix .expected is the oracle (standard output; no errors, status 0) where the host's Linux cannot be; the
case says why.
"""
import re
import shlex
import threading

from . import bare, build, halcyon, native, report, result

DEFAULT_TIMEOUT = 600     # a case waits for events: this ends one that hangs


class Case:
    def __init__(self, path, kind):
        self.path, self.kind = path, kind
        self.name = f'{kind}/{path.relative_to(build.HERE / kind).with_suffix("")}'
        self.text = path.read_text()
        keys = self.read_header()
        self.halcyon_options = shlex.split(keys.get('halcyon', ''))
        self.native_options = shlex.split(keys.get('native', ''))
        self.isa = keys.get('isa')
        self.clock = keys.get('clock')
        self.timeout = float(keys.get('timeout', DEFAULT_TIMEOUT))
        self.command = self.make_command(shlex.split(keys.get('arguments', '')))
        self.stored = path.with_suffix('.expected')
        self.oracle, self.lock = None, threading.Lock()

    def read_header(self):
        keys = {}
        for line in self.text.splitlines():
            comment = re.match(r'(?:#|//)\s*(.*)', line)
            if not comment:
                break
            pair = re.match(r'(halcyon|native|arguments|isa|clock|timeout): (.*)', comment.group(1))
            if pair:
                keys[pair.group(1)] = pair.group(2).strip()
        return keys

    def make_command(self, arguments):
        if self.kind == 'scripts':
            return ['/bin/sh', f'/scripts/{self.path.relative_to(build.HERE / "scripts")}', *arguments]
        return [f'/programs/{self.path.stem}', *arguments]

    def expected(self):
        """The oracle's result, which is asked for once."""
        with self.lock:
            if not self.oracle:
                self.oracle = result.Result(0, self.stored.read_text(), '', 0.0) if self.stored.exists() else native.run(self)
            return self.oracle


def discover():
    scripts = [Case(path, 'scripts') for path in sorted((build.HERE / 'scripts').rglob('*.sh'))]
    return scripts + [Case(path, 'programs') for path in build.program_sources()]


def judge_native(case):
    expected = case.expected()
    return report.Outcome('native', case.name, expected.seconds, [] if isinstance(expected.status, int) else expected.lines())


def judge(case, variant, actual):
    return report.compare(variant.column, case.name, case.expected(), actual)


def check_hosted(case, variants):
    """Runs a case natively and then as every variant of the hosted kernel says; one outcome each."""
    wanted = [variant for variant in variants if case.isa in (None, variant.isa) and not (case.clock == 'real' and variant.seed is not None)]
    if case.clock == 'counted':
        return [report.Outcome(variant.column, case.name, skipped="needs a clock that the kernel's work takes") for variant in wanted]
    if case.clock == 'virtual':
        wanted = [halcyon.Variant(variant.isa, variant.cpus, variant.seed or 1) for variant in wanted]
    if not wanted:
        return []
    outcomes = [] if case.stored.exists() else [judge_native(case)]
    if not any(outcome.difference for outcome in outcomes):
        outcomes += [judge(case, variant, halcyon.run(case, variant)) for variant in wanted]
    return outcomes


def check_bare(chosen, variant):
    """Runs all cases on one bare machine, and then those that need its clock to count instructions; one outcome each."""
    wanted = [case for case in chosen if case.isa in (None, variant.isa)]
    possible = [case for case in wanted if not case.halcyon_options]
    outcomes = [report.Outcome(variant.column, case.name, skipped='needs options of halcyon run') for case in wanted if case.halcyon_options]
    counted = [case for case in possible if case.clock in ('virtual', 'counted')]
    if counted and (reason := variant.cannot_count()):
        outcomes += [report.Outcome(variant.column, case.name, skipped=reason) for case in counted]
        possible, counted = [case for case in possible if case not in counted], []
    results = bare.run(variant, [case for case in possible if case not in counted])
    if counted:
        results |= bare.run(variant, counted, bare.CLOCK_OF_INSTRUCTIONS)
    return outcomes + [judge(case, variant, results[case]) for case in possible]
