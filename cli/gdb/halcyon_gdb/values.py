"""Reading C++ objects as gdb shows them: through atomics, owning pointers, base classes and intrusive containers. Nothing is called in the
debugged process."""
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


def elements(container):
    """The objects in a boost::intrusive list or set, in its order."""
    traits, element, tag = _traits(container)
    if container.address is None:
        raise Unreadable("a copy of a container: its elements do not lead back to it")
    hook = _hook(element, tag)
    header = _header(container)
    walk = _walk_list if "list_node" in traits else _walk_tree
    for node in walk(header):
        yield node.cast(hook.pointer()).cast(element.pointer()).dereference()


def _traits(container):
    """(name of the value traits, element type, tag type): bhtraits<T, NodeTraits, link_mode, Tag, kind>."""
    traits = _find_base(container.type.strip_typedefs(), "boost::intrusive::bhtraits<")
    if traits is None:
        raise Unreadable(f"not a list or set that can be walked: {container.type}")
    return traits.name, traits.template_argument(0).strip_typedefs(), traits.template_argument(3).strip_typedefs()


def _find_base(struct, prefix):
    """The first base class, or member's base class, of that name."""
    for field in struct.fields():
        kind = field.type.strip_typedefs()
        if kind.code != gdb.TYPE_CODE_STRUCT:
            continue
        if (kind.name or "").startswith(prefix):
            return kind
        if (found := _find_base(kind, prefix)) is not None:
            return found
    return None


def _hook(element, tag):
    """The base class of an element by which it hangs in the container: the generic_hook with the container's tag."""
    for field in element.fields():
        if not field.is_base_class:
            continue
        kind = field.type.strip_typedefs()
        if kind.name.startswith("boost::intrusive::generic_hook<") and kind.template_argument(2).strip_typedefs() == tag:
            return kind
        if (found := _hook(kind, tag)) is not None:
            return found
    return None


NODES = tuple(f"boost::intrusive::{kind}_node<" for kind in ("list", "rbtree", "compact_rbtree"))


def _header(container):
    """A pointer to the container's own node: the first thing in it that is one."""
    def search(inner):
        for field in inner.type.strip_typedefs().fields():
            if getattr(field, "bitpos", None) is None or field.type.strip_typedefs().code != gdb.TYPE_CODE_STRUCT:
                continue
            member = inner[field]
            if (member.type.strip_typedefs().name or "").startswith(NODES):
                return member.address.cast(member.type.strip_typedefs().pointer())
            if (found := search(member)) is not None:
                return found
        return None

    return search(container)


def _walk_list(header):
    node = header["next_"].cast(header.type)
    while int(node) != int(header):
        yield node
        node = node["next_"].cast(header.type)


def _walk_tree(header):
    """In order; the header's parent is the root."""
    stack, node = [], header["parent_"].cast(header.type)
    while stack or int(node):
        while int(node):
            stack.append(node)
            node = node["left_"].cast(header.type)
        node = stack.pop()
        yield node
        node = node["right_"].cast(header.type)


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
