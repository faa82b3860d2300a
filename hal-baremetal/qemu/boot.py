#!/usr/bin/env python3
"""Boots the bare kernel in QEMU: to a shell on this terminal, of which Ctrl-A x ends the machine, or to run one command and exit with its
status."""
import argparse
import os
import pathlib
import shutil
import sys
import tempfile
import termios
import tty

import initramfs
import qemu
import symbols

OWN_FAILURE, NOT_FOUND, TIMED_OUT = 125, 127, 124
SEARCHED = ('bin', 'sbin', 'usr/bin', 'usr/sbin')


class Failure(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def parse_arguments(words):
    command = []
    if '--' in words:
        at = words.index('--')
        words, command = words[:at], words[at + 1:]
    parser = argparse.ArgumentParser(prog='./dev boot', usage='./dev boot ISA [OPTIONS] [-- COMMAND...]', description=__doc__)
    parser.add_argument('isa', choices=qemu.ISAS)
    parser.add_argument('--smp', type=int, default=1, metavar='N', help='number of CPUs')
    parser.add_argument('--memory', default='256M', metavar='SIZE', help='RAM, as QEMU writes it (default: 256M)')
    parser.add_argument('--initrd', type=pathlib.Path, metavar='FILE', help='initramfs, or a folder to make one of (default: the busybox of ./dev rootfs)')
    parser.add_argument('--append', default='', metavar='TEXT', help='more of the kernel\'s command line')
    parser.add_argument('--disk', metavar='IMAGE', help='a raw disk image for a virtio disk')
    parser.add_argument('--gdb', nargs='?', const=1234, type=int, metavar='PORT', help='wait for gdb on this port (default: 1234)')
    parser.add_argument('--kernel', type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument('--timeout', type=float, metavar='SECONDS', help='give up after this time, with status 124')
    parser.add_argument('-v', '--verbose', action='store_true', help='show the firmware\'s lines and all of the kernel\'s')
    parser.add_argument('--qemu', action='append', default=[], metavar='WORD', help='one more argument of QEMU')
    options = parser.parse_args(words)
    options.command = command
    return options


def find_program(name, root):
    """The guest's path of a command."""
    if '/' in name:
        return name
    for folder in SEARCHED:
        if root and os.path.lexists(root / folder / name):
            return f'/{folder}/{name}'
    raise Failure(NOT_FOUND, f'{name}: not found; give its path in the guest')


def prepare_initrd(options, folder):
    """The archive to boot from, and the folder that it was made of if there is one."""
    source = options.initrd or qemu.TOP / 'build/rootfs' / options.isa
    if source.is_file():
        return source, None
    if not source.is_dir():
        raise Failure(OWN_FAILURE, f'{source}: there is no such archive or folder')
    target = pathlib.Path(folder) / 'initramfs'
    target.write_bytes(initramfs.of_tree(source))
    return target, source


def make_parameters(options, is_interactive):
    parameters = []
    if options.verbose:
        parameters.append('loglevel=7')
    if is_interactive:
        columns, rows = shutil.get_terminal_size()
        parameters.append(f'winsize={rows}x{columns}')
    if options.append:
        parameters.append(options.append)
    return parameters


def boot(options, folder):
    kernel = options.kernel or qemu.image(options.isa)
    if not kernel.exists():
        raise Failure(OWN_FAILURE, f'{kernel} is missing: ./dev build bare')
    initrd, root = prepare_initrd(options, folder)
    is_interactive = sys.stdin.isatty()
    command = list(options.command)
    if command:
        command[0] = find_program(command[0], root)
    elif 'init=' not in options.append and root and not (root / 'init').exists() and not (root / 'sbin/init').exists():
        command = ['/bin/sh', '-l']
    append = qemu.command_line(make_parameters(options, is_interactive), command)
    words = qemu.arguments(options.isa, kernel, initrd, append, options.smp, options.memory, options.disk, options.gdb, options.qemu)
    if options.gdb:
        print(f'boot: waiting for: gdb{"" if options.isa == "x86_64" else "-multiarch"} {kernel} -ex "target remote :{options.gdb}"', file=sys.stderr)
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
    options = parse_arguments(sys.argv[1:])
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
