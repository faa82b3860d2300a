"""How QEMU is asked to run the bare kernel, and what its serial line says.

The kernel begins with the line `halcyon: start`; what comes before is the firmware's. It ends with `halcyon: exit N`, if it ends well.
"""
import os
import pathlib
import re
import subprocess
import threading

TOP = pathlib.Path(__file__).resolve().parents[2]
ISAS = ('x86_64', 'riscv64')
START = b'halcyon: start'
EXIT = re.compile(rb'halcyon: exit (\d+)$')
PANIC = b'halcyon: panic'
HALTED = b'halcyon: halted'
PREFIX = b'halcyon: '


def image(isa, is_debug=False):
    return TOP / f'build/bare-{isa}{"-debug" if is_debug else ""}/halcyon.elf'


def quote(word):
    """A word of the kernel's command line (hal-baremetal/boot/command_line.h)."""
    if word and not re.search(r'[\s"\\]', word):
        return word
    return '"' + word.replace('\\', '\\\\').replace('"', '\\"') + '"'


def words(text):
    """The words of a kernel's command line: what quote() undone gives."""
    found = re.findall(r'(?:[^\s"\\]|\\.|\\$|"(?:[^"\\]|\\.)*(?:"|\\?$))+', text, re.DOTALL)
    return [re.sub(r'\\(.)|"', r'\1', word, flags=re.DOTALL) for word in found]


def command_line(parameters, command):
    """Parameters, and the program to run with its arguments instead of the initramfs's own init."""
    words = list(parameters)
    if command:
        words += [f'init={quote(command[0])}', '--', *map(quote, command[1:])]
    return ' '.join(words)


DISKS = {'x86_64': 'virtio-blk-pci', 'riscv64': 'virtio-blk-device'}


def machine(isa, smp=1, memory='256M', disk=None, gdb=None):
    """QEMU and its machine, without what it boots."""
    command = {
        'riscv64': ['qemu-system-riscv64', '-machine', 'virt', '-cpu', 'rv64', '-bios', 'default', '-global',
                    'virtio-mmio.force-legacy=false'],
        'x86_64': ['qemu-system-x86_64', '-machine', 'q35', '-cpu', 'max', '-accel', 'tcg', '-nodefaults', '-device',
                   'isa-debug-exit,iobase=0xf4,iosize=4'],
    }[isa]
    command += ['-smp', str(smp), '-m', memory, '-display', 'none', '-no-reboot',
                '-chardev', 'stdio,id=serial0,signal=off', '-serial', 'chardev:serial0', '-monitor', 'none']
    if disk:
        command += ['-drive', f'file={disk},format=raw,if=none,id=disk0', '-device', f'{DISKS[isa]},drive=disk0']
    if gdb:
        command += ['-S', '-gdb', f'tcp::{gdb}']
    return command


def arguments(isa, kernel, initrd, append, smp=1, memory='256M', disk=None, gdb=None, more=()):
    """QEMU itself loads the kernel."""
    command = machine(isa, smp, memory, disk, gdb) + ['-kernel', str(kernel), '-append', append]
    if initrd:
        command += ['-initrd', str(initrd)]
    return command + list(more)


FIRMWARES = ('bios', 'uefi')
# Where Debian's package ovmf has UEFI's code, and its variables as they are at first.
UEFI_CODE, UEFI_VARIABLES = pathlib.Path('/usr/share/OVMF/OVMF_CODE.fd'), pathlib.Path('/usr/share/OVMF/OVMF_VARS.fd')


def image_arguments(image, firmware='bios', smp=1, memory='256M', disk=None, gdb=None, more=(), is_stick=False):
    """A PC whose firmware boots from the image: a disc in its drive, or a USB stick."""
    command = machine('x86_64', smp, memory, disk, gdb)
    if firmware == 'uefi':
        for file in (UEFI_CODE, UEFI_VARIABLES):
            command += ['-drive', f'if=pflash,format=raw,unit={1 if file is UEFI_VARIABLES else 0},readonly=on,file={file}']
    command += ['-drive', f'if=none,id=medium,format=raw,readonly=on,file={image}']
    if is_stick:
        command += ['-device', 'qemu-xhci', '-device', 'usb-storage,drive=medium,bootindex=0']
    else:
        command += ['-device', 'ide-cd,drive=medium,bootindex=0']
    return command + list(more)


