"""Printers of one line for the kernel's large objects, and of addresses in hexadecimal. print /r shows the members."""
import gdb

from .containers import elements
from .memory import Vma
from .values import Unreadable, atomic, enumerator, number, target, text


class Line:
    """`value` is the object itself, also where gdb has a reference to it. Whatever is in it, there is a line: it may be half made, or gone."""

    def __init__(self, value):
        is_reference = value.type.strip_typedefs().code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF)
        self.value = value.referenced_value() if is_reference else value

    def to_string(self):
        try:
            return self.line(self.value)
        except (Unreadable, gdb.error, RuntimeError):
            return f"{self.value.type} (not readable; print /r shows what there is)"


class ThreadLine(Line):
    @staticmethod
    def line(thread):
        process, state = target(thread["process_"]), enumerator(atomic(thread["state_"]))
        where = f" on CPU {number(thread['last_cpu'])}" if state == "running" else ""
        return f"thread {number(thread['tid_'])} of process {number(process['pid_'])} ({text(thread['name'])}), {state}{where}"


class ProcessLine(Line):
    @staticmethod
    def line(process):
        pid, parent = number(process["pid_"]), target(process["parent"])
        threads = list(elements(process["threads"]))
        name = text(next((thread for thread in threads if number(thread["tid_"]) == pid), threads[0])["name"] if threads else process["remains"]["name"])
        session = target(process["session"])
        parts = [f"process {pid} ({name})", f"child of {number(parent['pid_'])}" if parent is not None else "nobody's child",
                 f"group {number(process['process_group'])}"]
        if session is not None:
            parts.append(f"session {number(session['id'])}")
        parts.append(f"a zombie with wait status {number(process['wait_status']):#x}" if process["is_zombie"] else
                     f"{len(threads)} thread{'' if len(threads) == 1 else 's'}" + (", stopped" if process["is_stopped"] else ""))
        return ", ".join(parts)


class VmaLine(Line):
    @staticmethod
    def line(value):
        vma = Vma(value)
        offset = f" from {vma.offset:#x}" if vma.offset else ""
        return f"VMA {vma.start:#x}-{vma.end:#x} {vma.letters()} {vma.backing()}{offset}"


class AddressSpaceLine(Line):
    @staticmethod
    def line(space):
        tables = space["tables_"]["object_"].dereference()
        return f"address space of {number(space['vmas_']['size_'])} VMAs, {number(tables['present_'])} pages present, root at {int(tables['root_']['address_']):#x}"


class AddressPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return f"{int(self.value):#x}"


LINES = {"halcyon::Thread": ThreadLine, "halcyon::Process": ProcessLine, "halcyon::Vma": VmaLine, "halcyon::AddressSpace": AddressSpaceLine}
# Integers whose typedef says that they are addresses.
ADDRESSES = ("halcyon::UserAddr", "halcyon::PhysAddr", "halcyon::hal::Root")


def lookup(value):
    """gdb's hook: the printer for a value, if it is one of these."""
    if (value.type.unqualified().name or "") in ADDRESSES:
        return AddressPrinter(value)
    kind = value.type.strip_typedefs()
    if kind.code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
        kind = kind.target().strip_typedefs()
    printer = LINES.get(kind.unqualified().name)
    return printer(value) if printer else None


lookup.name, lookup.enabled = "halcyon-objects", True


def install():
    gdb.pretty_printers[:] = [each for each in gdb.pretty_printers if getattr(each, "name", None) != lookup.name]
    gdb.pretty_printers.insert(0, lookup)
