#!/usr/bin/env python3
"""Holds the tree to its layers: who may include what, where raw memory may be touched, no ISA conditionals, no two-way choices on an
ISA, no host headers in the kernel.

The rules are those of docs/design.md, "Folders". Prints one line per violation; exits 1 if there is any.
"""
import pathlib
import re
import sys

# layer -> what it may include besides itself
ALLOWED = {
    'core/base': [],
    'core': ['hal', 'core/base'],
    'hal': ['core/base'],
    'hal-unicorn': ['hal', 'core/base'],
    'hal-baremetal': ['hal', 'core/base'],
    'hal-baremetal/boot': ['hal-baremetal', 'core', 'fs', 'syscalls', 'hal'],
    'fs': ['core', 'hal'],
    'net': ['core', 'hal'],
    'syscalls': ['core', 'fs', 'net', 'hal'],
    'cli': ['core', 'fs', 'syscalls', 'hal', 'hal-unicorn'],
    'tests': ['core', 'fs', 'syscalls', 'hal', 'hal-unicorn', 'hal-baremetal', 'hal-baremetal/boot', 'cli'],
    'bench': ['core', 'fs', 'syscalls', 'hal', 'hal-unicorn', 'cli'],
}
KERNEL = ('core/', 'fs/', 'syscalls/')
HOST_HEADER = re.compile(
    r'^\s*#\s*include\s*<((?:sys|linux)/[^>]*|(?:unistd\.h|stdio\.h|stdlib\.h|string\.h|errno\.h|fcntl\.h|signal\.h|time\.h|pthread\.h|poll\.h|termios\.h'
    r'|dirent\.h|cstdio|cstdlib|cerrno|csignal|ctime|iostream|fstream|sstream|string|vector|map|unordered_map|thread|stdexcept|filesystem))>')
ISA_CONDITION = re.compile(r'^\s*#\s*(if|ifdef|ifndef|elif)\b.*(__x86_64__|__riscv|__aarch64__|__i386__)')
# What gives a third ISA the second one's value. `x == Isa::a ? b : c` and its kin belong into the ISA's description (hal/isa/isa.h).
MAY_ASK_ISA = ('hal', 'syscalls/abi/')
ISA_NAME = r'(?:\w+::)*Isa::\w+'
ISA_CHOICE = re.compile(rf'[!=]=\s*{ISA_NAME}|{ISA_NAME}\s*[!=]=|\bis_(?:x86|riscv)\w*'
                        r'|[!=]=\s*(["\'])(?:x86_64|riscv64)\1|(["\'])(?:x86_64|riscv64)\2\s*[!=]=|(?:x86|riscv)\w*\s*\?')
ISA_SWITCH = re.compile(r'^( *)switch \([^\n]*\bisa\b[^\n]*\{\n(.*?)^\1\}', re.MULTILINE | re.DOTALL)
RAW = re.compile(r'\breinterpret_cast\b|\basm\b\s*(volatile)?\s*\(|\b__asm__\b')
TRY_IN_CAPTURE = re.compile(r'\[[^\]\n;]*\bTRY\(')
FUNCTION_LIKE = re.compile(r'//.*$')


def layer_of(path):
    for layer in ('core/base', 'hal-baremetal/boot'):
        if path.startswith(layer + '/'):
            return layer
    return path.split('/')[0]


def is_included_allowed(source, target):
    here, there = layer_of(source), layer_of(target)
    if here == there or (here == 'core' and there == 'core/base'):
        return True
    allowed = ALLOWED.get(here)
    if allowed is None:
        return True
    return there in allowed or (there == 'core/base' and 'core' in allowed)


def check_line(path, number, line, report):
    include = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
    if include:
        target = include.group(1)
        if '/' in target and not is_included_allowed(path, target):
            report(path, number, f'{layer_of(path)} may not include {target}')
    code = FUNCTION_LIKE.sub('', line)
    in_hal = path.startswith('hal')
    if path.startswith(KERNEL):
        header = HOST_HEADER.match(line)
        if header:
            report(path, number, f'host header <{header.group(1)}> in the kernel')
        stem = pathlib.PurePath(path).name
        if RAW.search(code) and '_unsafe.' not in stem:
            report(path, number, 'reinterpret_cast and asm belong into *_unsafe.* files')
        if TRY_IN_CAPTURE.search(code):
            report(path, number, 'TRY inside a capture list')
    if not in_hal and path.startswith(KERNEL) and ISA_CONDITION.match(line):
        report(path, number, 'conditional on an ISA outside hal')


def check_isa_choice(path, number, line, report):
    if not path.startswith(MAY_ASK_ISA) and ISA_CHOICE.search(FUNCTION_LIKE.sub('', line)):
        report(path, number, 'two-way choice on the ISA: ask hal::description(isa), or switch over all')


def check_switches(path, text, report):
    for switch in ISA_SWITCH.finditer(text):
        at = re.search(r'^ *default:', switch[2], re.MULTILINE)
        if at:
            number = text.count('\n', 0, switch.start(2) + at.end()) + 1
            report(path, number, 'a switch over the ISAs names each, so that the compiler finds what a new one lacks')


def check_tree(root):
    violations = []

    def report(path, number, text):
        violations.append(f'{path}:{number}: {text}')

    for path in sorted(root.rglob('*')):
        name = path.relative_to(root).as_posix()
        if path.suffix not in ('.h', '.cpp', '.inc', '.py') or name.startswith(('build/', 'tests/guest/programs/', '.ci/')):
            continue
        text = path.read_text(encoding='utf-8')
        for number, line in enumerate(text.splitlines(), 1):
            if path.suffix != '.py':
                check_line(name, number, line, report)
            check_isa_choice(name, number, line, report)
        check_switches(name, text, report)
    return violations


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    violations = check_tree(root)
    print('\n'.join(violations))
    return 1 if violations else 0


if __name__ == '__main__':
    sys.exit(main())
