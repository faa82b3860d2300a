"""Runs a case on the hosted kernel."""
import os
import pathlib

from . import build, result

BINARY = pathlib.Path(os.environ.get('HALCYON', build.TOP / 'build/hosted/halcyon'))


class Variant:
    """How Halcyon is run: instruction set, CPUs, and the seed of a deterministic run (or None)."""

    def __init__(self, isa, cpus=1, seed=None):
        self.isa, self.cpus, self.seed = isa, cpus, seed

    def options(self):
        options = ['--cpus', self.cpus]
        if self.seed is not None:
            options.append(f'--deterministic={self.seed}')
        return options

    @property
    def column(self):
        cpus = f' cpus={self.cpus}' if self.cpus != 1 else ''
        seed = f' seed={self.seed}' if self.seed is not None else ''
        return f'hosted {self.isa}{cpus}{seed}'


def run(case, variant, options=()):
    command = [BINARY, 'run', '--root', build.root(variant.isa), '--cwd', '/tmp', *variant.options(), *case.halcyon_options, *options, '--', *case.command]
    return result.run(command, case.timeout, result.ENVIRONMENT)