class SerialFilter:
    """Passes on what the kernel and its programs write: not the firmware's lines, nor the kernel's last. Text is held back only while it might
    be the beginning of the kernel's own words, so that a prompt shows at once."""

    def __init__(self, write, symbols=None, shows_all=False, converts=False):
        self.write, self.symbols, self.shows_all, self.converts = write, symbols, shows_all, converts
        self.line = b''         # what has come of the current line, less what was passed on
        self.held = b''         # a carriage return whose line feed may follow
        self.firmware = b''     # what came before the kernel's start
        self.has_started = shows_all
        self.started = threading.Event()
        self.is_panic = self.is_halted = False
        self.last = None        # a line that is the kernel's last, unless something follows

    @property
    def status(self):
        return int(self.last[1].group(1)) if self.last else None

    def feed(self, data):
        self.line += data
        while (end := self.line.find(b'\n')) >= 0:
            line, self.line = self.line[:end + 1], self.line[end + 1:]
            self.take_line(line)
        if self.has_started and not self.is_panic:
            keep = self.start_of_ours(self.line)
            self.pass_on(self.line[:keep])
            self.line = self.line[keep:]

    @staticmethod
    def start_of_ours(text):
        """Where the kernel's own words might begin in an unfinished line."""
        found = text.find(PREFIX)
        if found >= 0:
            return found
        for size in range(min(len(PREFIX), len(text)), 0, -1):
            if PREFIX.startswith(text[-size:]):
                return len(text) - size
        return len(text)

    def take_line(self, line):
        text = line.rstrip(b'\r\n')
        if text.endswith(START):
            self.started.set()
        if not self.has_started:
            self.firmware += line
            self.has_started = self.started.is_set()
            return
        ended = EXIT.search(text)
        if ended:
            self.pass_on(text[:ended.start()])
            self.last = (line[ended.start():], ended)
            if self.shows_all:
                self.write(self.last[0])
            return
        self.is_halted |= text == HALTED
        self.is_panic |= PANIC in text
        if self.is_panic and self.symbols:
            line = self.symbols.expand(text) + line[len(text):]
        if not self.is_halted:
            self.pass_on(line)

    def pass_on(self, data):
        if not data:
            return
        if self.last:
            # It was not the last: a program wrote it.
            data, self.last = (b'' if self.shows_all else self.last[0]) + data, None
        if self.converts:
            data = (self.held + data).replace(b'\r\n', b'\n')
            self.held = b'\r' if data.endswith(b'\r') else b''
            data = data.removesuffix(self.held)
        self.write(data)

    def finish(self):
        text = self.firmware + self.line if not self.has_started else self.line
        self.has_started, self.line = True, b''
        *lines, rest = text.split(b'\n')
        for line in lines:
            self.take_line(line + b'\n')
        if rest:
            self.take_line(rest)
        self.write(self.held)


class Timeout(Exception):
    pass


class Input:
    """Where the serial line's input comes from: a file, with a terminal's end-of-file character behind it, or a terminal in raw mode, of which
    Ctrl-A x ends everything and Ctrl-A Ctrl-A sends one Ctrl-A. Nothing is sent before the kernel has started: firmware would lose it."""
    ESCAPE, END_OF_FILE = b'\x01', b'\x04'

    def __init__(self, descriptor, is_terminal):
        self.descriptor, self.is_terminal = descriptor, is_terminal
        self.is_escaped = False

    def copy(self, process, started):
        try:
            if not self.is_terminal:
                started.wait()
            early = b''
            while data := os.read(self.descriptor, 4096):
                early += self.unescape(data, process) if self.is_terminal else data
                if started.is_set():
                    self.send(process, early)
                    early = b''
            started.wait()
            self.send(process, early + self.END_OF_FILE)
        except OSError:
            pass  # QEMU has ended

    @staticmethod
    def send(process, data):
        process.stdin.write(data)
        process.stdin.flush()

    def unescape(self, data, process):
        out = b''
        for byte in (data[index:index + 1] for index in range(len(data))):
            if not self.is_escaped and byte == self.ESCAPE:
                self.is_escaped = True
                continue
            if self.is_escaped and byte in b'xX':
                process.kill()
            out += byte
            self.is_escaped = False
        return out


def run(command, serial, source=None, timeout=None):
    """Runs QEMU with its serial line led through `serial`, to its end, and an Input or none. Returns QEMU's own status."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE if source else subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0)
    if source:
        threading.Thread(target=source.copy, args=(process, serial.started), daemon=True).start()
    has_timed_out = threading.Event()

    def give_up():
        has_timed_out.set()
        process.kill()

    timer = threading.Timer(timeout or 0, give_up)
    if timeout:
        timer.start()
    try:
        while data := process.stdout.read(65536):
            serial.feed(data)
            if serial.is_halted:
                process.kill()
        process.wait()
    finally:
        timer.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()
        serial.finish()
    if has_timed_out.is_set():
        raise Timeout
    return process.returncode
