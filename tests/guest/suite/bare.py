"""Runs all cases of a column on a bare machine: one boot, of which init.c is the first program, and one more after every case that the machine
did not survive. A watchdog stops a machine that says nothing for longer than the case may take."""
import base64
import os
import pathlib
import selectors
import subprocess
import sys
import tempfile
import time

from . import build, result

sys.path.insert(0, str(build.TOP / 'hal-baremetal/qemu'))
import initramfs  # noqa: E402
import qemu  # noqa: E402
import symbols  # noqa: E402

# Seconds: from QEMU's start to the first case; for the end of a case after its limit, and between two.
BOOT_LIMIT, PATIENCE = 600, 300
MEMORY = '512M'
# Arguments of QEMU: time passes as instructions do, and a machine that waits does so at once.
CLOCK_OF_INSTRUCTIONS = ('-icount', 'shift=2,sleep=off')
COUNTS_ON_SEVERAL_CPUS = {'x86_64'}


class Variant:
    """A bare machine: instruction set and CPUs."""

    def __init__(self, isa, cpus=1):
        self.isa, self.cpus = isa, cpus

    @property
    def column(self):
        return f'bare {self.isa}' + (f' smp={self.cpus}' if self.cpus != 1 else '')

    def cannot_count(self):
        """Why this machine does not run with a clock of instructions; empty if it does."""
        if self.cpus == 1 or self.isa in COUNTS_ON_SEVERAL_CPUS:
            return ''
        return 'QEMU never runs a second CPU of this machine while the first one spins and the clock counts instructions'


def case_list(cases):
    """The contents of /suite/cases; init.c says what they mean."""
    words = [os.getuid(), os.getgid(), len(result.ENVIRONMENT), *(f'{name}={value}' for name, value in result.ENVIRONMENT.items())]
    for case in cases:
        words += [int(case.timeout * 1000), len(case.command), *case.command]
    return b''.join(str(word).encode() + b'\0' for word in words)


def make_archive(isa, cases):
    archive = initramfs.Archive()
    archive.add_tree(build.root(isa))
    archive.add('suite', 0o40755)
    archive.add_file('suite/init', build.init_path(isa).read_bytes(), 0o755)
    archive.add_file('suite/cases', case_list(cases))
    return archive.bytes()


class Boot:
    """One boot: feeds results with what the cases from `first` on left. `running` is then the case that the machine did not survive, or None."""

    def __init__(self, variant, cases, archive, first, more):
        self.cases, self.results, self.running = cases, {}, None
        self.has_ended = False
        self.noise = []     # what the kernel said since the case began
        self.kernel = qemu.image(variant.isa)
        append = qemu.command_line([], ['/suite/init', str(first)])
        self.command = qemu.arguments(variant.isa, self.kernel, archive, append, variant.cpus, MEMORY, more=more)
        self.deadline = time.monotonic() + BOOT_LIMIT

    def run(self):
        process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        try:
            for line in self.lines(process.stdout):
                self.take(line)
            process.wait(PATIENCE)
        except (TimeoutError, subprocess.TimeoutExpired):
            self.noise.append('the watchdog stopped the machine')
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    def lines(self, stream):
        selector = selectors.DefaultSelector()
        selector.register(stream, selectors.EVENT_READ)
        text = b''
        while True:
            if not selector.select(max(0, self.deadline - time.monotonic())):
                raise TimeoutError
            data = os.read(stream.fileno(), 1 << 16)
            text += data
            *lines, text = text.split(b'\n')
            yield from lines
            if not data:
                return

    def take(self, line):
        words = line.strip(b'\r').split(b' ')
        if words[0] == b'@@start':
            self.running = int(words[1])
            self.noise = []
            self.deadline = time.monotonic() + self.cases[self.running].timeout + PATIENCE
        elif words[0] == b'@@case' and len(words) == 6:
            self.keep(*words[1:])
        elif words[0] == b'@@end':
            self.has_ended = True
        else:
            self.noise.append(line.rstrip(b'\r').decode(errors='backslashreplace'))

    def keep(self, number, status, milliseconds, output, errors):
        case = self.cases[int(number)]
        status = f'no end after {case.timeout:g} s' if status == b'limit' else int(status)
        output, errors = (b'' if text == b'-' else base64.b64decode(text) for text in (output, errors))
        self.results[case] = result.of_bytes(status, output, errors, int(milliseconds) / 1000)
        self.running = None
        self.deadline = time.monotonic() + PATIENCE

    def complaint(self):
        """What the kernel said last, its backtrace with names."""
        names = symbols.Symbols(self.kernel, qemu.TOP)
        try:
            return [names.expand(line.encode()).decode(errors='backslashreplace') for line in self.noise]
        finally:
            names.close()


def run(variant, cases, more=()):
    """A result for every case; `more` are arguments of QEMU. One that the machine did not survive has what the kernel said as its errors."""
    results, first = {}, 0
    with tempfile.TemporaryDirectory(prefix='halcyon-guest-') as folder:
        archive = pathlib.Path(folder) / 'initramfs'
        archive.write_bytes(make_archive(variant.isa, cases))
        while first < len(cases):
            boot = Boot(variant, cases, archive, first, more)
            boot.run()
            results.update(boot.results)
            if boot.has_ended:
                break
            failed = boot.running if boot.running is not None else first + len(boot.results)
            if failed == len(cases):
                failed -= 1     # the end was not reached
            results[cases[failed]] = result.Result('the machine ended', '', '\n'.join(boot.complaint()), 0.0)
            if boot.running is None and not boot.results:
                for case in cases[failed + 1:]:
                    results[case] = result.Result('the machine did not come up', '', '', 0.0)
                break
            first = failed + 1
    return results
