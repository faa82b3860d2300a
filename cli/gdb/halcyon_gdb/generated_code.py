"""Backtraces through the code that Unicorn generates for guest code, which has no unwind information: its prologue (QEMU's
tcg_target_qemu_prologue for x86_64) pushes six registers and makes room below, and the generated code never moves the stack pointer."""
import gdb
from gdb.unwinder import Unwinder, register_unwinder

from .worlds import Bare

PUSHED = ("r15", "r14", "r13", "r12", "rbx", "rbp", "rip")  # upwards from the room's end
ROOM = 1160  # as of Unicorn 2.1
MOST_ROOM = 4096


class _FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


def _belongs_to_a_file(pc):
    space = gdb.current_progspace()
    if space.solib_name(pc) is not None or space.block_for_pc(pc) is not None:
        return True
    return not gdb.execute(f"info symbol {pc:#x}", to_string=True).startswith("No symbol")


class GeneratedCodeUnwinder(Unwinder):
    def __init__(self):
        super().__init__("halcyon-generated-code")

    def __call__(self, frame):
        if Bare.is_here():
            return None
        pc, sp = frame.read_register("rip"), frame.read_register("rsp")
        if _belongs_to_a_file(int(pc)):
            return None
        try:
            stack = bytes(gdb.selected_inferior().read_memory(int(sp), MOST_ROOM + 8 * len(PUSHED)))
        except gdb.MemoryError:
            return None
        for room in (ROOM, *range(0, MOST_ROOM, 8)):
            words = [int.from_bytes(stack[at:at + 8], "little") for at in range(room, room + 8 * len(PUSHED), 8)]
            if not _returns_to_unicorn(words[-1]):
                continue
            info = frame.create_unwind_info(_FrameId(sp, pc))
            word = gdb.lookup_type("unsigned long")
            registers = dict(zip(PUSHED, words), rsp=int(sp) + room + 8 * len(PUSHED))
            for name, value in registers.items():
                info.add_saved_register(name, gdb.Value(value).cast(word).cast(frame.read_register(name).type))
            return info
        return None


def _returns_to_unicorn(pc):
    """The one function that enters generated code, of the ISA that runs."""
    return _belongs_to_a_file(pc) and gdb.execute(f"info symbol {pc:#x}", to_string=True).startswith("cpu_exec")


def install():
    register_unwinder(None, GeneratedCodeUnwinder(), replace=True)
