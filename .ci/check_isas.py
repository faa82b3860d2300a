#!/usr/bin/env python3
"""Adds an instruction set that has nothing, and sees that the compiler names what it lacks: every place that docs/adding-an-isa.md lists, and
every member of the description. Every `case Isa::` outside of tests has to stand in a file that the page lists.

The files are compiled as they would be with the addition (clang's -ivfsoverlay); nothing is written into the tree.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
PAGE, ENUM, TABLE = 'docs/adding-an-isa.md', 'hal/trap.h', 'hal/isa/isa.h'
TRAITS, DESCRIPTION = 'hal/isa/riscv64/isa.h', 'hal/isa/description.h'
COMPILE = ['clang++-19', '-std=c++23', '-fsyntax-only', '-Wall', '-Werror=switch', '-include', 'core/base/prelude.h', '-I', '.', '-x', 'c++']
CASE = re.compile(r'case (?:\w+::)*Isa::')


def replaced(path, old, new):
    text = (TOP / path).read_text()
    if old not in text:
        sys.exit(f'check_isas: {path} no longer has "{old}"')
    return text.replace(old, new)


def errors(file, changes):
    """What clang says of a file when others are changed: {path: new text}."""
    with tempfile.TemporaryDirectory() as folder:
        roots = []
        for number, (path, text) in enumerate(changes.items()):
            copy = pathlib.Path(folder) / str(number)
            copy.write_text(text)
            roots.append({'type': 'file', 'name': str(TOP / path), 'external-contents': str(copy)})
        overlay = pathlib.Path(folder) / 'overlay.json'
        overlay.write_text(json.dumps({'version': 0, 'use-external-names': False, 'roots': roots}))
        result = subprocess.run([*COMPILE, '-ivfsoverlay', overlay, '-I', str(TOP), str(TOP / file)], cwd=TOP, capture_output=True, text=True)
    return [line for line in result.stderr.splitlines() if ' error: ' in line]


def expect(what, found, file, message, violations):
    if not any(file in line and message in line for line in found):
        violations.append(f'{what}: no "{message}" in {file}; clang says: {found[:3]}')


def check():
    violations = []
    enum = replaced(ENUM, 'enum class Isa : uint8_t { x86_64, riscv64 };', 'enum class Isa : uint8_t { x86_64, riscv64, third };')
    expect('an enumerator alone', errors(TABLE, {ENUM: enum}), TABLE, "'third' not handled in switch", violations)

    case = '    case Isa::riscv64: return use(riscv64::Traits{});\n'
    table = replaced(TABLE, case, case + case.replace('Isa::riscv64', 'Isa::third'))
    expect('not in isas', errors(TABLE, {ENUM: enum, TABLE: table}), TABLE, 'an ISA is missing in `isas`', violations)

    for member in re.findall(r'Traits::(\w+)', (TOP / DESCRIPTION).read_text()):
        if member != 'Layout':
            lacking = re.sub(rf'\b{member}\b(?= =|\{{)', f'not_{member}', (TOP / TRAITS).read_text())
            expect(f'a Traits without {member}', errors(TABLE, {TRAITS: lacking}), DESCRIPTION, f"no member named '{member}'", violations)

    table = table.replace('isas = {Isa::x86_64, Isa::riscv64}', 'isas = {Isa::x86_64, Isa::riscv64, Isa::third}')
    page = (TOP / PAGE).read_text()
    places = re.findall(r'^\| `([\w/.-]+)` \| switch \|', page, re.MULTILINE)
    sources = subprocess.run(['git', 'ls-files', '*.h', '*.cpp'], cwd=TOP, capture_output=True, text=True, check=True).stdout.split()
    for source in sources:
        if not source.startswith('tests/') and CASE.search((TOP / source).read_text()) and source not in (TABLE, *places):
            violations.append(f'{source}: switches over the ISAs, and {PAGE} does not list it')
    for place in places:
        expect('a description alone', errors(place, {ENUM: enum, TABLE: table}), place, "'third' not handled in switch", violations)
    choose = replaced(TABLE, case, case).replace('}  // namespace halcyon::hal', 'inline int seen = choose(Isa::x86_64, 1);\n}  // namespace halcyon::hal')
    expect('a choice with a value too few', errors(TABLE, {TABLE: choose}), TABLE, 'one value for each ISA', violations)
    return violations


if __name__ == '__main__':
    found = check()
    print('\n'.join(found))
    sys.exit(1 if found else 0)
