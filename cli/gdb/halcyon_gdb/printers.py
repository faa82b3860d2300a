"""Printers for the kernel's types: Result, Ref, Own, Vec, String, Errno, user pointers, containers."""
import gdb
import gdb.printing

from .containers import RadixTree, elements, ranges, taken
from .values import Unreadable, text


def errno_name(value):
    """Errno::noent as ENOENT; the internal restart codes by what they are."""
    name = str(value.cast(value.type.unqualified()).format_string(raw=True)).rpartition("::")[2]
    return f"E{name.upper()}" if name.isidentifier() else f"errno {int(value)}"


class Printer:
    """`value` is the object itself, also where gdb has a reference to it."""

    def __init__(self, value):
        is_reference = value.type.strip_typedefs().code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF)
        self.value = value.referenced_value() if is_reference else value


class ErrnoPrinter(Printer):
    def to_string(self):
        return errno_name(self.value)


class ResultPrinter(Printer):
    """std::expected<T, Errno>."""

    def to_string(self):
        if not bool(self.value["_M_has_value"]):
            return f"failed: {errno_name(self.value['_M_unex'])}"
        return "ok"

    def children(self):
        if bool(self.value["_M_has_value"]) and any(field.name == "_M_val" for field in _members(self.value.type)):
            yield "value", self.value["_M_val"]


def _members(struct):
    for field in struct.strip_typedefs().fields():
        if field.name is None or field.is_base_class:
            yield from _members(field.type)
        else:
            yield field


class PointerPrinter(Printer):
    """Ref and Own: the object's address and real type."""

    def to_string(self):
        pointer = self.value["object_"]
        kind = self.value.type.strip_typedefs().name.partition("<")[0].removeprefix("halcyon::")
        if int(pointer) == 0:
            return f"{kind}(null)"
        real = pointer.dynamic_type.target()
        references = ""
        if kind == "Ref":
            try:
                references = f", {int(pointer.dereference()['references_']['_M_i'])} references"
            except (gdb.error, gdb.MemoryError):
                pass
        return f"{kind}({real}* {int(pointer):#x}{references})"


class VecPrinter(Printer):
    def to_string(self):
        return f"Vec of {int(self.value['size_'])}, capacity {int(self.value['capacity_'])}"

    def children(self):
        for index, element in enumerate(elements(self.value)):
            yield f"[{index}]", element

    def display_hint(self):
        return "array"


class TextPrinter(Printer):
    """String, NameText."""

    def to_string(self):
        return text(self.value)

    def display_hint(self):
        return "string"


class ContainerPrinter(Printer):
    """An intrusive list or set, a VmaTree: the addresses of its elements; longer ones than gdb prints are cut by gdb."""

    def to_string(self):
        kind = self.value.type.strip_typedefs().unqualified()
        name = kind.name.partition("<")[0].rpartition("::")[2]
        return f"{name} of {'halcyon::Vma' if name == 'VmaTree' else kind.template_argument(0)}"

    def children(self):
        if self.value.address is None:
            return  # a copy: its elements do not lead back to it
        for index, element in enumerate(elements(self.value)):
            yield f"[{index}]", element.address

    def display_hint(self):
        return "array"


class FdBitsPrinter(Printer):
    """The descriptors that are taken."""

    def to_string(self):
        return f"{{{ranges(taken(self.value))}}}"


class RadixTreePrinter(Printer):
    """Page numbers and the addresses of their frames."""

    def to_string(self):
        return "RadixTree"

    def children(self):
        for index, frame in RadixTree(self.value):
            yield f"[{index}]", f"{frame:#x}"


class UserPointerPrinter(Printer):
    """UserPtr<T>: the user address, and for characters the text there in the current thread's memory."""

    def to_string(self):
        address = int(self.value["address_"])
        pointed_to = self.value.type.strip_typedefs().template_argument(0).strip_typedefs().unqualified()
        if str(pointed_to) != "char" or address == 0:
            return f"user {address:#x}"
        try:
            return f'user {address:#x} "{self.string(address)}"'
        except (Unreadable, gdb.error, gdb.MemoryError):
            return f"user {address:#x} (not readable)"

    @staticmethod
    def string(address):
        from .kernel import Kernel
        from .memory import GuestMemory
        return GuestMemory.of(Kernel.find().current()).string(address)


def install():
    printers = gdb.printing.RegexpCollectionPrettyPrinter("halcyon")
    printers.add_printer("Errno", r"^halcyon::Errno$", ErrnoPrinter)
    printers.add_printer("Result", r"^std::expected<.*, halcyon::Errno>$", ResultPrinter)
    printers.add_printer("Ref, Own", r"^halcyon::(Ref|Own)<.*>$", PointerPrinter)
    printers.add_printer("Vec", r"^halcyon::Vec<.*>$", VecPrinter)
    printers.add_printer("String", r"^halcyon::(String|fs::NameText)$", TextPrinter)
    printers.add_printer("UserPtr", r"^halcyon::UserPtr<.*>$", UserPointerPrinter)
    printers.add_printer("list, set", r"^boost::intrusive::(list|set|multiset)<.*>$", ContainerPrinter)
    printers.add_printer("VmaTree", r"^halcyon::VmaTree$", ContainerPrinter)
    printers.add_printer("FdBits", r"^halcyon::FdBits$", FdBitsPrinter)
    printers.add_printer("RadixTree", r"^halcyon::RadixTree$", RadixTreePrinter)
    gdb.printing.register_pretty_printer(None, printers, replace=True)
