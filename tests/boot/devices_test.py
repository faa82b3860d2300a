#!/usr/bin/env python3
"""Virtio devices of the bare kernels in QEMU: disks, the entropy device and the console, on PCI and in memory.

Needs build/bare-x86_64 and build/bare-riscv64 (./dev build bare) and the rootfs (./dev rootfs)."""
import hashlib
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

import booting

# Where each ISA's devices can be: the ending of their names in QEMU.
BUSES = [("x86_64", "pci"), ("riscv64", "device"), ("riscv64", "pci")]
SIZE = (1 << 20) + 3 * 512  # ends within a page


def qemu(*words):
    return [f"--qemu={word}" for word in words]


def disk(image, bus, name="d0", more=""):
    return qemu("-drive", f"file={image},format=raw,if=none,id={name}{more}", "-device", f"virtio-blk-{bus},drive={name}")


class DevicesTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.image = pathlib.Path(self.folder.name) / "disk.img"
        self.contents = bytes(index * 7 // 512 & 0xff for index in range(SIZE))
        self.image.write_bytes(self.contents)

    def shell(self, isa, script, *options):
        result = booting.boot(isa, *options, "--", "sh", "-c", script)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def test_a_disk_is_read_and_written(self):
        for isa, bus in BUSES:
            with self.subTest(isa=isa, bus=bus):
                self.image.write_bytes(self.contents)
                shown = self.shell(isa, "stat -c %F:%t:%T /dev/vda; blockdev --getsize64 /dev/vda; md5sum < /dev/vda; "
                                   "printf HELLO | dd of=/dev/vda bs=1 seek=4094 2>/dev/null; printf 12345 | dd of=/dev/vda bs=1 seek=1050108 2>/dev/null; "
                                   "echo $?", *disk(self.image, bus))
                digest = hashlib.md5(self.contents).hexdigest()
                self.assertEqual(shown.splitlines(), ["block special file:fe:0", str(SIZE), f"{digest}  -", "1"])
                expected = bytearray(self.contents)
                expected[4094:4099] = b"HELLO"
                expected[1050108:] = b"1234"
                self.assertEqual(self.image.read_bytes(), bytes(expected))

    def test_the_disk_of_the_command(self):
        for isa in booting.ROOTFS:
            with self.subTest(isa=isa):
                digest = hashlib.md5(self.contents).hexdigest()
                self.assertEqual(self.shell(isa, "md5sum < /dev/vda", "--disk", self.image), f"{digest}  -\n")

    def test_a_disk_for_reading_is_not_written(self):
        for isa, bus in BUSES:
            with self.subTest(isa=isa, bus=bus):
                shown = self.shell(isa, "blockdev --getro /dev/vda; echo x 2>&1 > /dev/vda; echo $?", *disk(self.image, bus, more=",readonly=on"))
                self.assertEqual(shown.splitlines(), ["1", "sh: write error: Operation not permitted", "1"])
        self.assertEqual(self.image.read_bytes(), self.contents)

    def test_several_processes_and_cpus_use_two_disks(self):
        copy = self.image.with_suffix(".copy")
        for isa, bus in BUSES:
            with self.subTest(isa=isa, bus=bus):
                copy.write_bytes(bytes(SIZE))
                shown = self.shell(isa, "for i in 0 1 2 3; do (md5sum < /dev/vda; dd if=/dev/vda of=/dev/vdb bs=65536 skip=$((i*4)) seek=$((i*4)) count=4 "
                                   "2>/dev/null) & done; wait; dd if=/dev/vda of=/dev/vdb bs=512 skip=2048 seek=2048 2>/dev/null; sync",
                                   "--smp", "4", *disk(self.image, bus), *disk(copy, bus, "d1"))
                self.assertEqual(set(shown.split()), {hashlib.md5(self.contents).hexdigest(), "-"})
                self.assertEqual(copy.read_bytes(), self.contents)

    # The host's failure is an error of the read and nothing else.
    def test_a_failing_disk_is_an_error(self):
        rules = pathlib.Path(self.folder.name) / "rules"
        rules.write_text('[inject-error]\nevent = "read_aio"\nsector = "512"\n')
        for isa, bus in BUSES:
            with self.subTest(isa=isa, bus=bus):
                drive = f"file=blkdebug:{rules}:{self.image},format=raw,if=none,id=d0,rerror=report"
                shown = self.shell(isa, "dd if=/dev/vda of=/dev/null bs=4096 skip=64 count=1 2>&1 | head -n 1; dd if=/dev/vda bs=4096 count=1 2>/dev/null | wc -c",
                                   *qemu("-drive", drive, "-device", f"virtio-blk-{bus},drive=d0"))
                self.assertEqual(shown.splitlines(), ["dd: /dev/vda: Input/output error", "4096"])

    def test_random_bytes_of_a_device(self):
        for isa, bus in BUSES:
            with self.subTest(isa=isa, bus=bus):
                shown = self.shell(isa, "stat -c %t:%T:%a /dev/hwrng; head -c 300 /dev/hwrng | wc -c; cat /dev/hwrng | head -c 5000 | sort -u | wc -c",
                                   *qemu("-device", f"virtio-rng-{bus}")).splitlines()
                self.assertEqual(shown[:2], ["a:b7:600", "300"])
                self.assertGreater(int(shown[2]), 4000)

    def test_a_console(self):
        for isa, bus in BUSES:
            with self.subTest(isa=isa, bus=bus):
                self.check_console(isa, bus)

    def check_console(self, isa, bus):
        path = f"{self.folder.name}/console"
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path)
            listening.listen()
            listening.settimeout(booting.runner.PATIENCE)
            words = ["--timeout", str(booting.runner.PATIENCE), "--append", "console=hvc0",
                     *qemu("-device", f"virtio-serial-{bus}", "-chardev", f"socket,id=hvc,path={path}", "-device", "virtconsole,chardev=hvc"), "--", "sh"]
            machine = subprocess.Popen([sys.executable, booting.TREE / "hal-baremetal/qemu/boot.py", isa, *words], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.addCleanup(machine.kill)
            line, _ = listening.accept()
        pathlib.Path(path).unlink()
        with line:
            line.settimeout(booting.runner.PATIENCE)
            self.read_until(line, b"# ")
            line.sendall(b"echo $((6*7))0\r")
            self.read_until(line, b"420\r\n")
            # By the time it says so, it is the terminal's foreground job.
            line.sendall(b"sh -c 'echo u\"\"p; exec sleep 1000'\r")
            self.read_until(line, b"\nup\r\n")
            line.sendall(b"\x03")
            self.read_until(line, b"# ")
            line.sendall(b"exit 5\r")
            output, _ = machine.communicate(timeout=booting.runner.PATIENCE)
        self.assertEqual((machine.returncode, output), (5, b""))

    def read_until(self, line, end):
        seen = b""
        while end not in seen:
            piece = line.recv(4096)
            self.assertTrue(piece, seen)
            seen += piece
        return seen

    def test_a_device_of_before_virtio_1_is_refused(self):
        options = qemu("-global", "virtio-mmio.force-legacy=true", "-device", "virtio-rng-device")
        shown = self.shell("riscv64", "ls /dev/hwrng 2>/dev/null; echo here", *options)
        self.assertRegex(shown, r"^halcyon: virtio_mmio@[0-9a-f]+ speaks only the language of before virtio 1.0\nhere\n$")


if __name__ == "__main__":
    booting.main()
