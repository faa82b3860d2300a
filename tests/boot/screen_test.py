#!/usr/bin/env python3
"""The screen of a PC that boots the image: what the kernel and its programs write shows there, too, and there alone if no serial line is there.

Pictures come from QEMU by its machine protocol (QMP), and are read with the kernel's own letters."""
import argparse
import json
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import unittest

import booting
import iso
import payload
import qemu

FONT = booting.TREE / "hal-baremetal/drivers/font.h"
CELL_WIDTH, CELL_HEIGHT, GLYPH_WIDTH, GLYPH_HEIGHT = 8, 16, 5, 7
LINE = "The quick (brown) fox jumps over the lazy dog: 0123456789 {}[]<>|~@#%&*"
PATIENCE = 2 * booting.runner.PATIENCE


def read_font():
    """The letter that belongs to the rows of dots."""
    rows = re.findall(r"^    \{((?:0x[0-9a-f]{2}(?:, )?){7})\}", FONT.read_text(), re.MULTILINE)
    return {tuple(int(word, 16) for word in row.split(", ")): chr(32 + index) for index, row in enumerate(rows)}


def read_picture(path, font):
    """The lines of text in a picture (PPM), unknown letters as ?."""
    header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", path.read_bytes())
    width, height, data = int(header[1]), int(header[2]), path.read_bytes()[header.end():]

    def is_lit(x, y):
        return data[(y * width + x) * 3] > 0x60

    def letter(row, column):
        left, top = column * CELL_WIDTH + 1, row * CELL_HEIGHT + 1
        dots = tuple(sum(is_lit(left + x, top + 2 * y) << GLYPH_WIDTH - 1 - x for x in range(GLYPH_WIDTH)) for y in range(GLYPH_HEIGHT))
        return font.get(dots, "?")

    return ["".join(letter(row, column) for column in range(width // CELL_WIDTH)).rstrip() for row in range(height // CELL_HEIGHT)]


class Machine:
    """A PC with a screen. What its serial line, if it has one, writes is dropped."""

    def __init__(self, folder, image, has_serial):
        self.path = folder / "qmp"
        words = qemu.image_arguments(image, more=["-device", "VGA", "-qmp", f"unix:{self.path},server=on,wait=off"])
        if not has_serial:
            at = words.index("-serial")
            del words[at:at + 2]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.connection = socket.socket(socket.AF_UNIX)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.connection.connect(str(self.path))
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        self.stream = self.connection.makefile("rw")
        self.stream.readline()
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        self.stream.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.stream.flush()
        while True:
            answer = json.loads(self.stream.readline())
            if "return" in answer or "error" in answer:
                return answer

    def picture(self, folder, font):
        path = folder / "picture.ppm"
        self.command("screendump", filename=str(path))
        return read_picture(path, font)

    def text_mode(self, folder):
        """The lines in VGA's text memory."""
        path = folder / "text"
        self.command("pmemsave", val=0xB8000, size=25 * 160, filename=str(path))
        letters = path.read_bytes()[::2].decode("latin-1")
        return [letters[at:at + 80].rstrip() for at in range(0, len(letters), 80)]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.stream.close()
        self.connection.close()


@unittest.skipUnless(not iso.missing(), f"packages are missing (./dev setup): {' '.join(iso.missing())}")
class Screen(unittest.TestCase):
    def shows(self, has_serial, has_text_mode=False):
        folder = tempfile.TemporaryDirectory(prefix="halcyon-screen-")
        self.addCleanup(folder.cleanup)
        place = pathlib.Path(folder.name)
        options = argparse.Namespace(isa="x86_64", initrd=None, append="", verbose=True, command=["sh", "-c", f"echo '{LINE}'; exec sleep 1000"])
        kernel = self.without_frame_buffer(place) if has_text_mode else booting.KERNEL["x86_64"]
        iso.write(place / "image.iso", kernel, payload.Payload(options, place))
        machine = Machine(place, place / "image.iso", has_serial)
        self.addCleanup(machine.close)
        font, end, seen = read_font(), time.monotonic() + PATIENCE, []
        while LINE not in seen and time.monotonic() < end:
            time.sleep(1)
            seen = machine.text_mode(place) if has_text_mode else machine.picture(place, font)
        self.assertIn(LINE, seen)
        self.assertTrue(any(re.match(r"halcyon: \[\d+\.\d+\] starting /bin/sh$", line) for line in seen), seen)

    def without_frame_buffer(self, folder):
        """A kernel whose multiboot2 header does not ask for one: GRUB then leaves the text mode on."""
        asks, does_not = bytes.fromhex("0500010014000000"), bytes.fromhex("7f00010014000000")
        data = booting.KERNEL["x86_64"].read_bytes()
        self.assertEqual(data.count(asks), 1)
        (folder / "kernel").write_bytes(data.replace(asks, does_not))
        return folder / "kernel"

    def test_text_mode(self):
        self.shows(has_serial=True, has_text_mode=True)

    def test_beside_the_serial_line(self):
        self.shows(has_serial=True)

    def test_without_a_serial_line(self):
        self.shows(has_serial=False)


if __name__ == "__main__":
    booting.main()
