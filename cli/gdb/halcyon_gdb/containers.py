"""The kernel's containers: how their elements are found. Nothing is called in the debugged process.

A new kind of container needs a row in KINDS; tests/cli/gdb_printers_test.py looks through the kernel's types for kinds that have none."""
import re

import gdb

from .values import Unreadable


def elements(container):
    """The objects in a container, in its order. Raises Unreadable."""
    walk = walker_of(container.type)
    if walk is None:
        raise Unreadable(f"a container of a kind that cli/gdb/halcyon_gdb/containers.py does not know: {container.type}")
    if container.address is None:
        raise Unreadable("a copy of a container: its elements do not lead back to it")
    yield from walk(container)


def walker_of(kind):
    """The function that walks containers of this type, or of a base class of it; None if it is no container, or of an unknown kind."""
    kind = kind.strip_typedefs().unqualified()
    if kind.code != gdb.TYPE_CODE_STRUCT:
        return None
    for pattern, walk in KINDS:
        if re.match(pattern, kind.name or ""):
            return walk
    bases = (walker_of(field.type) for field in kind.fields() if field.is_base_class)
    return next((walk for walk in bases if walk is not None), None)


def _walk_vma_tree(tree):
    """core/mm/vma_tree.h: a treap, which is also a list."""
    vma = tree["first_"]
    while int(vma):
        yield vma.dereference()
        vma = vma["next"]


def _walk_vec(vec):
    for index in range(int(vec["size_"])):
        yield (vec["data_"] + index).dereference()


def _walk_array(array):
    members = array["_M_elems"]
    if members.type.strip_typedefs().code != gdb.TYPE_CODE_ARRAY:
        return  # of none
    first, last = members.type.strip_typedefs().range()
    for index in range(first, last + 1):
        yield members[index]


# --- intrusive lists and sets

def _walk_intrusive(container):
    element, nodes, tag = _traits(container)
    hook = _hook(element, nodes, tag)
    header = _header(container)
    walk = _list_nodes if "list_node" in nodes.name else _tree_nodes
    for node in walk(header):
        yield node.cast(hook.pointer()).cast(element.pointer()).dereference()


def _traits(container):
    """(type of the elements, of the nodes' traits, of the tag): bhtraits<T, NodeTraits, link_mode, Tag, kind>."""
    traits = _find_base(container.type.strip_typedefs(), "boost::intrusive::bhtraits<")
    if traits is None:
        raise Unreadable(f"an intrusive container whose hook is no base class: {container.type}")
    return tuple(traits.template_argument(which).strip_typedefs() for which in (0, 1, 3))


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


def _hook(element, nodes, tag):
    """The base class of an element by which it hangs in the container: the generic_hook with the container's nodes and tag."""
    for field in element.fields():
        if not field.is_base_class:
            continue
        kind = field.type.strip_typedefs()
        if kind.name.startswith("boost::intrusive::generic_hook<") and (kind.template_argument(1).strip_typedefs(), kind.template_argument(2).strip_typedefs()) == (nodes, tag):
            return kind
        if (found := _hook(kind, nodes, tag)) is not None:
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


def _list_nodes(header):
    node = header["next_"].cast(header.type)
    while int(node) != int(header):
        yield node
        node = node["next_"].cast(header.type)


def _tree_nodes(header):
    """In order; the header's parent is the root. A compact node keeps its colour in the lowest bit of that pointer."""
    stack, node = [], gdb.Value(int(header["parent_"]) & ~1).cast(header.type)
    while stack or int(node):
        while int(node):
            stack.append(node)
            node = node["left_"].cast(header.type)
        node = stack.pop()
        yield node
        node = node["right_"].cast(header.type)


KINDS = (
    (r"boost::intrusive::(list|set|multiset)<", _walk_intrusive),
    (r"halcyon::VmaTree$", _walk_vma_tree),
    (r"halcyon::Vec<", _walk_vec),
    (r"std::array<", _walk_array),
)


# --- what holds numbers

def taken(bits):
    """The numbers in an FdBits (core/file/fd_bits.h)."""
    words = [bits["few_taken_"]] if int(bits["words_"]) == 1 else elements(bits["many_taken_"])
    return [64 * index + bit for index, word in enumerate(words) for bit in range(64) if int(word) >> bit & 1]


def ranges(numbers):
    """Ascending numbers as a text: 0-2, 5."""
    runs = []
    for each in numbers:
        if runs and runs[-1][1] == each - 1:
            runs[-1][1] = each
        else:
            runs.append([each, each])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)


class RadixTree:
    """Page number -> frame (core/mm/cache/radix_tree.h)."""
    BITS = 6
    DIRTY = 3  # bits of a value that are not its frame's address

    def __init__(self, tree):
        self.tree = tree

    def find(self, index):
        """The frame's address, or None."""
        levels, node = int(self.tree["levels_"]), self.tree["root_"]
        if int(node) == 0 or index >> self.BITS * levels:
            return None
        for level in range(levels - 1, -1, -1):
            slot = node["slot"]["_M_elems"][index >> self.BITS * level & (1 << self.BITS) - 1]
            if level == 0:
                return int(slot["value"]) & ~self.DIRTY if int(slot["value"]) else None
            node = slot["child"]
            if int(node) == 0:
                return None
        return None

    def __iter__(self):
        """(page number, frame's address) of all."""
        if int(self.tree["root_"]):
            yield from self._below(self.tree["root_"], int(self.tree["levels_"]) - 1, 0)

    def _below(self, node, level, base):
        for at, slot in enumerate(elements(node["slot"])):
            index = base + (at << self.BITS * level)
            if level == 0:
                if int(slot["value"]):
                    yield index, int(slot["value"]) & ~self.DIRTY
            elif int(slot["child"]):
                yield from self._below(slot["child"], level - 1, index)
