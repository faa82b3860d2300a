"""A user program's memory, read as the kernel reads it: by a walk of its page tables through the direct map. Pages that are not present but
belong to the mapping of a file, or of shared memory, come from that."""
import gdb

from .containers import elements
from .file_image import CachedPages, FileImage, KernelImage
from .files import name_of
from .pages import PAGE, PageTables
from .values import Unreadable, target


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

    def letters(self):
        """As in /proc/PID/maps: rw-p."""
        return "".join(letter if self.protection & bit else "-" for letter, bit in (("r", 1), ("w", 2), ("x", 4))) + ("s" if self.is_shared else "p")

    def backing(self):
        """What is mapped there, for a person."""
        if name := self.name():
            return name
        if self.file is not None:
            return name_of(self.file)
        return "anonymous, shared" if self.shared is not None else "anonymous"


class GuestMemory:
    def __init__(self, space, world):
        """Of an AddressSpace."""
        self.tables = PageTables(space, world)
        self.vmas = [Vma(vma) for vma in elements(space["vmas_"])]
        self.direct_map = world.direct_map()
        self.images = {}

    @classmethod
    def of(cls, thread):
        space = target(thread.value["resources_"]["memory"])
        if space is None:
            raise Unreadable(f"thread {thread.label()} has no user memory")
        return cls(space, thread.kernel.world)

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
        physical = self.tables.translate(address)
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
