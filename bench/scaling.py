#!/usr/bin/env python3
"""./dev bench scaling: what two CPUs of the bare kernel do against one, next to what two CPUs of this machine do with a loop that only computes.

Work is held against the CPU time of this machine that it took, since other programs' work would show in any other clock: if two processes
together take no more time for each round than one process alone, the figure is 2. QEMU runs each CPU on a thread. Medians of several turns,
this machine's before and after the guests'.
"""
import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

import linux
import program
import qemu

LOOPS = ['getpid', 'page_touch', 'open_close']
MARKS = ('alone', 'pair', 'over')
SPIN_ROUNDS, SPIN_TURNS = 300_000, 5
SHARE = 0.9  # of the host's figure, that the guest must reach


def cpu_time(pid):
    """Seconds that all threads of a process have run."""
    total = 0
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        try:
            total += int((task / 'schedstat').read_text().split()[0])
        except OSError:
            pass  # it has just ended
    return total / 1e9


def spin(processes):
    """Seconds of CPU time of the loop in so many processes of this machine, on a CPU each."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpus = sorted(os.sched_getaffinity(0))
    running = [subprocess.Popen(['taskset', '-c', str(cpus[index % len(cpus)]), program.benchmark(), f'--rounds={SPIN_ROUNDS}', 'spin'])
               for index in range(processes)]
    for process in running:
        if process.wait() != 0:
            sys.exit('bench: the loop on this machine failed')
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def host_ratios():
    return [4 * spin(1) / spin(2) for _ in range(SPIN_TURNS)]


def guest_ratios(side, folder):
    """Ratios of all turns by name."""
    initrd = linux.make_initrd(side.isa, folder)
    command = side.command(initrd, ['--init', '--pairs', *LOOPS], '256M', ['-accel', 'tcg,thread=multi'], smp=2)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    ratios = {name: [] for name in LOOPS}
    used, began, kind = {}, 0, None
    try:
        for line in process.stdout:
            words = line.decode(errors='replace').split()
            if len(words) != 2 or words[0] not in LOOPS or words[1] not in MARKS:
                continue
            now = cpu_time(process.pid)
            if words[1] != 'over':
                began, kind = now, words[1]
                continue
            used[kind] = now - began
            if kind == 'pair':
                ratios[words[0]].append(4 * used['alone'] / used['pair'])
    finally:
        process.kill()
        process.wait()
    if not all(ratios.values()):
        sys.exit(f'bench: {side.name} on {side.isa} did not come to its end')
    return ratios


def main():
    parser = argparse.ArgumentParser(prog='./dev bench scaling', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--isa', action='append', choices=qemu.ISAS, help='only this one')
    parser.add_argument('--linux', action='store_true', help='measure Linux, too')
    options = parser.parse_args()
    lines = ['| what | two CPUs over one | at least | |', '|---|---:|---:|---|']
    missed = False
    with tempfile.TemporaryDirectory(prefix='halcyon-bench-') as folder:
        host = host_ratios()
        sides = [linux.Side(isa, is_ours) for isa in options.isa or qemu.ISAS for is_ours in ([True, False] if options.linux else [True])]
        measured = [(side, guest_ratios(side, folder)) for side in sides]
        host += host_ratios()
    least = SHARE * statistics.median(host)
    lines.append(f'| this machine, a loop that only computes | {statistics.median(host):.2f} | | |')
    for side, ratios in measured:
        for name in LOOPS:
            ratio = statistics.median(ratios[name])
            verdict = ('ok' if ratio >= least else 'MISSED') if side.is_ours else ''
            missed |= verdict == 'MISSED'
            lines.append(f'| {side.name}, {side.isa}, {name} | {ratio:.2f} | {f"{least:.2f}" if side.is_ours else ""} | {verdict} |')
    print('\n'.join(lines))
    return int(missed)


if __name__ == '__main__':
    sys.exit(main())
