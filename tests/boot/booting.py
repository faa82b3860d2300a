"""What the tests of booting share: the scripts that ./dev boot is made of, and running it."""
import os
import pathlib
import subprocess
import sys

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TREE / "tests"), str(TREE / "hal-baremetal/qemu")]
import runner  # noqa: E402

ROOTFS = {isa: TREE / "build/rootfs" / isa for isa in ("x86_64", "riscv64")}
KERNEL = {isa: TREE / f"build/bare-{isa}/halcyon.elf" for isa in ROOTFS}


def boot(isa, *arguments, timeout=runner.PATIENCE, **options):
    """./dev boot without building first. The result has returncode, stdout, stderr."""
    options.setdefault("stdin", subprocess.DEVNULL)
    command = [sys.executable, TREE / "hal-baremetal/qemu/boot.py", isa, "--timeout", str(timeout), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout + 60, env=dict(os.environ, TERM="dumb"), **options)


def main():
    runner.main(sys.argv[1:])
