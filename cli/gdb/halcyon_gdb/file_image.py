"""The contents of a file that the guest has mapped: from the pages that its page cache holds, and where those are missing from the host's
file behind it, if it is one of the host's."""
import gdb

from .values import target, text

PAGE = 4096


class FileImage:
    def __init__(self, file, direct_map):
        self.path = path_of(file)
        self.direct_map = direct_map
        inode = target(target(_location(file)["dentry"])["inode_"])
        self.inode = inode
        cache = inode["cache_"]
        self.size = int(cache["size_"]["_M_i"])
        self.pages = cache["pages_"]["value_"]
        self.host_path = host_path_of(inode)

    def read(self, offset, length):
        """As much as the file has; holes, and pages that are nowhere, are zeros."""
        length = max(0, min(length, self.size - offset))
        data = b""
        while len(data) < length:
            at = offset + len(data)
            count = min(length - len(data), PAGE - at % PAGE)
            data += self._read_page(at, count)
        return data

    def _read_page(self, offset, count):
        frame = self._find(offset // PAGE)
        if frame is not None:
            return bytes(gdb.selected_inferior().read_memory(self.direct_map + frame + offset % PAGE, count))
        if self.host_path is not None:
            try:
                with open(self.host_path, "rb") as file:
                    file.seek(offset)
                    return file.read(count).ljust(count, b"\0")
            except OSError:
                pass
        return bytes(count)

    def _find(self, index):
        """The frame of a page in the radix tree (core/mm/radix_tree.cpp)."""
        levels, node = int(self.pages["levels_"]), self.pages["root_"]
        if int(node) == 0 or index >> 6 * levels:
            return None
        for level in range(levels - 1, -1, -1):
            slot = node["slot"]["_M_elems"][index >> 6 * level & 63]
            if level == 0:
                value = int(slot["value"])
                return value & ~3 if value else None
            node = slot["child"]
            if int(node) == 0:
                return None
        return None


def _location(file):
    """The fs::Path that a file was opened by."""
    return file["path_"]


def path_of(file):
    """Its name in the guest."""
    path = _location(file)
    mount, dentry = target(path["mount"]), target(path["dentry"])
    names = []
    while True:
        parent = target(dentry["parent_"])
        if parent is not None:
            names.append(text(dentry["name_"]))
            dentry = parent
            continue
        above = target(mount["parent_"])
        if above is None:
            return "/" + "/".join(reversed(names))
        mount, dentry = above, target(mount["mount_point_"])


def host_path_of(inode):
    return None
