#!/usr/bin/env python3
"""Firmware whose tables are damaged or cut short, between its work and the kernel's: the kernel says what is wrong and stops with a failing
status. gdb's remote protocol holds the machine at the kernel's first C++ function, where the tables are changed in memory.

Needs build/bare-x86_64 and build/bare-riscv64 (./dev build bare)."""
import struct
import subprocess
import threading
import unittest

import booting
import gdb_remote
import qemu

ENTRY = {"x86_64": "x86_start", "riscv64": "riscv_start"}
DIRECT_MAP = {"x86_64": 0xFFFF888000000000, "riscv64": 0xFFFFFFC000000000}
ARGUMENTS = {"x86_64": ("rdi", "rsi"), "riscv64": ("a0", "a1")}
STATUS = {"x86_64": 3, "riscv64": 0}    # of QEMU; the firmware of the latter does not tell a failure
LIMIT = booting.runner.PATIENCE


class HeldMachine:
    """A machine that has arrived at the kernel's entry."""

    def __init__(self, isa):
        self.isa = isa
        self.debugger = gdb_remote.Listener()
        self.command = qemu.arguments(isa, booting.KERNEL[isa], None, "")
        self.command += ["-S", "-gdb", f"unix:{self.debugger.path},server=off"]
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.remote = self.debugger.accept(LIMIT)
        self.remote.run_to(gdb_remote.address_of(booting.KERNEL[isa], ENTRY[isa]))

    def argument(self, index):
        return self.remote.register(self.isa, ARGUMENTS[self.isa][index])

    def read(self, address, size):
        return self.remote.read(DIRECT_MAP[self.isa] + address, size)

    def write(self, address, data):
        self.remote.write(DIRECT_MAP[self.isa] + address, data)

    def go_on(self):
        """What the machine says until it ends; the watchdog sees to it that it does."""
        self.remote.go_on()
        is_late = threading.Event()

        def stop():
            is_late.set()
            self.process.kill()

        watchdog = threading.Timer(LIMIT, stop)
        watchdog.start()
        text = self.process.communicate()[0].decode(errors="replace")
        watchdog.cancel()
        return text + ("\nthe watchdog stopped the machine" if is_late.is_set() else ""), self.process.returncode

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.remote.close()
        self.debugger.close()


class Firmware(unittest.TestCase):
    def dies_of(self, isa, damage, wanted):
        machine = HeldMachine(isa)
        try:
            damage(machine)
            text, status = machine.go_on()
        finally:
            machine.close()
        self.assertIn("halcyon: panic", text)
        self.assertIn(wanted, text)
        self.assertNotIn("watchdog", text)
        self.assertNotIn("halcyon: exit", text)
        self.assertEqual(status, STATUS[isa])


class DeviceTree(Firmware):
    """The header (device tree specification, 5.2): magic, size, and where structure, strings and reservations are."""

    def header(self, machine):
        return machine.argument(1)

    def with_word(self, index, value):
        return lambda machine: machine.write(self.header(machine) + 4 * index, struct.pack(">I", value))

    def test_no_tree(self):
        self.dies_of("riscv64", self.with_word(0, 0xD00DFEEE), "the firmware passes no device tree")

    def test_cut_within_the_structure(self):
        self.dies_of("riscv64", self.with_word(1, 600), "device tree")

    def test_cut_within_the_header(self):
        self.dies_of("riscv64", self.with_word(1, 20), "device tree")

    def test_structure_beyond_the_end(self):
        self.dies_of("riscv64", self.with_word(2, 0x7FFFFFF0), "device tree")

    def test_structure_without_an_end(self):
        def cut(machine):
            start, size = (struct.unpack(">I", machine.read(self.header(machine) + 4 * index, 4))[0] for index in (2, 9))
            machine.write(self.header(machine) + start + size // 2, bytes(size - size // 2))
        self.dies_of("riscv64", cut, "device tree")


class Acpi(Firmware):
    """Root pointer, list and tables as the PVH start information leads to them (ACPI specification, 5.2)."""

    def root(self, machine):
        """The address of the root pointer."""
        return struct.unpack("<Q", machine.read(machine.argument(1) + 32, 8))[0] or self.search(machine)

    def search(self, machine):
        bios = b"".join(machine.read(address, 4096) for address in range(0xE0000, 0x100000, 4096))
        return 0xE0000 + bios.index(b"RSD PTR ")

    def list_of_tables(self, machine):
        return struct.unpack("<I", machine.read(self.root(machine) + 16, 4))[0]

    def table(self, machine, name):
        start = self.list_of_tables(machine)
        size = struct.unpack("<I", machine.read(start + 4, 4))[0]
        for at in range(36, size, 4):
            address = struct.unpack("<I", machine.read(start + at, 4))[0]
            if machine.read(address, 4) == name:
                return address
        raise AssertionError(f"no table {name}")

    def rewrite(self, machine, address, change):
        """Changes a table and makes its sum right again."""
        size = struct.unpack("<I", machine.read(address + 4, 4))[0]
        table = bytearray(machine.read(address, size))
        change(table)
        length = struct.unpack("<I", table[4:8])[0]
        table[9] = 0
        table[9] = -sum(table[:length]) & 0xFF
        machine.write(address, bytes(table))

    def test_no_root_pointer(self):
        def damage(machine):
            machine.write(self.root(machine), b"RSD XXX ")
        self.dies_of("x86_64", damage, "ACPI")

    def test_the_list_is_cut_short(self):
        self.dies_of("x86_64", lambda machine: machine.write(self.list_of_tables(machine) + 4, struct.pack("<I", 40)), "list of ACPI tables is damaged")

    def test_the_list_is_longer_than_memory(self):
        self.dies_of("x86_64", lambda machine: machine.write(self.list_of_tables(machine) + 4, struct.pack("<I", 0xFFFFFFF0)), "list of ACPI tables is damaged")

    def test_an_empty_list(self):
        def empty(table):
            table[4:8] = struct.pack("<I", 36)
        self.dies_of("x86_64", lambda machine: self.rewrite(machine, self.list_of_tables(machine), empty), "name no interrupt controllers")

    def test_interrupt_controllers_are_cut_short(self):
        def cut(table):
            table[4:8] = struct.pack("<I", 49)
        self.dies_of("x86_64", lambda machine: self.rewrite(machine, self.table(machine, b"APIC"), cut), "table of interrupt controllers is damaged")

    def test_an_entry_without_length(self):
        def damage(table):
            table[45] = 0
        self.dies_of("x86_64", lambda machine: self.rewrite(machine, self.table(machine, b"APIC"), damage), "table of interrupt controllers is damaged")


if __name__ == "__main__":
    booting.main()
