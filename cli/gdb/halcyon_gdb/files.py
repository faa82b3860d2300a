"""Open files of the guest, and places in its tree, by name."""
from .values import all_fields, number, target, text


def path_text(path):
    """An fs::Path as it is called from the root of the tree of mounts."""
    return place_text(target(path["mount"]), target(path["dentry"]))


def place_text(mount, dentry):
    if dentry is None:
        return "?"
    names, deleted = [], " (deleted)" if number(dentry["is_removed_"]) else ""
    while True:
        parent = target(dentry["parent_"])
        if parent is not None:
            names.append(text(dentry["name_"]))
            dentry = parent
            continue
        above = target(mount["parent_"])
        if above is None:
            return "/" + "/".join(reversed(names)) + deleted
        mount, dentry = above, target(mount["mount_point_"])


def location(file):
    """The fs::Path by which a file was opened; None if it has none."""
    if has_member(file, "path_"):
        return file["path_"]
    place = target(file["place_"])
    return place["path_"] if place is not None else None


def name_of(file):
    """As /proc/PID/fd shows it."""
    if (path := location(file)) is not None:
        return path_text(path)
    if has_member(file, "pipe_"):
        return f"pipe:[{int(target(file['pipe_'])['id_'])}]"
    if any(base.name == "halcyon::AnonymousFile" for base in bases(file.type)):
        return f"anon_inode:{text(file['name_'])}"
    if has_member(file, "device_"):
        return text(file["device_"].referenced_value()["name_"])
    return "/dev/console" if has_member(file, "tty_") else f"a {file.type}"


def has_member(value, name):
    return any(field.name == name for field in all_fields(value.type))


def bases(kind):
    """A class and all that it derives from."""
    yield kind.strip_typedefs()
    for field in kind.strip_typedefs().fields():
        if field.is_base_class:
            yield from bases(field.type)
