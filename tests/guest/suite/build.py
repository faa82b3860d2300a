"""Compiles the C programs for both instruction sets and makes the roots that the cases run in.

build/guest/root/ISA is the rootfs of that ISA (its files linked, not copied) with the programs in /programs and the scripts in /scripts. Nothing
is made twice: a program is compiled when it or the header is newer, or when the root has lost it.
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[3]
HERE = TOP / 'tests/guest'
OUT = TOP / 'build/guest'
ISAS = ('x86_64', 'riscv64')
COMPILERS = {'x86_64': 'musl-gcc', 'riscv64': 'riscv64-linux-gnu-gcc'}
FLAGS = ['-static', '-O1', '-g', '-std=gnu17', '-Wall', '-Wextra', '-Wno-unused-parameter', '-pthread', '-fasynchronous-unwind-tables', '-I', HERE / 'programs']
HEADERS = sorted((HERE / 'programs').rglob('*.h'))
NATIVE = OUT / 'native'


class Failed(Exception):
    pass


def root(isa):
    return OUT / 'root' / isa


def program_sources():
    return sorted((HERE / 'programs').rglob('*.c'))


def is_for(isa, source):
    """False for a program whose header names the other instruction set (suite/cases.py)."""
    named = re.search(r'(?m)^// isa: (\w+)$', source.read_text())
    return not named or named.group(1) == isa


def program_path(isa, source):
    return root(isa) / 'programs' / source.stem


def init_path(isa):
    return OUT / f'init-{isa}'


def is_current(target, *sources):
    return target.exists() and all(target.stat().st_mtime >= source.stat().st_mtime for source in sources)


def check(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f'{" ".join(str(word) for word in command)}\n{done.stdout}{done.stderr}')


def make_root(isa):
    stored = TOP / 'build/rootfs' / isa
    if not (stored / 'bin/busybox').exists():
        raise Failed(f'{stored} is missing: ./dev rootfs')
    marker = root(isa) / 'bin/busybox'
    if not is_current(marker, stored / 'bin/busybox'):
        shutil.rmtree(root(isa), ignore_errors=True)
        shutil.copytree(stored, root(isa), symlinks=True, copy_function=link)
    (root(isa) / 'programs').mkdir(exist_ok=True)
    shutil.copytree(HERE / 'scripts', root(isa) / 'scripts', dirs_exist_ok=True)


def link(source, target):
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
    else:
        os.link(source, target)


def compile_program(isa, source):
    target = program_path(isa, source)
    if not is_current(target, source, *HEADERS):
        check([COMPILERS[isa], *FLAGS, '-o', target, source, '-lm'])


def make_init(isa):
    """The first program of a bare machine."""
    source = HERE / 'suite/init.c'
    if not is_current(init_path(isa), source):
        check([COMPILERS[isa], *FLAGS, '-o', init_path(isa), source])


def prepare(isas, jobs):
    """Everything that the runs need. The x86_64 programs are always made: they are the oracle."""
    wanted = sorted({'x86_64', *isas})
    for isa in wanted:
        make_root(isa)
        make_init(isa)
    native = HERE / 'suite/native.c'
    if not is_current(NATIVE, native):
        check(['gcc', '-O1', '-Wall', '-Wextra', '-o', NATIVE, native])
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for done in [pool.submit(compile_program, isa, source) for isa in wanted for source in program_sources() if is_for(isa, source)]:
            done.result()
