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

from . import build, halcyon, native, report, result

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
        stored = self.path.with_suffix('.expected')
        return result.Result(0, stored.read_text(), '', 0.0) if stored.exists() else native.run(self)


def discover():
    scripts = [Case(path, 'scripts') for path in sorted((build.HERE / 'scripts').rglob('*.sh'))]
    return scripts + [Case(path, 'programs') for path in build.program_sources()]


def check(case, variants):
    """Runs a case as every variant says; one outcome each."""
    wanted = [variant for variant in variants
              if case.isa in (None, variant.isa) and not (case.needs_real_clock and variant.seed is not None)]
    if not wanted:
        return []
    expected = case.expected()
    if not isinstance(expected.status, int):
        return [report.Outcome(f'native {case.name}', expected.seconds, expected.lines())]
    return [report.compare(f'{variant} {case.name}', expected, halcyon.run(case, variant)) for variant in wanted]
