#!/usr/bin/env python3
"""Real programs on Halcyon, compared with the host's own Linux: one suite, five columns.

Every case under scripts/ (a busybox sh script) and programs/ (a C program) runs natively once, which is the oracle, then on the hosted kernel for
each instruction set and seed, and on the bare kernel in QEMU, booted once per instruction set. Standard output, standard error and exit status
must be equal. For riscv64 the oracle is the same busybox release, or the same C program, natively on x86_64: cases print nothing that names
the machine.

Lines at the top of a case say how it is to be run (suite/cases.py). The output ends with the matrix of what passed, whose lines begin with '|',
and the line 'N passed, N failed[, N skipped]'.
"""
import argparse
import concurrent.futures
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import outcomes  # noqa: E402
from suite import bare, build, cases, determinism, halcyon, native, report  # noqa: E402

KERNELS = ('hosted', 'bare')
SUITE = 'guest'


def parse_arguments():
    parser = argparse.ArgumentParser(description='Runs programs on Halcyon and on the host, and compares.')
    parser.add_argument('--isa', action='append', choices=build.ISAS, help='only this instruction set (default: both)')
    parser.add_argument('--on', action='append', choices=KERNELS, help='only this kernel (default: both, or with --deterministic hosted)')
    parser.add_argument('--smp', type=int, action='append', metavar='N', help='CPUs of the bare machine (default: 1); several: a column each')
    parser.add_argument('--cpus', type=int, default=1, help='simulated CPUs of the hosted kernel')
    parser.add_argument('--deterministic', action='store_true', help='run with --deterministic=SEED; see --seeds')
    parser.add_argument('--seeds', type=int, default=1, help='with --deterministic: seeds 1 to N')
    parser.add_argument('--halcyon', type=pathlib.Path, default=halcyon.BINARY, metavar='FILE', help='the hosted kernel (default: build/hosted/halcyon)')
    parser.add_argument('--jobs', type=int, default=2, help='cases that run at once')
    parser.add_argument('--slowest', type=int, default=0, metavar='N', help='show the N slowest runs')
    parser.add_argument('-v', '--verbose', action='store_true', help='name every run, and show whole differences')
    outcomes.add_options(parser)
    return parser.parse_args()


def plan(options, chosen, is_wanted):
    """The jobs: functions that each return a list of report.Outcome. The long ones come first."""
    isas = options.isa or build.ISAS
    kernels = options.on or (['hosted'] if options.deterministic else KERNELS)
    jobs = []
    if 'bare' in kernels:
        machines = [bare.Variant(isa, cpus) for cpus in options.smp or [1] for isa in isas]
        jobs += [lambda machine=machine: cases.check_bare(chosen, machine) for machine in machines]
    if 'hosted' in kernels:
        seeds = range(1, options.seeds + 1) if options.deterministic else [None]
        variants = [halcyon.Variant(isa, options.cpus, seed) for isa in isas for seed in seeds]
        jobs += [lambda case=case: cases.check_hosted(case, variants) for case in chosen]
        if not options.deterministic:
            jobs += [job for isa in isas for name, job in determinism.jobs(isa) if is_wanted(f'{SUITE}/{name}')]
    return jobs


def skip_what_has_no_oracle(chosen, summary, reason):
    summary.add([report.Outcome('native', case.name, skipped=reason) for case in chosen if not case.stored.exists()])
    return [case for case in chosen if case.stored.exists()]


def main():
    options = parse_arguments()
    start = time.monotonic()
    is_wanted = outcomes.chooser(options.filter)
    chosen = [case for case in cases.discover() if is_wanted(f'{SUITE}/{case.name}')]
    if options.list:
        print(*(f'{SUITE}/{case.name}' for case in chosen), sep='\n', end='\n' if chosen else '')
        return 0
    halcyon.BINARY = options.halcyon.resolve()
    build.prepare(options.isa or build.ISAS, options.jobs)
    summary = report.Summary(options.verbose)
    if reason := native.is_missing():
        chosen = skip_what_has_no_oracle(chosen, summary, reason)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(job) for job in plan(options, chosen, is_wanted)]):
            summary.add(done.result())
    if options.report:
        outcomes.write(options.report, summary.records(SUITE))
    summary.show_slowest(options.slowest)
    summary.show_matrix()
    print(f'{time.monotonic() - start:.1f} s')
    print(outcomes.totals(summary.records(SUITE)))
    return summary.status()


if __name__ == '__main__':
    try:
        sys.exit(main())
    except build.Failed as failure:
        print(failure)
        print('0 passed, 1 failed')
        sys.exit(1)
