#!/usr/bin/env python3
"""./dev bench linux: the bare kernel against Debian's Linux, on the same virtual machine, with the same program as the first process.

Twice: under -icount, where the virtual clock counts executed instructions (one is a nanosecond), so that figures repeat to a part in a
thousand; and under plain TCG, where it is time, and the machine's other work shows: medians of several runs, taken by turns. The CPU has
neither ERMS nor FSRM, since QEMU counts and takes a step for each byte of a `rep movsb`.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading

import program

TOP = program.TOP
sys.path.insert(0, str(TOP / 'hal-baremetal/qemu'))
import initramfs  # noqa: E402
import qemu  # noqa: E402

ICOUNT = ['-icount', 'shift=0,sleep=off']
CPU = {'x86_64': ['-cpu', 'max,-erms,-fsrm'], 'riscv64': []}
LOOPS = ['getpid', 'clock_gettime', 'clock_libc', 'read_zero_4k', 'pipe_ping_pong', 'sched_yield', 'file_read_64k', 'file_read_4k',
         'file_write_64k', 'file_write_4k', 'append_4k', 'open_close', 'stat', 'create_unlink', 'page_touch', 'mmap_munmap', 'fork_exit', 'fork_exec', 'signal', 'sig_install',
         'poll_100', 'epoll_100']
BOOT, MEMORY = 'boot_to_init', 'smallest_memory'
# The most that ours may be of Linux's instructions on x86_64.
LIMITS = {'getpid': 0.5, 'clock_libc': 0.9, 'pipe_ping_pong': 0.7, 'sched_yield': 0.7, 'page_touch': 0.7, 'mmap_munmap': 0.7, 'open_close': 0.7, 'stat': 0.7,
          'create_unlink': 0.7, 'signal': 0.7, 'fork_exit': 0.8, 'fork_exec': 0.8, 'file_read_64k': 1.0, 'file_read_4k': 1.0, 'file_write_64k': 1.0,
          'file_write_4k': 1.0, 'poll_100': 0.6, 'sig_install': 0.7, 'epoll_100': 0.7, 'clock_gettime': 1.0, BOOT: 0.05, MEMORY: 16 / 74}
SHORTEST_RUN_NS = {'icount': 5_000_000, 'tcg': 40_000_000}


class Side:
    """One of the two kernels on one ISA."""

    def __init__(self, isa, is_ours):
        self.isa, self.is_ours = isa, is_ours
        self.kernel = qemu.image(isa) if is_ours else TOP / 'build/linux' / isa / 'vmlinuz'
        if not self.kernel.exists():
            sys.exit(f'bench: {self.kernel} is missing')

    @property
    def name(self):
        if self.is_ours:
            return 'halcyon'
        return 'Linux ' + '.'.join((self.kernel.parent / 'release').read_text().split('.')[:2])

    def command(self, initrd, arguments, memory, more=(), smp=1):
        """To boot with /init of that archive as the first process."""
        parameters = [] if self.is_ours else ['console=ttyS0', 'quiet', 'panic=-1', 'tsc=reliable']
        append = ' '.join([*parameters, '--', *arguments])
        return qemu.arguments(self.isa, self.kernel, initrd, append, smp=smp, memory=memory, more=[*CPU[self.isa], *more])


def run_machine(command, timeout, until=None):
    """What the serial line said; with `until`, only to where that appears. None if the time ran out."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        if until is None:
            return process.communicate(timeout=timeout)[0]
        return read_until(process, until, timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        process.kill()
        process.wait()


def read_until(process, until, timeout):
    timer = threading.Timer(timeout, process.kill)
    timer.start()
    text = b''
    try:
        while until not in text and (data := process.stdout.read1(4096)):
            text += data
        return text
    finally:
        timer.cancel()


def parse_figures(text, names):
    figures = {}
    for line in text.decode(errors='replace').splitlines():
        words = line.split()
        if len(words) == 2 and words[0] in names:
            figures[words[0]] = float(words[1])
    return figures


def make_initrd(isa, folder):
    """With the benchmark program as /init."""
    archive = initramfs.Archive()
    for path in ('dev', 'proc', 'tmp'):
        archive.add(path, 0o40755)
    archive.add('dev/console', 0o20600, special=(5, 1))
    archive.add_file('init', program.benchmark(isa).read_bytes(), 0o755)
    initrd = pathlib.Path(folder) / f'bench-{isa}'
    initrd.write_bytes(archive.bytes())
    return initrd


def measure(side, names, mode, folder):
    """Nanoseconds of a run by name; under icount, instructions."""
    initrd = make_initrd(side.isa, folder)
    arguments = ['--init', f'--for={SHORTEST_RUN_NS[mode]}', *(name for name in names if name in LOOPS)]
    text = run_machine(side.command(initrd, arguments, '256M', ICOUNT if mode == 'icount' else []), timeout=600)
    figures = parse_figures(text or b'', names)
    missing = set(names) - set(figures)
    if missing:
        sys.stderr.buffer.write((text or b'(no end in time)')[-2000:])
        sys.exit(f'bench: {side.name} on {side.isa}: no figure of {", ".join(sorted(missing))}')
    return figures


def find_smallest_memory(side, rootfs, folder):
    """In MiB, of what boots to a busybox shell that runs two commands."""
    archive = initramfs.Archive()
    archive.add_tree(rootfs / side.isa)
    archive.add('dev/console', 0o20600, special=(5, 1))
    archive.add_file('init', b'#!/bin/sh\necho shell-$((40 + 2))\npoweroff -f\n', 0o755)
    initrd = pathlib.Path(folder) / f'shell-{side.isa}'
    initrd.write_bytes(archive.bytes())

    def boots(mebibytes):
        return b'shell-42' in (run_machine(side.command(initrd, [], f'{mebibytes}M'), 60, b'shell-42') or b'')

    most, least = 256, 0  # does, does not
    if not boots(most):
        sys.exit(f'bench: {side.name} on {side.isa} does not boot with {most} MiB')
    while most - least > 1:
        middle = (most + least) // 2
        most, least = (middle, least) if boots(middle) else (most, middle)
    return float(most)


class Table:
    """Figures of both sides by name and mode."""

    def __init__(self, isa, sides):
        self.isa, self.sides = isa, sides
        self.figures = {'icount': ({}, {}), 'tcg': ({}, {})}

    def verdict(self, name, ratio):
        limit = {'x86_64': LIMITS, 'riscv64': {}}[self.isa].get(name)
        return ('', '') if limit is None else (f'{limit:.3g}', 'ok' if round(ratio, 3) <= round(limit, 3) else 'MISSED')

    def row(self, name, mode):
        ours, linux = (side.get(name) for side in self.figures[mode])
        if ours is None or linux is None:
            return ['', '', '']
        return [f'{ours:,.0f}', f'{linux:,.0f}', f'{ours / linux:.3f}']

    def markdown(self):
        ours, linux = (side.name for side in self.sides)
        lines = [f'| {self.isa} | {ours}, instructions | {linux} | ratio | at most | | {ours}, ns | {linux} | ratio |',
                 '|---|---:|---:|---:|---:|---|---:|---:|---:|']
        for name in [*LOOPS, BOOT, MEMORY]:
            counted, timed = self.row(name, 'icount'), self.row(name, 'tcg')
            if not any(counted + timed):
                continue
            verdict = self.verdict(name, float(counted[2])) if counted[2] else ('', '')
            lines.append(f'| {name}{" (MiB)" if name == MEMORY else ""} | {" | ".join([*counted, *verdict, *timed])} |')
        return '\n'.join(lines)


def measure_isa(isa, names, options, folder):
    sides = Side(isa, True), Side(isa, False)
    table = Table(isa, sides)
    loops = [name for name in names if name != MEMORY]
    for mode, rounds in (('icount', 1), ('tcg', options.rounds)):
        if not loops or mode not in options.mode:
            continue
        runs = [[measure(side, loops, mode, folder) for side in sides] for _ in range(rounds)]
        for index in range(2):
            for name in loops:
                table.figures[mode][index][name] = statistics.median(run[index][name] for run in runs)
    if MEMORY in names:
        for index, side in enumerate(sides):
            table.figures['icount'][index][MEMORY] = find_smallest_memory(side, options.rootfs, folder)
    return table


def main():
    parser = argparse.ArgumentParser(prog='./dev bench linux', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME', help='only these: ' + ', '.join([*LOOPS, BOOT, MEMORY]))
    parser.add_argument('--isa', action='append', choices=qemu.ISAS, help='only this one')
    parser.add_argument('--mode', action='append', choices=['icount', 'tcg'], help='only this one')
    parser.add_argument('--rounds', type=int, default=3, help='runs of each side under plain TCG (default 3)')
    parser.add_argument('--rootfs', type=pathlib.Path, default=TOP / 'build/rootfs', help='where the busybox roots are')
    options = parser.parse_args()
    options.mode = options.mode or ['icount', 'tcg']
    unknown = set(options.names) - set(LOOPS) - {BOOT, MEMORY}
    if unknown:
        parser.error(f'unknown: {", ".join(sorted(unknown))}')
    names = options.names or [*LOOPS, BOOT, MEMORY]
    with tempfile.TemporaryDirectory(prefix='halcyon-bench-') as folder:
        for isa in options.isa or qemu.ISAS:
            print(measure_isa(isa, names, options, folder).markdown(), end='\n\n', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
