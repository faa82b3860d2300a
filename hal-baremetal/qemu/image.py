#!/usr/bin/env python3
"""Writes an image to boot a PC from, of the kernel, an initramfs and GRUB; BIOS and UEFI, disc and USB stick. Prints its path."""
import argparse
import pathlib
import sys
import tempfile

import iso
import payload
import qemu


def parse_arguments(words):
    words, command = payload.split_command(words)
    parser = argparse.ArgumentParser(prog='./dev image', usage='./dev image x86_64 --iso [OPTIONS] [-- COMMAND...]', description=__doc__)
    parser.add_argument('isa', choices=['x86_64'])
    parser.add_argument('--iso', action='store_true', required=True, help='the kind of image: ISO 9660 with a partition table, for BIOS and UEFI')
    parser.add_argument('--output', type=pathlib.Path, default=qemu.TOP / 'build/halcyon-x86_64.iso', metavar='FILE', help='(default: build/halcyon-x86_64.iso)')
    parser.add_argument('--menu-timeout', type=int, default=3, metavar='SECONDS', help='how long the boot menu waits (default: 3)')
    payload.add_options(parser)
    options = parser.parse_args(words)
    options.command = command
    return options


def main():
    options = parse_arguments(sys.argv[1:])
    try:
        kernel = payload.find_kernel(options.isa)
        with tempfile.TemporaryDirectory(prefix='halcyon-image-') as folder:
            iso.write(options.output, kernel, payload.Payload(options, folder), options.menu_timeout)
    except payload.Failure as failure:
        print(f'image: {failure}', file=sys.stderr)
        return failure.status
    print(options.output)
    return 0


if __name__ == '__main__':
    sys.exit(main())
