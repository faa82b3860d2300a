"""Compiles the benchmark programs, static, for either ISA."""
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent
OUT = TOP / 'build' / 'bench'
COMPILERS = {'x86_64': 'musl-gcc', 'riscv64': 'riscv64-linux-gnu-gcc'}


def compile_program(name, folder, isa='x86_64', flags=(), compiler=None):
    """The compiled sources of a folder of bench/, by default against musl on x86_64."""
    OUT.mkdir(parents=True, exist_ok=True)
    target = OUT / f'{name}-{isa}'
    sources = sorted((TOP / 'bench' / folder).glob('*.[ch]'))
    command = [compiler or COMPILERS[isa], '-O2', '-static', '-Wall', '-Wextra', *flags, '-o', target, *(source for source in sources if source.suffix == '.c')]
    if not target.exists() or any(source.stat().st_mtime > target.stat().st_mtime for source in sources):
        subprocess.run(command, check=True)
    return target


def benchmark(isa='x86_64'):
    """The program of named loops, which may be a machine's first process."""
    return compile_program('bench', 'programs', isa, ['-Wl,-e,note_and_start'])


def strings():
    """The program that measures glibc's string functions."""
    return compile_program('strings', 'strings', flags=['-fno-builtin'], compiler='gcc')
