#!/usr/bin/env python3
"""./dev bench: speed and memory of the hosted kernel, as ratios to qemu user emulation (qemu-x86_64) in the same run.

Both run the same static program; qemu passes its system calls on to the host's kernel. Each figure is the median of several runs, taken by
turns and pinned to one CPU. A program that qemu's guest executes runs natively, outside qemu: so it is in fork_exec.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import program

TOP = pathlib.Path(__file__).resolve().parent.parent
# The most that the ratio may be, by name; the others are only shown.
LIMITS = {'getpid': 0.6, 'sched_yield': 0.5, 'futex_ping_pong': 0.5, 'pipe_ping_pong': 0.6, 'open_close': 0.6, 'stat': 0.6, 'create_unlink': 0.6,
          'mmap_munmap': 0.6, 'poll_100': 0.6, 'signal': 0.4, 'page_touch': 0.4, 'fork_exit': 0.05, 'fork_exec': 0.3, 'compute': 2.0,
          'memset_64k': 0.35, 'memcpy_64k': 0.45, 'start_to_exit': 1.0, 'start_memory': 2.0}
QEMU = 'qemu-x86_64'


class Row:
    def __init__(self, name, unit, ours, peers):
        self.name, self.unit, self.ours, self.peers = name, unit, ours, peers
        self.ratio = ours / peers
        self.limit = LIMITS.get(name)

    def verdict(self):
        if self.limit is None:
            return ''
        return 'ok' if self.ratio <= self.limit else 'MISSED'


def pinned(command):
    """On one CPU, the last one that we may use: the first is the one that takes most interrupts."""
    return ['taskset', '-c', str(max(os.sched_getaffinity(0))), *map(str, command)]


def output_of(command, environment, timeout=120):
    done = subprocess.run(pinned(command), env=dict(os.environ, **environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=timeout)
    if done.returncode != 0:
        sys.exit(f'bench: {" ".join(map(str, command))}: status {done.returncode}\n{done.stderr}')
    return done.stdout


def time_loop(name, bench, halcyon, rounds):
    """Nanoseconds per round of a named loop of a benchmark program, for both."""
    environment = {'BENCH_DIR': '/dev/shm', 'BENCH_SELF': str(bench)}
    guest = [word for key, value in environment.items() for word in ('--env', f'{key}={value}')]
    sides = {'ours': [halcyon, 'run', *guest, '--', bench, name], 'peers': [QEMU, bench, name]}
    figures = {side: [] for side in sides}
    for _ in range(rounds):
        for side, command in sides.items():
            figures[side].append(float(output_of(command, environment).split()[1]))
    return Row(name, 'ns', statistics.median(figures['ours']), statistics.median(figures['peers']))


def run_once(command):
    """Seconds from start to exit, and the most memory, in KiB."""
    start = time.perf_counter()
    process = subprocess.Popen(pinned(command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f'bench: {" ".join(map(str, command))}: status {process.returncode}')
    return elapsed, usage.ru_maxrss


def time_start(rootfs, halcyon, rounds):
    """`busybox true`, the stored root as the guest's."""
    sides = {'ours': [halcyon, 'run', '--root', rootfs / 'x86_64', '--', '/bin/busybox', 'true'],
             'peers': [QEMU, rootfs / 'x86_64/bin/busybox', 'true']}
    seconds = {side: [] for side in sides}
    memory = {side: [] for side in sides}
    for _ in range(4 * rounds):
        for side, command in sides.items():
            elapsed, most = run_once(command)
            seconds[side].append(elapsed * 1e6)
            memory[side].append(most)
    return [Row('start_to_exit', 'us', statistics.median(seconds['ours']), statistics.median(seconds['peers'])),
            Row('start_memory', 'KiB', statistics.median(memory['ours']), statistics.median(memory['peers']))]


def check_capacity(halcyon):
    """What must fit into 512 MiB; returns lines."""
    capacity = program.compile_program('capacity', 'capacity')
    lines = []
    for what, count in (('processes', 1000), ('files', 200000)):
        start = time.perf_counter()
        text = output_of([halcyon, 'run', '--memory', '512M', '--', capacity, what, count], {})
        outcome = 'ok' if text.strip() == 'ok' else 'MISSED'
        lines.append((f'{count:,} {"sleeping processes" if what == "processes" else "open files"} in 512 MiB', f'{time.perf_counter() - start:.2f} s', outcome))
    return lines


def as_markdown(rows, capacities):
    lines = ['| what | halcyon | qemu-x86_64 | ratio | at most | |', '|---|---:|---:|---:|---:|---|']
    for row in rows:
        limit = '' if row.limit is None else f'{row.limit:g}'
        lines.append(f'| {row.name} | {row.ours:,.0f} {row.unit} | {row.peers:,.0f} {row.unit} | {row.ratio:.3f} | {limit} | {row.verdict()} |')
    lines += ['', '| what | time | |', '|---|---:|---|'] + [f'| {" | ".join(line)} |' for line in capacities]
    return '\n'.join(lines)


def main():
    parser = argparse.ArgumentParser(prog='./dev bench', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME', help='only these: ' + ', '.join(LIMITS) + ', capacity, ...')
    parser.add_argument('--halcyon', type=pathlib.Path, default=TOP / 'build/hosted/halcyon', help='the program to measure')
    parser.add_argument('--rootfs', type=pathlib.Path, default=TOP / 'build/rootfs', help='where the busybox roots are')
    parser.add_argument('--rounds', type=int, default=5, help='runs of each side per figure (default 5)')
    options = parser.parse_args()
    for tool in (QEMU, 'musl-gcc', 'gcc', 'taskset'):
        if not shutil.which(tool):
            sys.exit(f'bench: {tool} is missing; ./dev setup installs it')
    halcyon, rootfs = options.halcyon.resolve(), options.rootfs.resolve()
    bench = program.benchmark()
    loops = {name: each for each in (bench, program.strings()) for name in output_of([each, '--list'], {}).split()}
    known = set(loops) | {'start_to_exit', 'start_memory', 'capacity'}
    for name in options.names:
        if name not in known:
            sys.exit(f'bench: unknown name {name}; there are {", ".join(sorted(known))}')
    wanted = set(options.names) or known
    rows = [time_loop(name, each, halcyon, options.rounds) for name, each in loops.items() if name in wanted]
    if wanted & {'start_to_exit', 'start_memory'}:
        rows += time_start(rootfs, halcyon, options.rounds)
    print(as_markdown(rows, check_capacity(halcyon) if 'capacity' in wanted else []))
    return 0


if __name__ == '__main__':
    sys.exit(main())
