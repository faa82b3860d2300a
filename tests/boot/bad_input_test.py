#!/usr/bin/env python3
"""What cannot be started: each ends in a clear refusal with a failing status, before the watchdog (booting.boot's timeout) has to stop it.

Needs build/bare-x86_64 and build/bare-riscv64 (./dev build bare) and the rootfs (./dev rootfs)."""
import pathlib
import tempfile
import unittest

import booting
import initramfs
import qemu

FAILURE = 125


def shell_archive(isa, extra=()):
    """An archive with busybox as /bin/sh, and the files (path, contents) of `extra`."""
    archive = initramfs.Archive()
    archive.add("bin", 0o40755)
    archive.add_file("bin/sh", (booting.ROOTFS[isa] / "bin/busybox").read_bytes(), 0o755)
    for path, contents in extra:
        archive.add_file(path, contents, 0o755)
    return archive.bytes()


def empty_archive():
    return initramfs.Archive().bytes()


class BadInput(unittest.TestCase):
    def refuses(self, wanted, make_archive, *options, status=FAILURE):
        """`make_archive(isa)` gives the archive's bytes; `wanted` is what the kernel has to say."""
        for isa in booting.KERNEL:
            with self.subTest(isa), tempfile.TemporaryDirectory() as folder:
                archive = pathlib.Path(folder) / "initramfs"
                archive.write_bytes(make_archive(isa))
                result = booting.boot(isa, "--initrd", archive, *options)
                self.assertIn(wanted, result.stdout)
                self.assertEqual(result.returncode, status, result.stderr)

    # --- the archive

    def test_no_initramfs(self):
        for isa in booting.KERNEL:
            with self.subTest(isa):
                said = []
                serial = qemu.SerialFilter(lambda data: said.append(data.decode()))
                qemu.run(qemu.arguments(isa, booting.KERNEL[isa], None, ""), serial, timeout=booting.runner.PATIENCE)
                self.assertIn("halcyon: there is no initramfs", "".join(said))
                self.assertIsNone(serial.status)

    def test_cut_within_a_file(self):
        self.refuses("the initramfs is cut short", lambda isa: shell_archive(isa)[:100_000])

    def test_cut_within_a_header(self):
        self.refuses("the initramfs is cut short", lambda isa: shell_archive(isa)[:50])

    def test_cut_before_the_trailer(self):
        def without_trailer(isa):
            whole = shell_archive(isa)
            return whole[:whole.rindex(b"070701")]
        self.refuses("the initramfs is cut short", without_trailer)

    def test_no_archive_at_all(self):
        self.refuses("the initramfs is no cpio archive of the newc format", lambda isa: b"\x1f\x8b\x08" + bytes(range(256)) * 64)

    def test_only_zeros(self):
        self.refuses("the initramfs is empty", lambda isa: bytes(8192))

    def test_a_header_that_is_no_number(self):
        self.refuses("the initramfs has a header that is not made of hexadecimal numbers", lambda isa: shell_archive(isa).replace(b"070701", b"070701zz", 1))

    def test_an_impossible_size(self):
        def huge(isa):
            whole = bytearray(shell_archive(isa))
            at = whole.index(b"070701", 8) + 6 + 6 * 8
            whole[at:at + 8] = b"ffffffff"
            return bytes(whole)
        self.refuses("the initramfs is cut short", huge)

    # --- the first program

    def test_no_init(self):
        self.refuses("halcyon: there is no /init, /sbin/init or /bin/sh in the initramfs", lambda isa: empty_archive())

    def test_init_is_not_there(self):
        self.refuses("halcyon: /nosuch: cannot be executed: ", shell_archive, "--append", "init=/nosuch")

    def test_init_is_no_program(self):
        self.refuses("halcyon: /init: cannot be executed: ", lambda isa: shell_archive(isa, [("init", b"neither ELF nor script\n")]))

    def test_init_is_cut_short(self):
        self.refuses("halcyon: /init: cannot be executed: ", lambda isa: shell_archive(isa, [("init", (booting.ROOTFS[isa] / "bin/busybox").read_bytes()[:100])]))

    def test_init_of_the_other_instruction_set(self):
        other = {"x86_64": "riscv64", "riscv64": "x86_64"}
        self.refuses("halcyon: /init: cannot be executed: ",
                     lambda isa: shell_archive(isa, [("init", (booting.ROOTFS[other[isa]] / "bin/busybox").read_bytes())]))

    def test_the_interpreter_of_init_is_missing(self):
        self.refuses("halcyon: /init: its interpreter /nosuch is not there", lambda isa: shell_archive(isa, [("init", b"#!/nosuch\n")]))

    def test_init_exits(self):
        self.refuses("so long", lambda isa: shell_archive(isa, [("init", b"#!/bin/sh\necho so long; exit 9\n")]), status=9)

    def test_init_is_not_killed_by_a_signal(self):
        self.refuses("so long", lambda isa: shell_archive(isa, [("init", b"#!/bin/sh\nkill -KILL $$; echo so long; exit 9\n")]), status=9)

    def test_init_dies_of_a_fault(self):
        overflow = b"#!/bin/sh\ndeeper() { deeper; }; deeper\n"     # of the stack
        self.refuses("", lambda isa: shell_archive(isa, [("init", overflow)]), status=128 + 11)

    # --- parameters

    def test_no_such_scheduler(self):
        self.refuses("halcyon: scheduler=nosuch: there is none of that name", shell_archive, "--append", "scheduler=nosuch")

    # --- the watchdog itself

    def test_a_machine_that_does_not_end_is_stopped(self):
        for isa in booting.KERNEL:
            with self.subTest(isa):
                result = booting.boot(isa, "--", "sleep", "1000", timeout=5)
                self.assertEqual(result.returncode, 124)
                self.assertIn("no end after 5 s", result.stderr)


if __name__ == "__main__":
    booting.main()
