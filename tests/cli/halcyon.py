"""What the command line tests share: where the binary is, how to run it, small files to run it on.

The binary is the script's first argument if that is a file, else $HALCYON, else build/hosted/halcyon of this tree."""
import os
import pathlib
import struct
import subprocess
import sys

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tests"))
import runner  # noqa: E402

BINARY = os.environ.get("HALCYON", str(TREE / "build/hosted/halcyon"))
ROOTFS = {isa: TREE / "build/rootfs" / isa for isa in ("x86_64", "riscv64")}

PATIENCE = runner.PATIENCE
X86_64, RISCV, AARCH64 = 62, 243, 183


def run(*arguments, timeout=PATIENCE, **options):
    """Runs halcyon with these arguments; the result has returncode, stdout, stderr."""
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, errors="replace", timeout=timeout, **options)


def elf(machine=X86_64, interpreter="", kind=3, code=b"", ident_class=2, loads=None):
    """The bytes of a small ELF file: one segment with `code` at its entry, and PT_INTERP if an interpreter is given. `loads` replaces the one
    segment by several: (address, size) each."""
    count = (2 if interpreter else 1) + (len(loads) - 1 if loads else 0)
    base = 0x400000 if kind == 2 else 0
    start = 64 + 56 * count
    name = interpreter.encode() + b"\0" if interpreter else b""
    entry = base + start + len(name)
    size = start + len(name) + len(code)
    header = struct.pack("<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", ident_class, 1, 1, 0, kind, machine, 1, entry, 64, 0, 0, 64, 56, count, 0, 0, 0)
    load = b"".join(struct.pack("<IIQQQQQQ", 1, 5, 0, base + address, base + address, min(size, length), length, 4096)
                    for address, length in loads or [(0, size)])
    interp = struct.pack("<IIQQQQQQ", 3, 4, start, base + start, base + start, len(name), len(name), 1) if interpreter else b""
    return header + load + interp + name + code


def put(path, contents, mode=0o755):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
    path.chmod(mode)
    return path


def main():
    """Runs the tests of the calling script, those named on the command line or all."""
    global BINARY
    arguments = sys.argv[1:]
    if arguments and os.path.isfile(arguments[0]):
        BINARY = os.path.abspath(arguments.pop(0))
    runner.main(arguments)
