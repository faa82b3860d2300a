"""Backtraces of parked kernel threads. A parked stack holds the registers that halcyon_switch_stack saved (hal/hosted/stacks.cpp); an unwinder
gives them out as the caller's of frame #0, whatever frame #0 is. So gdb's own bt, frame and info locals show the parked thread from frame #1
on, no register is written, and a core file does as well as a process."""
import contextlib

import gdb
from gdb.FrameDecorator import FrameDecorator
from gdb.unwinder import Unwinder, register_unwinder

from .names import without_parameters
from .values import Unreadable

SAVED = ("r15", "r14", "r13", "r12", "rbx", "rbp", "rip")  # from saved sp + 8 on, 8 bytes each
SAVED_SIZE = 64


class _FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class ParkedUnwinder(Unwinder):
    def __init__(self):
        super().__init__("halcyon-parked")
        self.where = None  # (rsp, rip) of the real innermost frame, while a parked thread is being viewed
        self.registers = {}

    def __call__(self, frame):
        if self.where is None:
            return None
        sp, pc = frame.read_register("rsp"), frame.read_register("rip")
        if (int(sp), int(pc)) != self.where:
            return None
        # gdb takes a caller on a lower address for a broken stack, so this frame claims to be just below the parked one.
        parked = self.registers["rsp"]
        below = gdb.Value(parked - 2 * SAVED_SIZE).cast(sp.type)
        info = frame.create_unwind_info(_FrameId(below, pc))
        word = gdb.lookup_type("unsigned long")
        for name, value in self.registers.items():
            info.add_saved_register(name, gdb.Value(value).cast(word).cast(frame.read_register(name).type))
        return info


class _ShortName(FrameDecorator):
    """Without template arguments and parameter types, which say nothing beside the arguments."""

    def function(self):
        name = super().function()
        return without_parameters(name) if isinstance(name, str) else name


class _HideInnermost:
    """A frame filter: without the frame that only carries the parked one. Off otherwise: gdb's own printing is better."""

    name, enabled, priority = "halcyon-parked", False, 100

    def filter(self, frames):
        return (_ShortName(frame) for frame in frames if frame.inferior_frame().level() != 0)


_unwinder = ParkedUnwinder()
_filter = _HideInnermost()


def install():
    register_unwinder(None, _unwinder, replace=True)
    gdb.frame_filters[_filter.name] = _filter
    gdb.events.cont.connect(lambda event: leave())


def _splice(where, registers):
    _unwinder.where, _unwinder.registers = where, registers
    _filter.enabled = where is not None
    gdb.invalidate_cached_frames()


def enter(thread):
    """From now on frames are those of `thread`, which is not live."""
    saved_sp = thread.saved_sp()
    try:
        words = bytes(gdb.selected_inferior().read_memory(saved_sp, SAVED_SIZE))
    except gdb.MemoryError:
        raise Unreadable(f"the stack of thread {thread.label()} is not readable") from None
    registers = {name: int.from_bytes(words[8 + 8 * index:16 + 8 * index], "little") for index, name in enumerate(SAVED)}
    registers["rsp"] = saved_sp + SAVED_SIZE
    innermost = gdb.newest_frame()
    _splice((int(innermost.read_register("rsp")), int(innermost.read_register("rip"))), registers)
    gdb.newest_frame().older().select()


def leave():
    if _unwinder.where is not None:
        _splice(None, {})


@contextlib.contextmanager
def view(thread):
    """Frames are those of `thread` inside; what was selected before is selected again afterwards."""
    was, level = (_unwinder.where, _unwinder.registers), gdb.selected_frame().level()
    if thread.is_live():
        leave()
    else:
        enter(thread)
    try:
        yield
    finally:
        _splice(*was)
        frame = gdb.newest_frame()
        while frame.level() < level and frame.older() is not None:
            frame = frame.older()
        frame.select()


def frames(thread):
    """The frames of a thread, innermost first. Only inside view(thread)."""
    frame = gdb.newest_frame()
    if not thread.is_live():
        frame = frame.older()
    while frame is not None:
        yield frame
        frame = frame.older()
