"""What is booted besides the kernel: the initramfs and the command line, from the options that `./dev boot` and `./dev image` share."""
import os
import pathlib

import initramfs
import qemu

OWN_FAILURE, NOT_FOUND, TIMED_OUT = 125, 127, 124
SEARCHED = ('bin', 'sbin', 'usr/bin', 'usr/sbin')


class Failure(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def split_command(words):
    """The options, and the command behind --."""
    if '--' not in words:
        return words, []
    at = words.index('--')
    return words[:at], words[at + 1:]


def add_options(parser):
    parser.add_argument('--initrd', type=pathlib.Path, metavar='FILE', help='initramfs, or a folder to make one of (default: the busybox of ./dev rootfs)')
    parser.add_argument('--append', default='', metavar='TEXT', help='more of the kernel\'s command line')
    parser.add_argument('-v', '--verbose', action='store_true', help='show the firmware\'s lines and all of the kernel\'s')


def find_kernel(isa, given=None, is_debug=False):
    kernel = given or qemu.image(isa, is_debug)
    if not kernel.exists():
        raise Failure(OWN_FAILURE, f'{kernel} is missing: ./dev build {"bare-debug" if is_debug else "bare"}')
    return kernel


def find_program(name, root):
    """The guest's path of a command."""
    if '/' in name:
        return name
    for folder in SEARCHED:
        if root and os.path.lexists(root / folder / name):
            return f'/{folder}/{name}'
    raise Failure(NOT_FOUND, f'{name}: not found; give its path in the guest')


class Payload:
    """`options`: of add_options(), and isa and command; `more`: further parameters. What has to be made is made in `folder`."""

    def __init__(self, options, folder, more=()):
        self.initrd, root = self._prepare_initrd(options, folder)
        self.parameters = ['loglevel=7'] if options.verbose else []
        self.parameters += more
        if options.append:
            self.parameters.append(options.append)
        self.command = list(options.command)
        if self.command:
            self.command[0] = find_program(self.command[0], root)
        elif 'init=' not in options.append and root and not (root / 'init').exists() and not (root / 'sbin/init').exists():
            self.command = ['/bin/sh', '-l']

    @staticmethod
    def _prepare_initrd(options, folder):
        """The archive to boot from, and the folder that it was made of if there is one."""
        source = options.initrd or qemu.TOP / 'build/rootfs' / options.isa
        if source.is_file():
            return source, None
        if not source.is_dir():
            raise Failure(OWN_FAILURE, f'{source}: there is no such archive or folder')
        target = pathlib.Path(folder) / 'initramfs'
        target.write_bytes(initramfs.of_tree(source))
        return target, source

    @property
    def command_line(self):
        return qemu.command_line(self.parameters, self.command)
