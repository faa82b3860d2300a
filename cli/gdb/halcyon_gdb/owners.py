"""Which object of the kernel an address lies in, and in which member."""
import re

import gdb

from .containers import elements
from .pages import PAGE



class Owners:
    def __init__(self, kernel):
        self.kernel = kernel
        self.known = [(kernel.value, "Kernel::{}")]
        self.known += [(process.value, f"{{}} of {process}") for process in kernel.processes()]

    def name(self, address, objects=()):
        """The member at the address, with its object. `objects`: where to look first, besides what is always there."""
        for value, said in self.known:
            if _contains(value, address):
                return said.format(member_at(value.type, address - int(value.address)))
        around = [value for value in (*objects, *self._on_heap(address)) if _contains(value, address)]
        if around:
            value = max(around, key=lambda each: each.type.sizeof)  # the owner, and not a lock that is a member of it
            kind = str(value.type.strip_typedefs().unqualified()).removeprefix("halcyon::")
            return f"{kind}::{member_at(value.type, address - int(value.address))} at {int(value.address):#x}"
        for thread in self.kernel.threads():
            if thread.has_on_stack(address):
                return f"something on the stack of thread {thread.label()}"
        return f"the queue at {address:#x}"

    def _on_heap(self, address):
        """The object that has the address, if its class can be told: by its table of virtual functions."""
        start = heap_object(self.kernel, address)
        if start is None:
            return ()
        table = int.from_bytes(bytes(gdb.selected_inferior().read_memory(start, 8)), "little")
        named = re.match(r"vtable for (\S.*?) \+ 16(?: |$)", gdb.execute(f"info symbol {table:#x}", to_string=True))
        try:
            return (gdb.Value(start).cast(gdb.lookup_type(named.group(1)).pointer()).dereference(),) if named else ()
        except gdb.error:
            return ()


def heap_object(kernel, address):
    """Where the heap's object that has the address starts (core/mm/frames/heap_unsafe.cpp); None if it is none of the heap's."""
    frames = kernel.value["frames_"]
    page = (address - int(frames["direct_map_"]) - int(frames["start_"])) // PAGE
    if not 0 <= page < int(frames["page_count_"]):
        return None
    frame = (frames["frames_"] + page).dereference()
    slab = int(frame["slab"])
    if not slab or not frame["is_slab"]:
        return slab or None
    header = frame["slab"].cast(gdb.lookup_type("halcyon::Heap::Slab").pointer())
    first = slab + HEADER
    size = [int(each) for each in elements(gdb.parse_and_eval("halcyon::heap_sizes"))][int(header["size_class"])]
    return first + (address - first) // size * size if address >= first else None


HEADER = 64  # Heap::Slab::header_size


def _contains(value, address):
    return value.address is not None and int(value.address) <= address < int(value.address) + value.type.sizeof


def member_at(kind, offset):
    """The path of members to what lies at an offset of a class: its first member that is no part of another class, such as lock_.waiters_."""
    kind = kind.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_ARRAY:
        size = kind.target().sizeof
        return f"[{offset // size}]" + _behind(kind.target(), offset % size)
    if kind.code == gdb.TYPE_CODE_STRUCT:
        for field in kind.fields():
            start = getattr(field, "bitpos", None)
            if start is None or not start // 8 <= offset < start // 8 + field.type.sizeof:
                continue
            if field.is_base_class:
                return member_at(field.type, offset - start // 8)
            return (field.name or "") + _behind(field.type, offset - start // 8)
    return ""


STOPS = ("halcyon::WaitQueue",)


def _behind(kind, offset):
    kind = kind.strip_typedefs()
    if kind.name in STOPS:
        return ""
    path = member_at(kind, offset)
    return path if not path or path.startswith("[") else "." + path
