"""Runs a case on the host's own Linux: the oracle. native.c gives it a root, process ids, mounts and a host name of its own."""
from . import build, result


def run(case):
    return result.run([build.NATIVE, *case.native_options, build.root('x86_64'), *case.command], case.timeout, result.ENVIRONMENT)


def is_missing():
    """Why there is no oracle, or an empty text: this host may not let us make namespaces."""
    probe = result.run([build.NATIVE, build.root('x86_64'), '/bin/true'], 600, result.ENVIRONMENT)
    return '' if probe.status == 0 else f'no oracle: this host does not run programs in namespaces of their own: {probe.errors.strip()}'
