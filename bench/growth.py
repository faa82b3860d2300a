#!/usr/bin/env python3
"""./dev bench growth: what calls cost where there are many processes, threads, descriptors, mappings, names, timers, epoll items, mounts or
pages of a file, on the hosted kernel and on this machine's Linux in the same run, and how that grows: the exponent is the slope from 1,000
to the largest count, of the logarithm of the cost over that of the count; 1 is linear, 0 is flat. Below 1,000 what is measured is mostly the
call itself. A count that a kernel does not give is shown as what it gave. Mounts need root.
"""
import argparse
import math
import os
import pathlib
import subprocess
import sys

import program

TOP = pathlib.Path(__file__).resolve().parent.parent
KINDS = ['processes', 'threads', 'fds', 'maps', 'names', 'timers', 'epoll', 'mounts', 'pages']
COUNTS = [10, 1000, 100_000]


def costs(command, kind, count, patience):
    """Nanoseconds by name, and how many there were; ({}, None) where it could not be done."""
    try:
        done = subprocess.run([*map(str, command), kind, str(count)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patience)
    except subprocess.TimeoutExpired:
        print(f'bench: {kind}, {count}: not done in {patience} s', file=sys.stderr)
        return {}, None
    if done.returncode != 0:
        print(f'bench: {kind}, {count}: status {done.returncode} {done.stderr.strip()}', file=sys.stderr)
        return {}, None
    figures = {name: float(value) for name, value in (line.split() for line in done.stdout.splitlines())}
    return figures, int(figures.pop('have', count))


def exponent(points):
    """Of (count, cost), from the middle to the largest."""
    if len(points) < 2 or points[-1][0] <= points[-2][0]:
        return None
    (small, cheap), (large, dear) = points[-2:]
    return math.log(dear / cheap) / math.log(large / small)


def row(side, kind, name, measured):
    cells = []
    points = []
    for count, (figures, had) in measured.items():
        if name not in figures:
            cells.append('-')
            continue
        points.append((had, figures[name]))
        cells.append(f'{figures[name] / 1000:,.2f}' + (f' ({had:,})' if had != count else ''))
    slope = exponent(points)
    return f'| {kind} | {name} | {side} | {" | ".join(cells)} | {"-" if slope is None else f"{slope:.2f}"} |'


def main():
    parser = argparse.ArgumentParser(prog='./dev bench growth', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('kinds', nargs='*', metavar='KIND', help='only these: ' + ', '.join(KINDS))
    parser.add_argument('--counts', type=lambda text: [int(word) for word in text.split(',')], default=COUNTS, help='instead of 10,1000,100000')
    parser.add_argument('--patience', type=int, default=600, metavar='SECONDS', help='for one count (default 600)')
    parser.add_argument('--memory', default='12G', help="the guest's (default 12G, of which it takes what it needs)")
    parser.add_argument('--halcyon', type=pathlib.Path, default=TOP / 'build/hosted/halcyon', help='the program to measure')
    options = parser.parse_args()
    for kind in options.kinds:
        if kind not in KINDS:
            parser.error(f'unknown kind {kind}; there are {", ".join(KINDS)}')
    growth = program.compile_program('growth', 'growth')
    sides = {'halcyon': [options.halcyon.resolve(), 'run', '--memory', options.memory, '--env', 'GROWTH_DIR=/dev/shm', '--', growth],
             'linux': ['env', 'GROWTH_DIR=/dev/shm', growth]}
    print('| many | call | on | ' + ' | '.join(f'{count:,}' for count in options.counts) + ' | exponent |')
    print('|---|---|---|' + '---:|' * len(options.counts) + '---:|')
    for kind in options.kinds or KINDS:
        measured = {side: {count: costs(command, kind, count, options.patience) for count in options.counts} for side, command in sides.items()}
        names = list(dict.fromkeys(name for by_count in measured.values() for figures, _ in by_count.values() for name in figures))
        for name in names:
            for side in sides:
                print(row(side, kind, name, measured[side]), flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
