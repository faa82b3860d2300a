"""The command user: the program side of a thread."""
import gdb

from .. import registers as user_registers
from ..backtrace import Backtrace
from ..files import name_of
from ..kernel import Kernel
from .kthreads import USER_MODE, whereabouts
from ..memory import GuestMemory
from ..values import Unreadable

PARTS = ("registers", "bt", "maps")


class User(gdb.Command):
    """Look at the user program of a thread: user [N] [registers|bt|maps]

N is as kthreads lists it; without it the current thread. Without one of the words: registers and backtrace.
Registers are read where they are, in the CPU or in the thread's saved context; memory through the program's page tables; symbols and
unwind information come from the ELF files that the program has mapped."""

    def __init__(self):
        super().__init__("user", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = argument.split()
        label = words.pop(0) if words and words[0] not in PARTS else None
        if len(words) > 1 or (words and words[0] not in PARTS):
            raise gdb.GdbError("usage: user [N] [registers|bt|maps]")
        kernel = Kernel.find()
        thread = kernel.current() if label is None else kernel.thread(label)
        if not thread.has_context():
            raise Unreadable(f"thread {thread.label()} ({thread.name()}) is the kernel's own: it has no user program")
        print(f"thread {thread.label()} of process {thread.pid()}, {thread.name()}:")
        for part in words or ("registers", "bt"):
            getattr(self, part)(thread)

    @staticmethod
    def registers(thread):
        state = user_registers.read(thread)
        place = state.place
        if place == "in the engine" and thread.is_live() and whereabouts(thread) == USER_MODE:
            place += ", amid a block of code: each may be as of the last block"
        print(f"{state.isa.name} registers ({place})")
        names = state.isa.names()
        for at in range(0, len(names), 4):
            print("  ".join(f"{name:>7} {state.values[name]:#018x}" for name in names[at:at + 4]))

    @staticmethod
    def bt(thread):
        trace = Backtrace(GuestMemory.of(thread), user_registers.read(thread))
        for number, frame in enumerate(trace.frames()):
            print(f"#{number:<3} {frame}")
        if trace.ending:
            print(f"     (it ends here: {trace.ending})")

    @staticmethod
    def maps(thread):
        memory = GuestMemory.of(thread)
        for vma in memory.vmas:
            print(f"{vma.start:012x}-{vma.end:012x} {vma.letters()} {vma.offset:08x} {vma.name() or (name_of(vma.file) if vma.file is not None else '')}".rstrip())


def install():
    User()
