"""Backtraces of parked kernel threads. A parked stack holds the registers that the switch of stacks saved (worlds.StackLayout); an unwinder
gives them out as the caller's of frame #0, whatever frame #0 is. So gdb's own bt, frame and info locals show the parked thread from frame #1
on, no register is written, and a core file does as well as a process."""
import contextlib

import gdb
from gdb.FrameDecorator import FrameDecorator
from gdb.unwinder import Unwinder, register_unwinder

from .names import without_parameters
from .values import Unreadable


class _FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class ParkedUnwinder(Unwinder):
    def __init__(self):
        super().__init__("halcyon-parked")
        self.where = None  # (sp, pc) of the real innermost frame, while a parked thread is being viewed
        self.registers = {}
        self.layout = None

    def __call__(self, frame):
        if self.where is None:
            return None
        sp, pc = frame.read_register(self.layout.sp), frame.read_register(self.layout.pc)
        if (int(sp), int(pc)) != self.where:
            return None
        # gdb takes a caller on a lower address for a broken stack, so this frame claims to be just below the parked one.
        parked = self.registers[self.layout.sp]
        below = gdb.Value(parked - 2 * self.layout.size).cast(sp.type)
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


def select_cpu(thread):
    """Selects the CPU that runs `thread` in the kernel, on a bare machine."""
    cpu = thread.kernel.world.kernel_cpu(thread.runs_on())
    if cpu is not None:
        with thread.kernel.world.on_cpu(cpu):
            wanted = gdb.selected_thread()
        wanted.switch()


def enter(thread):
    """From now on frames are those of `thread`, which is not live."""
    layout = thread.kernel.world.stack_of(thread)
    try:
        registers = layout.read(thread.saved_sp())
    except gdb.MemoryError:
        raise Unreadable(f"the stack of thread {thread.label()} is not readable") from None
    innermost = gdb.newest_frame()
    _unwinder.layout = layout
    _splice((int(innermost.read_register(layout.sp)), int(innermost.read_register(layout.pc))), registers)
    gdb.newest_frame().older().select()


def leave():
    if _unwinder.where is not None:
        _splice(None, {})


@contextlib.contextmanager
def view(thread):
    """Frames are those of `thread` inside; what was selected before is selected again afterwards."""
    was, level = (_unwinder.where, _unwinder.registers), gdb.selected_frame().level()
    try:
        world = thread.kernel.world
        with world.on_cpu(world.kernel_cpu(thread.runs_on())):
            if thread.is_live():
                leave()
            else:
                enter(thread)
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
