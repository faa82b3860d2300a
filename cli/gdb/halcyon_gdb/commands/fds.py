"""The command fds."""
from ..containers import elements, taken
from ..files import has_member, name_of
from ..values import number, target
from .base import ProcessCommand, count

# open(2), as core/file/file.h numbers them.
ACCESS = ("r", "w", "rw", "-")
FLAGS = ((0o2000, "append"), (0o4000, "nonblock"), (0o20000, "async"), (0o40000, "direct"), (0o10000000, "path"))


class Fds(ProcessCommand):
    """List the open files of a program: fds [PID]

A line for each descriptor: how it was opened, at which offset it is (where the file has one), how many hold the open file description
(descriptors of this and other processes, and calls that use it now), its object in the kernel, and its name as in /proc/PID/fd.
Two descriptors with one object share offset and flags, as dup(2) and fork(2) leave them.
Without PID: the program of the current thread."""

    NAME = "fds"

    def show(self, kernel, process):
        table = process.resource("files", "descriptors")
        slots, open_ = list(elements(table["slots_"])), taken(table["taken_"])
        print(f"{process}: {count(len(open_), 'descriptor')} in {count(len(slots), 'slot')}, in a table that {count(number(table['references_']), 'holder has', 'holders have')}")
        print(f"  {'FD':>4}  {'OPENED':<16} {'OFFSET':>10} {'HOLDERS':>7}  {'OBJECT':<40} NAME")
        for fd in open_:
            file = target(slots[fd]["file"])
            if file is None:
                print(f"  {fd:>4}  (a call that has not ended yet has reserved it)")
                continue
            kind = str(file.type).rpartition("::")[2]
            print(f"  {fd:>4}  {opened(file, slots[fd]):<16} {offset(file):>10} {number(file['references_']):>7}  {kind + '* ' + hex(int(file.address)):<40} {name_of(file)}")


def opened(file, slot):
    flags = number(file["flags_"])
    words = [ACCESS[flags & 3], *(name for bit, name in FLAGS if flags & bit)]
    return ",".join(words + (["cloexec"] if slot["close_on_exec"] else []))


def offset(file):
    member = next((name for name in ("offset_", "position_") if has_member(file, name)), None)
    return int(file[member]) if member else "-"


def install():
    Fds()
