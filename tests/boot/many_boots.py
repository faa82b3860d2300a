#!/usr/bin/env python3
"""Boots both kernels again and again, half of the times with four CPUs: each boot must run a small script and end with its status, in time.

`many_boots.py --count 200` is the long run, by hand; CI makes a few. Prints a line for each that went wrong, one for each instruction set, and
'N passed, N failed'. Needs build/bare-x86_64 and build/bare-riscv64 (./dev build bare) and the rootfs (./dev rootfs)."""
import argparse
import concurrent.futures
import statistics
import sys
import time

import booting
import outcomes

SCRIPT = 'for n in 1 2 3 4; do (echo $n | cat) & done; wait; seq 1000 | sort -n | tail -n 1; exit {status}'
SUITE = 'boot/many_boots'
EXPECTED = ['1', '1000', '2', '3', '4']


def complaint(isa, number, cpus, limit):
    """Empty if boot `number` went well."""
    status = number % 100 + 1
    result = booting.boot(isa, '--smp', cpus, '--', '/bin/sh', '-c', SCRIPT.format(status=status), timeout=limit)
    if (result.returncode, sorted(result.stdout.split()), result.stderr) == (status, EXPECTED, ''):
        return ''
    return f'status {result.returncode} instead of {status}\n{result.stdout}{result.stderr}'


def boot_often(isa, options):
    """A record of each boot of one instruction set, one after the other."""
    seconds, records = {1: [], options.smp: []}, []
    for number in range(options.count):
        cpus = options.smp if number % 2 else 1
        start = time.monotonic()
        text = complaint(isa, number, cpus, options.limit)
        seconds[cpus].append(time.monotonic() - start)
        name = f'{isa} boot {number} with {cpus} CPUs'
        records.append(outcomes.record(SUITE, name, 'failed' if text else 'passed', seconds[cpus][-1], text))
        if text:
            print(f'FAILED {name}: {text}', flush=True)
    for cpus, all_of_them in seconds.items():
        if all_of_them:
            print(f'{isa}, {cpus} CPUs: {len(all_of_them)} boots of {min(all_of_them):.2f} to {max(all_of_them):.2f} s, '
                  f'median {statistics.median(all_of_them):.2f} s', flush=True)
    return records


def main():
    parser = argparse.ArgumentParser(description='Boots again and again.')
    parser.add_argument('--isa', action='append', choices=list(booting.KERNEL), help='only this instruction set (default: both, at once)')
    parser.add_argument('--count', type=int, default=200, help='boots per instruction set')
    parser.add_argument('--smp', type=int, default=4, metavar='N', help='CPUs of every second boot')
    parser.add_argument('--limit', type=float, default=booting.runner.PATIENCE, metavar='SECONDS', help='how long a boot may take')
    outcomes.add_options(parser)
    options = parser.parse_args()
    isas = [isa for isa in options.isa or booting.KERNEL if outcomes.chooser(options.filter)(f'{SUITE}.{isa}')]
    if options.list:
        print(*(f'{SUITE}.{isa}' for isa in isas), sep='\n', end='\n' if isas else '')
        return 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        records = [each for of_isa in pool.map(lambda isa: boot_often(isa, options), isas) for each in of_isa]
    if options.report:
        outcomes.write(options.report, records)
    print(outcomes.totals(records))
    return 1 if not records or any(each['status'] == 'failed' for each in records) else 0


if __name__ == '__main__':
    sys.exit(main())
