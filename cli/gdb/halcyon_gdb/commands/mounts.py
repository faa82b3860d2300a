"""The command mounts."""
from ..containers import elements
from ..files import place_text
from ..values import Unreadable, number, target, text
from .base import WholeCommand

FLAGS = ((1, "ro"), (2, "nosuid"), (4, "nodev"), (8, "noexec"), (256, "nosymfollow"), (1024, "noatime"), (2048, "nodiratime"), (1 << 21, "relatime"))


class Mounts(WholeCommand):
    """List what is mounted where: mounts

A line for each mount, in the order of their ids: the mount that it is on, the kind of file system, the object that is its instance (two mounts
of one instance are a bind), how many names of the instance the kernel remembers, the object that is the mount, the mount's own flags, where
it is, and what is mounted (the first column of /proc/mounts)."""

    NAME = "mounts"

    def show(self, kernel):
        vfs = the_vfs(kernel)
        print(f"  {'ID':>3} {'ON':>3}  {'TYPE':<10} {'INSTANCE':<18} {'DENTRIES':>8}  {'OBJECT':<18} {'FLAGS':<28} {'PLACE':<16} SOURCE")
        for mount in elements(vfs["mounts_"]["by_id_"]):
            above, instance = target(mount["parent_"]), target(mount["file_system_"])
            path = place_text(above, target(mount["mount_point_"])) if above is not None else "/"
            dentries = sum(1 for _ in elements(instance["cached_"]))
            flags = ",".join(name for bit, name in FLAGS if number(mount["flags_"]) & bit) or "-"
            print(f"  {number(mount['id_']):>3} {number(above['id_']) if above is not None else '-':>3}  {text(instance['type_']):<10} {int(instance.address):<#18x}"
                  f" {dentries:>8}  {int(mount.address):<#18x} {flags:<28} {path:<16} {text(mount['source_'])}")


def the_vfs(kernel):
    """By way of any process's view of the tree."""
    for thread in kernel.threads():
        if (context := target(thread.value["resources_"]["fs"])) is not None:
            return context["vfs_"].referenced_value()
    raise Unreadable("no process has a view of the tree of files yet")


def install():
    Mounts()
