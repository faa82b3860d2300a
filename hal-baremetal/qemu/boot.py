#!/usr/bin/env python3
"""Boots the bare kernel in QEMU: to a shell on this terminal, of which Ctrl-A x ends the machine, or to run one command and exit with its
status."""
import argparse
import pathlib
import shutil
import sys
import tempfile
import termios
import tty

import iso
import payload
import qemu
import symbols
from payload import OWN_FAILURE, TIMED_OUT, Failure


def parse_arguments(words):
    words, command = payload.split_command(words)
    parser = argparse.ArgumentParser(prog='./dev boot', usage='./dev boot ISA [OPTIONS] [-- COMMAND...]', description=__doc__)
    parser.add_argument('isa', choices=qemu.ISAS)
    parser.add_argument('--smp', type=int, default=1, metavar='N', help='number of CPUs')
    parser.add_argument('--memory', default='256M', metavar='SIZE', help='RAM, as QEMU writes it (default: 256M)')
    payload.add_options(parser)
    parser.add_argument('--disk', metavar='IMAGE', help='a raw disk image for a virtio disk')
    parser.add_argument('--gdb', nargs='?', const=1234, type=int, metavar='PORT', help='the debug build; wait for gdb on this port (default: 1234)')
    parser.add_argument('--iso', action='store_true', help='x86_64: from an image as ./dev image writes it, by firmware and GRUB')
    parser.add_argument('--firmware', choices=qemu.FIRMWARES, help='with --iso: whose firmware (default: bios)')
    parser.add_argument('--kernel', type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument('--timeout', type=float, metavar='SECONDS', help='give up after this time, with status 124')
    parser.add_argument('--qemu', action='append', default=[], metavar='WORD', help='one more argument of QEMU')
    options = parser.parse_args(words)
    options.command = command
    if options.iso and options.isa != 'x86_64':
        parser.error('--iso is for x86_64')
    if options.firmware and not options.iso:
        parser.error('--firmware goes with --iso')
    return options


def qemu_command(options, kernel, folder):
    window = []
    if sys.stdin.isatty():
        columns, rows = shutil.get_terminal_size()
        window.append(f'winsize={rows}x{columns}')
    what = payload.Payload(options, folder, window)
    machine = {'smp': options.smp, 'memory': options.memory, 'disk': options.disk, 'gdb': options.gdb, 'more': options.qemu}
    if not options.iso:
        return qemu.arguments(options.isa, kernel, what.initrd, what.command_line, **machine)
    if options.firmware == 'uefi' and not qemu.UEFI_CODE.exists():
        raise Failure(OWN_FAILURE, f'{qemu.UEFI_CODE} is missing (package ovmf): ./dev setup')
    image = pathlib.Path(folder) / 'halcyon.iso'
    iso.write(image, kernel, what)
    return qemu.image_arguments(image, options.firmware or 'bios', **machine)


def boot(options, folder):
    kernel = payload.find_kernel(options.isa, options.kernel, is_debug=options.gdb is not None)
    words = qemu_command(options, kernel, folder)
    if options.gdb:
        print(f'boot: waiting for: gdb-multiarch -x {qemu.TOP}/cli/gdb/halcyon-gdb.py {kernel} -ex "target remote :{options.gdb}"', file=sys.stderr)
    return run(words, options, kernel)


def run(words, options, kernel):
    names = symbols.Symbols(kernel, qemu.TOP)
    out = sys.stdout.buffer

    def write(data):
        out.write(data)
        out.flush()

    serial = qemu.SerialFilter(write, names, options.verbose, not sys.stdout.isatty())
    try:
        status = qemu.run(words, serial, qemu.Input(0, sys.stdin.isatty()), options.timeout)
    except qemu.Timeout:
        raise Failure(TIMED_OUT, f'no end after {options.timeout:g} s')
    finally:
        names.close()
    if serial.status is not None:
        return serial.status
    if serial.is_panic:
        raise Failure(OWN_FAILURE, 'the kernel panicked')
    if serial.is_halted:
        return 0
    raise Failure(OWN_FAILURE, f'the machine ended without an exit line (QEMU: status {status})')


def main():
    """With --check as the first word it only reads the others."""
    only_check = sys.argv[1:2] == ['--check']
    options = parse_arguments(sys.argv[1 + only_check:])
    if only_check:
        return 0
    settings = termios.tcgetattr(0) if sys.stdin.isatty() else None
    if settings:
        tty.setraw(0)
    try:
        with tempfile.TemporaryDirectory(prefix='halcyon-boot-') as folder:
            return boot(options, folder)
    except Failure as failure:
        print(f'boot: {failure}', file=sys.stderr)
        return failure.status
    finally:
        if settings:
            termios.tcsetattr(0, termios.TCSADRAIN, settings)


if __name__ == '__main__':
    sys.exit(main())
