"""The contents of a file that the guest has mapped: from the pages that its page cache holds, and where those are missing from the host's
file behind it, if it is one of the host's."""
import os

import gdb

from .containers import RadixTree
from .files import has_member, location, name_of, path_text
from .pages import PAGE
from .values import Unreadable, number, target, text


class CachedPages:
    """The pages of a PageCache (core/mm/cache/page_cache.h)."""

    def __init__(self, cache, direct_map):
        self.size = number(cache["size_"])
        self._tree = RadixTree(cache["pages_"]["value_"])
        self._direct_map = direct_map

    def read(self, offset, length):
        """As much as there is; holes are zeros."""
        length = max(0, min(length, self.size - offset))
        data = b""
        while len(data) < length:
            at = offset + len(data)
            data += self._read_page(at, min(length - len(data), PAGE - at % PAGE))
        return data

    def _read_page(self, offset, count):
        frame = self._tree.find(offset // PAGE)
        if frame is None:
            return self.missing(offset, count).ljust(count, b"\0")
        return bytes(gdb.selected_inferior().read_memory(self._direct_map + frame + offset % PAGE, count))

    def missing(self, offset, count):
        """What is at `offset` if no page is there."""
        return b""


class FileImage(CachedPages):
    def __init__(self, file, direct_map):
        place = location(file)
        if place is None:
            raise Unreadable(f"the contents of {name_of(file)} are not known")
        inode = target(target(place["dentry"])["inode_"])
        super().__init__(inode["cache_"], direct_map)
        self.path = path_text(place)
        self.host_path = host_path_of(place, inode)

    def missing(self, offset, count):
        if self.host_path is None:
            return b""
        try:
            with open(self.host_path, "rb") as file:
                file.seek(offset)
                return file.read(count)
        except OSError:
            return b""


class KernelImage(CachedPages):
    """What the kernel itself lets programs map: the vDSO."""

    def __init__(self, vma, direct_map):
        super().__init__(vma.shared["pages_"], direct_map)
        self.path = vma.name()


def host_path_of(place, inode):
    """The place on the host of a file at an fs::Path, if it is one of the host's: below what its mount shows."""
    if has_member(inode, "lower_"):
        inode = target(inode["lower_"])  # the layer in memory over a host tree
    if not has_member(inode, "identity_"):
        return None
    node = gdb.lookup_type("halcyon::fs::HostObject")
    at, names = inode.cast(node), []
    while (parent := target(at["parent_"])) is not None:
        names.append(text(at["name_"]))
        at = parent.cast(node)
    shown = text(target(place["mount"])["source_"])
    pid = gdb.selected_inferior().pid
    if not shown.startswith("/") and os.path.exists(f"/proc/{pid}/cwd"):
        shown = os.path.join(f"/proc/{pid}/cwd", shown)
    return os.path.join(shown, *reversed(names))
