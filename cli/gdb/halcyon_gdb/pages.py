"""Page tables: what each ISA's entries say (the same facts as hal/isa/*/page_format.h), and walks of a tree."""
import gdb

from .values import Unreadable

PAGE = 4096
ENTRIES = 512


class Format:
    """`bits`: what an entry permits, as (mask, its name if set, its name if clear or None); of those `pointer_bits` mean something in an entry that
    leads to a table. `notes`: what the CPU notes in it. The tree has `levels`; the last is 0."""
    PRESENT = 1

    def __init__(self, name, levels, is_leaf, address, bits, notes, pointer_bits):
        self.name, self.levels, self.is_leaf, self.address, self.bits, self.notes, self.pointer_bits = name, levels, is_leaf, address, bits, notes, pointer_bits

    def is_present(self, entry):
        return bool(entry & self.PRESENT)

    def words(self, entry, level):
        """What an entry permits."""
        meant = ~0 if self.is_leaf(entry, level) else self.pointer_bits
        return ", ".join(name for mask, set_, clear in self.bits if mask & meant and (name := set_ if entry & mask else clear))

    def noted(self, entry):
        """Of a page: whether it was accessed, and written to."""
        return [name for mask, name in self.notes if entry & mask]

    def index(self, address, level):
        return address >> 12 + 9 * level & ENTRIES - 1

    @staticmethod
    def size(level):
        """Of what one entry of the level spans."""
        return PAGE << 9 * level

    def user_end(self):
        """The lower half is the program's."""
        return self.size(self.levels) // 2


FORMATS = {
    "x86_64": Format(
        "x86_64", 4, lambda entry, level: level == 0 or entry & 0x80, lambda entry: entry & 0x000F_FFFF_FFFF_F000,
        ((1 << 1, "writable", "read-only"), (1 << 2, "user", "kernel only"), (1 << 63, "no-execute", "executable"), (1 << 9, "copy-on-write", None)),
        ((1 << 5, "accessed"), (1 << 6, "dirty")), 1 << 1 | 1 << 2),
    "riscv64": Format(
        "riscv64 Sv39", 3, lambda entry, level: entry & 0xE, lambda entry: (entry >> 10 & 0xFFF_FFFF_FFFF) << 12,
        ((1 << 1, "readable", None), (1 << 2, "writable", "read-only"), (1 << 4, "user", "kernel only"), (1 << 3, "executable", "no-execute"),
         (1 << 8, "copy-on-write", None)), ((1 << 6, "accessed"), (1 << 7, "dirty")), 0),
}


class Step:
    """One entry that a walk meets: at which level, where it lies, what it is."""

    def __init__(self, level, index, place, entry):
        self.level, self.index, self.place, self.entry = level, index, place, entry


class PageTables:
    def __init__(self, space, world):
        """Of an AddressSpace."""
        self.value = space["tables_"]["object_"].dereference()
        self.root = int(self.value["root_"]["address_"])
        self.direct_map = world.direct_map()
        self.format = FORMATS[world.isa.name]

    def walk(self, address):
        """The steps down to the page of `address`; the last is a leaf, or not present."""
        table = self.root
        for level in range(self.format.levels - 1, -1, -1):
            index = self.format.index(address, level)
            place = table + 8 * index
            entry = int.from_bytes(self._read(place, 8), "little")
            yield Step(level, index, place, entry)
            if not self.format.is_present(entry) or self.format.is_leaf(entry, level):
                return
            table = self.format.address(entry)

    def translate(self, address):
        """The physical address; None if no page is present."""
        *_, last = self.walk(address)
        if not self.format.is_present(last.entry):
            return None
        size = self.format.size(last.level)
        return self.format.address(last.entry) & -size | address & size - 1

    def entries(self, table=None):
        """(index, entry) of a table's present entries, without the kernel's half."""
        is_root = table is None
        words = memoryview(self._read(self.root if is_root else table, PAGE)).cast("Q")
        return [(index, entry) for index, entry in enumerate(words[:ENTRIES // 2] if is_root else words) if self.format.is_present(entry)]

    def pages(self, start=0, end=None):
        """(address, entry) of the leaves in [start, end), in order; each is of a page, for the kernel maps no larger ones."""
        yield from self._leaves(None, self.format.levels - 1, 0, start, self.format.user_end() if end is None else end)

    def _leaves(self, table, level, base, start, end):
        size = self.format.size(level)
        for index, entry in self.entries(table):
            address = base + index * size
            if address + size <= start or address >= end:
                continue
            if self.format.is_leaf(entry, level):
                yield address, entry
            else:
                yield from self._leaves(self.format.address(entry), level - 1, address, start, end)

    def _read(self, physical, count):
        try:
            return bytes(gdb.selected_inferior().read_memory(self.direct_map + physical, count))
        except gdb.MemoryError:
            raise Unreadable(f"no page table can be read at frame {physical & -PAGE:#x}") from None
