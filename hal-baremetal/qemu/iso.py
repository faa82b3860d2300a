"""Writes an image that PCs boot from, by BIOS and by UEFI, burnt to a disc or copied as it is to a USB stick: GRUB, the kernel, an
initramfs, and a menu of one entry.

grub-mkrescue (grub-common) does it, with GRUB's parts of grub-pc-bin and grub-efi-amd64-bin, xorriso for the file system, mtools for UEFI's
partition. Only the modules that the menu needs go in. Every date in the image is SOURCE_DATE_EPOCH, or that of the kernel's file, and the serial
number of UEFI's partition is always the same, so that the same kernel and files give the same image.
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import qemu
from payload import OWN_FAILURE, Failure

MODULES = ('normal', 'multiboot2', 'iso9660', 'fat', 'search', 'serial', 'terminal', 'test', 'echo', 'all_video', 'gfxterm', 'halt', 'reboot', 'sleep',
           # UEFI's GRUB loads these, whatever it needs.
           'part_acorn', 'part_amiga', 'part_apple', 'part_bsd', 'part_dfly', 'part_dvh', 'part_gpt', 'part_msdos', 'part_plan', 'part_sun', 'part_sunpc')
TOOLS = {'grub-mkrescue': 'grub-common', 'xorriso': 'xorriso', 'mformat': 'mtools', 'llvm-objcopy-19': 'llvm-19'}
PLATFORMS = {'i386-pc': 'grub-pc-bin', 'x86_64-efi': 'grub-efi-amd64-bin'}
GRUB_FOLDER = pathlib.Path('/usr/lib/grub')

MENU = """\
# Both the screen and, where there is one, the first serial line.
if serial --unit=0 --speed=115200; then
  terminal_input --append serial
  terminal_output --append serial
fi
insmod all_video
set default=0
set timeout={timeout}
menuentry 'Halcyon' {{
  multiboot2 /boot/halcyon.elf {arguments}
  module2 /boot/initramfs
}}
"""


def missing():
    """The packages without which no image can be made."""
    tools = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    return tools + [package for platform, package in PLATFORMS.items() if not (GRUB_FOLDER / platform / 'multiboot2.mod').exists()]


def quote(word):
    """A word of the kernel's command line as GRUB's script language has it. GRUB then puts what has spaces into double quotes and a backslash
    before quotes and backslashes, as the kernel's command line wants it."""
    if not word or (re.search(r'\s', word) and ' ' not in word):
        raise Failure(OWN_FAILURE, f'GRUB cannot pass on {"a word of white space, but no space" if word else "an empty word"}')
    if re.fullmatch(r'[\w./=:,@%+-]+', word, re.ASCII):
        return word
    return "'" + word.replace("'", "'\\''") + "'"


def menu(payload, timeout):
    words = [word for parameter in payload.parameters for word in qemu.words(parameter)]
    if payload.command:
        words += [f'init={payload.command[0]}', '--', *payload.command[1:]]
    return MENU.format(timeout=timeout, arguments=' '.join(map(quote, words)))


def write(target, kernel, payload, timeout=0):
    """Writes the image to `target`. `timeout`: how many seconds the menu waits for a key."""
    if absent := missing():
        raise Failure(OWN_FAILURE, f'an image needs the packages {" ".join(absent)}: ./dev setup')
    date = int(os.environ.get('SOURCE_DATE_EPOCH', kernel.stat().st_mtime))
    with tempfile.TemporaryDirectory(prefix='halcyon-iso-') as folder:
        tree = pathlib.Path(folder) / 'tree'
        (tree / 'boot/grub').mkdir(parents=True)
        # Its debug information would only take room.
        subprocess.run(['llvm-objcopy-19', '--strip-debug', kernel, tree / 'boot/halcyon.elf'], check=True)
        shutil.copyfile(payload.initrd, tree / 'boot/initramfs')
        (tree / 'boot/grub/grub.cfg').write_text(menu(payload, timeout))
        run_grub(target, tree, date, fixed_mformat(folder))


def fixed_mformat(folder):
    """A folder for the front of PATH, with an mformat that does not make up a serial number."""
    programs = pathlib.Path(folder) / 'programs'
    programs.mkdir()
    wrapper = programs / 'mformat'
    wrapper.write_text(f'#!/bin/sh\nexec {shutil.which("mformat")} -N 48414c43 "$@"\n')
    wrapper.chmod(0o755)
    return programs


def run_grub(target, tree, date, programs):
    stamp = time.strftime('%Y%m%d%H%M%S00', time.gmtime(date))
    modules = ' '.join(MODULES)
    command = ['grub-mkrescue', f'--output={target}', f'--install-modules={modules}', '--fonts=', '--locales=', '--themes=', tree, '--', '-volid', 'HALCYON',
               '-volume_date', 'uuid', stamp, '-volume_date', 'all_file_dates', f'={date}']
    environment = dict(os.environ, SOURCE_DATE_EPOCH=str(date), TZ='UTC', PATH=f'{programs}:{os.environ["PATH"]}')
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Failure(OWN_FAILURE, f'{done.stdout}grub-mkrescue failed')
