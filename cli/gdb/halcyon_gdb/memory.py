"""A user program's memory, read as the kernel reads it: by a walk of its page tables through the direct map. Pages that are not present but
belong to the mapping of a file, or of shared memory, come from that."""
import gdb

from .containers import elements
from .file_image import CachedPages, FileImage, KernelImage
from .values import Unreadable, target

PAGE = 4096


class Format:
    """How a level's entries read; the same facts as hal/isa/*/page_format.h."""

    def __init__(self, levels, is_present, is_leaf, address):
        self.levels, self.is_present, self.is_leaf, self.address = levels, is_present, is_leaf, address


FORMATS = {
    "x86_64": Format(4, lambda entry: entry & 1, lambda entry, level: level == 0 or entry & 0x80, lambda entry: entry & 0x000F_FFFF_FFFF_F000),
    "riscv64": Format(3, lambda entry: entry & 1, lambda entry, level: entry & 0xE, lambda entry: (entry >> 10 & 0xFFF_FFFF_FFFF) << 12),
}


class Vma:
    def __init__(self, value):
        self.value = value
        self.start, self.end, self.offset = int(value["start"]), int(value["end"]), int(value["offset"])
        self.protection = int(value["protection"])
        self.is_shared = bool(value["is_shared"])
        self.file, self.shared = target(value["file"]), target(value["shared"])

    def name(self):
        return self.value["name"].string() if int(self.value["name"]) else ""

    def contains(self, address):
        return self.start <= address < self.end


class GuestMemory:
    def __init__(self, thread):
        space = target(thread.value["resources_"]["memory"])
        if space is None:
            raise Unreadable(f"thread {thread.label()} has no user memory")
        self.root = int(target(space["tables_"])["root_"]["address_"])
        self.vmas = [Vma(vma) for vma in elements(space["vmas_"])]
        self.direct_map = thread.kernel.world.direct_map()
        self.format = FORMATS[thread.kernel.world.isa.name]
        self.images = {}

    def vma_at(self, address):
        return next((vma for vma in self.vmas if vma.contains(address)), None)

    def image(self, vma):
        """The ELF file that a VMA maps, be it the kernel's own; None if there is none."""
        is_kernels = vma.file is None and vma.name() == "[vdso]"
        if vma.file is None and not is_kernels:
            return None
        key = int((vma.shared if is_kernels else vma.file).address)
        if key not in self.images:
            self.images[key] = KernelImage(vma, self.direct_map) if is_kernels else FileImage(vma.file, self.direct_map)
        return self.images[key]

    def read(self, address, length):
        """Raises Unreadable if a page of it is not there."""
        data = b""
        while length > 0:
            count = min(length, PAGE - address % PAGE)
            data += self._read_page(address, count)
            address, length = address + count, length - count
        return data

    def word(self, address):
        return int.from_bytes(self.read(address, 8), "little")

    def string(self, address, limit=4096):
        """A C string; what cannot be read any more ends it."""
        data = b""
        while len(data) < limit and b"\0" not in data:
            try:
                data += self.read(address + len(data), min(64, PAGE - (address + len(data)) % PAGE))
            except Unreadable:
                if not data:
                    raise
                break
        return data.partition(b"\0")[0].decode(errors="replace")

    def _read_page(self, address, count):
        physical = self._translate(address)
        if physical is not None:
            return bytes(gdb.selected_inferior().read_memory(self.direct_map + physical, count))
        vma = self.vma_at(address)
        if vma is not None and vma.file is not None:
            return self.image(vma).read(vma.offset + address - vma.start, count).ljust(count, b"\0")
        if vma is not None and vma.shared is not None:
            pages = CachedPages(vma.shared["pages_"], self.direct_map)
            return pages.read(vma.offset + address - vma.start, count).ljust(count, b"\0")
        if vma is not None and vma.protection:
            return bytes(count)  # anonymous, and never touched
        raise Unreadable(f"no memory at {address:#x}")

    def _translate(self, address):
        table = self.root
        for level in range(self.format.levels - 1, -1, -1):
            slot = table + (address >> 12 + 9 * level & 511) * 8
            entry = int.from_bytes(bytes(gdb.selected_inferior().read_memory(self.direct_map + slot, 8)), "little")
            if not self.format.is_present(entry):
                return None
            if self.format.is_leaf(entry, level):
                size = PAGE << 9 * level
                return self.format.address(entry) & -size | address & size - 1
            table = self.format.address(entry)
        return None
