#!/usr/bin/env python3
"""The image that ./dev image writes: it boots under SeaBIOS and under OVMF, as a disc and as a USB stick, and the same files give the same image.

Needs build/bare-x86_64 (./dev build bare), the rootfs (./dev rootfs), and the packages that ./dev setup installs."""
import argparse
import io
import pathlib
import tempfile
import unittest

import booting
import iso
import payload
import qemu

SCRIPT = 'echo "two  words" "$0" $#; test -c /dev/null && read line </proc/uptime && exit 3'
AWKWARD = "it's \"quoted\" \\"
SHOWN = f"two  words {AWKWARD} 1\n"
PATIENCE = 2 * booting.runner.PATIENCE


def needs(condition, package):
    return unittest.skipUnless(condition, f"package {package} is missing (./dev setup)")


@unittest.skipUnless(not iso.missing(), f"packages are missing (./dev setup): {' '.join(iso.missing())}")
class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="halcyon-iso-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.image = cls.write("image.iso")

    @classmethod
    def write(cls, name):
        options = argparse.Namespace(isa="x86_64", initrd=None, append='hostname="a b"', verbose=False, command=["sh", "-c", SCRIPT, AWKWARD, "x"])
        iso.write(cls.folder / name, booting.KERNEL["x86_64"], payload.Payload(options, cls.folder))
        return cls.folder / name

    def boots(self, **how):
        shown = io.BytesIO()
        serial = qemu.SerialFilter(shown.write, converts=True)
        try:
            qemu.run(qemu.image_arguments(self.image, **how), serial, timeout=PATIENCE)
        except qemu.Timeout:
            self.fail(f"no end after {PATIENCE} s; the serial line showed {shown.getvalue()[-2000:]!r}")
        self.assertEqual((shown.getvalue().decode(), serial.status), (SHOWN, 3))

    def test_bios_boots_the_disc(self):
        self.boots(firmware="bios")

    def test_bios_boots_the_stick(self):
        self.boots(firmware="bios", is_stick=True, smp=2)

    @needs(qemu.UEFI_CODE.exists(), "ovmf")
    def test_uefi_boots_the_disc(self):
        self.boots(firmware="uefi", smp=2)

    @needs(qemu.UEFI_CODE.exists(), "ovmf")
    def test_uefi_boots_the_stick(self):
        self.boots(firmware="uefi", is_stick=True)

    def test_the_same_files_give_the_same_image(self):
        self.assertEqual(self.write("again.iso").read_bytes(), self.image.read_bytes())

    def test_the_verb(self):
        result = booting.boot("x86_64", "--iso", "--", "sh", "-c", "exit 7", timeout=PATIENCE)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (7, "", ""))

    def test_what_grub_cannot_pass_is_refused(self):
        for word in ("", "a\tb"):
            result = booting.boot("x86_64", "--iso", "--", "echo", word, timeout=PATIENCE)
            self.assertEqual((result.returncode, result.stdout), (125, ""))
            self.assertIn("GRUB cannot pass on", result.stderr)


if __name__ == "__main__":
    booting.main()
