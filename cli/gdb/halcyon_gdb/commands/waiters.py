"""The command waiters."""
import gdb

from .. import unwinder
from ..files import has_member, name_of
from ..containers import elements
from ..owners import Owners
from ..values import number, target
from ..waits import Waits
from .base import WholeCommand
from .kthreads import whereabouts


class Waiters(WholeCommand):
    """Show who waits on what: waiters

For each thread that is parked: the system call and the function in which it waits, then what it waits on: the queues (as members of the
objects that own them) and what would wake it, futexes, and until when, if it has a deadline (in seconds of CLOCK_MONOTONIC)."""

    NAME = "waiters"

    def show(self, kernel):
        waits, owners, ends = Waits(kernel), Owners(kernel), PipeEnds(kernel)
        for thread in kernel.threads():
            if thread.idle_of is not None or thread.state() not in ("parked", "parking"):
                continue
            print(f"thread {thread.label()} ({thread.name()}) in {whereabouts(thread)}")
            objects = list(of_frames(thread))
            for wait in waits.of(thread):
                if wait.queue is None:
                    print(f"  on {wait.text}")
                    continue
                named = owners.name(int(wait.queue.address), objects)
                print(f"  on {named}" + (f", {name_of(wait.file)}" if wait.file is not None else "") + ends.text(int(wait.queue.address)))
            if (when := waits.deadline(thread)) is not None:
                print(f"  until {when / 1e9:.6f} s")


def of_frames(thread):
    """The objects whose functions a thread is in, innermost first, as far as the debugger knows them."""
    with unwinder.view(thread):
        for frame in unwinder.frames(thread):
            try:
                this = frame.read_var("this")
                yield this.cast(this.dynamic_type).dereference()
            except (ValueError, gdb.error):
                continue


class PipeEnds:
    """Who has pipes open."""

    def __init__(self, kernel):
        self.pipes = {}  # address: (the pipe, [who has an end open])
        for process in kernel.processes():
            thread = process.main_thread()
            table = target(thread.value["resources_"]["files"]) if thread is not None else None
            for fd, slot in enumerate(elements(table["slots_"]) if table is not None else ()):
                file = target(slot["file"])
                if file is not None and has_member(file, "pipe_"):
                    pipe, kind = target(file["pipe_"]), ("reads", "writes", "reads and writes", "has")[number(file["flags_"]) & 3]
                    self.pipes.setdefault(int(pipe.address), (pipe, []))[1].append(f"{process} {kind} it by {fd}")

    def text(self, address):
        """Of the pipe that an address lies in."""
        for start, (pipe, who) in self.pipes.items():
            if start <= address < start + pipe.type.sizeof:
                return f", pipe:[{int(pipe['id_'])}]: " + "; ".join(who)
        return ""


def install():
    Waiters()
