"""Reading C++ objects as gdb shows them: through atomics, owning pointers and base classes. Nothing is called in the debugged process."""
import re

import gdb


class Unreadable(gdb.GdbError):
    """What a command says when the kernel's state is not there or not as expected."""


def atomic(value):
    """The value in a std::atomic (libstdc++: some base or member holds it last as _M_i, or _M_p for a pointer)."""
    while value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
        names = [field.name for field in all_fields(value.type)]
        for name in ("_M_base", "_M_b", "_M_i", "_M_p"):
            if name in names:
                value = value[name]
                break
        else:
            raise Unreadable(f"not an atomic: {value.type}")
    return value


def number(value):
    """An integer, an atomic one included."""
    return int(atomic(value))


def all_fields(struct):
    """The fields of a class and its bases."""
    for field in struct.strip_typedefs().fields():
        if field.is_base_class:
            yield from all_fields(field.type)
        else:
            yield field


def target(value):
    """The object that a Ref, an Own, a std::unique_ptr or a plain pointer leads to, as what it really is; None if it is null."""
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_PTR:
        pointer = value
    elif (kind.name or "").startswith("std::unique_ptr<"):
        pointer = _unique_pointer(value)
    else:
        pointer = value["object_"]
    if int(pointer) == 0:
        return None
    return pointer.cast(_real_type(pointer)).dereference()


def _real_type(pointer):
    """gdb's dynamic type; but it overlooks classes of whose virtual functions the debug information mentions none. Those begin with their
    vtable's address, as does whatever is derived from them here."""
    kind = pointer.type.strip_typedefs().target().strip_typedefs()
    if kind.code != gdb.TYPE_CODE_STRUCT or not any((field.name or "").startswith("_vptr") for field in kind.fields()):
        return pointer.dynamic_type
    if (found := pointer.dynamic_type).target().strip_typedefs() != kind:
        return found
    table = int(pointer.dereference()[next(field for field in kind.fields() if (field.name or "").startswith("_vptr"))])
    named = re.match(r"vtable for (\S.*?) \+ 16(?: |$)", gdb.execute(f"info symbol {table:#x}", to_string=True))
    try:
        return gdb.lookup_type(named.group(1)).pointer() if named else found
    except gdb.error:
        return found


def _unique_pointer(value):
    """The pointer is somewhere in a tuple, beside its deleter."""
    def search(inner):
        for field in inner.type.strip_typedefs().fields():
            if getattr(field, "bitpos", None) is None:
                continue
            member = inner[field]
            kind = member.type.strip_typedefs()
            if kind.code == gdb.TYPE_CODE_PTR:
                return member
            if kind.code == gdb.TYPE_CODE_STRUCT and (found := search(member)) is not None:
                return found
        return None

    return search(value)


def text(value):
    """A std::string_view, an array of characters, a halcyon::String, a Vec<char> or a NameText as a str."""
    name = value.type.strip_typedefs().name or ""
    if name.startswith("std::basic_string_view<"):
        return _bytes(value["_M_str"], int(value["_M_len"]))
    if name.startswith("std::array<char"):
        return value["_M_elems"].string(errors="replace")
    if name == "halcyon::String":
        return text(value["bytes_"])
    if name.startswith("halcyon::Vec<char"):
        return _bytes(value["data_"], int(value["size_"]))
    if name == "halcyon::fs::NameText":
        return _bytes(value["long_"] if int(value["long_"]) else value["short_"].address, int(value["length_"]))
    raise Unreadable(f"not a text: {value.type}")


def _bytes(pointer, length):
    if length == 0:
        return ""
    return bytes(gdb.selected_inferior().read_memory(int(pointer), length)).decode(errors="replace")


def enumerator(value):
    """The last part of an enumerator's name."""
    return str(value).rpartition("::")[2]
