"""The cases: where they are, what their first lines say, and how one is checked.

The comment lines at the top of a case (# in scripts, // in programs) may hold, one a line:
    halcyon: OPTIONS      more options of halcyon run
    native: OPTIONS       options of suite/native.c
    arguments: WORDS      of a program
    isa: NAME             only this instruction set
    clock: real           not with --deterministic, where the kernel's work takes no time
    timeout: SECONDS      instead of 60
A file beside the case with the suffix .expected is the oracle (standard output; no errors, status 0) where the host's Linux cannot be; the
case says why.
"""
import re
import shlex
import threading

from . import bare, build, halcyon, native, report, result

DEFAULT_TIMEOUT = 60


class Case:
    def __init__(self, path, kind):
        self.path, self.kind = path, kind
        self.name = f'{kind}/{path.relative_to(build.HERE / kind).with_suffix("")}'
        self.text = path.read_text()
        keys = self.read_header()
        self.halcyon_options = shlex.split(keys.get('halcyon', ''))
        self.native_options = shlex.split(keys.get('native', ''))
        self.isa = keys.get('isa')
        self.needs_real_clock = keys.get('clock') == 'real'
        self.timeout = float(keys.get('timeout', DEFAULT_TIMEOUT))
        self.command = self.make_command(shlex.split(keys.get('arguments', '')))
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
                stored = self.path.with_suffix('.expected')
                self.oracle = result.Result(0, stored.read_text(), '', 0.0) if stored.exists() else native.run(self)
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
    wanted = [variant for variant in variants
              if case.isa in (None, variant.isa) and not (case.needs_real_clock and variant.seed is not None)]
    if not wanted:
        return []
    outcomes = [judge_native(case)]
    if not outcomes[0].difference:
        outcomes += [judge(case, variant, halcyon.run(case, variant)) for variant in wanted]
    return outcomes


def check_bare(chosen, variant):
    """Runs all cases on one bare machine; one outcome each."""
    wanted = [case for case in chosen if case.isa in (None, variant.isa)]
    possible = [case for case in wanted if not case.halcyon_options]
    outcomes = [report.Outcome(variant.column, case.name, skipped='needs options of halcyon run') for case in wanted if case.halcyon_options]
    results = bare.run(variant, possible)
    return outcomes + [judge(case, variant, results[case]) for case in possible]
