"""The user registers of a thread. Hosted they are in the engine's CPU if the engine holds them and they changed since, else in the context's
saved copy; on a bare machine in the CPU while it is in user mode, else in the frame that its trap saved.

Unicorn's register files are opaque, but their beginnings have the shape of QEMU's CPUX86State and CPURISCVState, which has not changed for many
versions; tests/cli/gdb_test.py holds what is read here against what UnicornContext::get says. A saved copy is a header and the register
file. Where the engine's own register file is, nothing tells: it is found as the memory behind the engine's CPU that resembles a copy most."""
import gdb

from .values import Unreadable, number, target

X86_NAMES = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15")
RISCV_NAMES = ("zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2", "s3", "s4", "s5",
               "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6")


class Isa:
    def __init__(self, name, general, pc, sp, others, dwarf, return_column):
        self.name = name
        self.general = general  # names, in the order of the register file, which begins with them
        self.pc, self.sp = pc, sp
        self.others = others  # name -> offset in the register file
        self.dwarf = dwarf  # names by DWARF number
        self.return_column = return_column

    def names(self):
        return (self.pc, *self.general, *(name for name in self.others if name != self.pc))


ISAS = {
    "x86_64": Isa("x86_64", X86_NAMES, "rip", "rsp", {"rip": 128, "fs_base": 288, "gs_base": 312},
                  ("rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", *X86_NAMES[8:], "rip"), 16),
    "riscv64": Isa("riscv64", RISCV_NAMES, "pc", "sp", {"pc": 512}, RISCV_NAMES, 1),
}


class Registers:
    """`values` by name; `place` says where they were."""

    def __init__(self, isa, values, place):
        self.isa, self.values, self.place = isa, values, place


def read(thread):
    context = target(thread.value["context_"])
    if context is None:
        raise Unreadable(f"thread {thread.label()} is the kernel's own: it has no user registers")
    return thread.kernel.world.user_registers(thread, context)


# The words of a bare x86_64 machine's TrapFrame (hal-baremetal/x86_64/cpu/context.h).
X86_FRAME = ("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi", None, None, "rip", None, None, "rsp")


def _of_x86_64_frame(isa, frame):
    words = frame["words"]["_M_elems"]
    return {name: int(words[index]) for index, name in enumerate(X86_FRAME) if name}


def _of_riscv64_frame(isa, frame):
    words = frame["registers"]["_M_elems"]
    values = {name: int(words[index]) for index, name in enumerate(isa.general)}
    return {**values, isa.pc: values["zero"], "zero": 0}


BARE_FRAMES = {"x86_64": _of_x86_64_frame, "riscv64": _of_riscv64_frame}


def of_bare_frame(isa, context):
    return BARE_FRAMES[isa.name](isa, context["frame_"])


def read_from_engine(isa, context):
    engine = context["engine_"]
    is_held = int(engine["live_"]) == int(context.address) and not bool(context["is_copy_current_"])
    copy, header = _saved_copy(engine, context["copy_"])
    file = _engine_file(engine, copy[header:]) if is_held else copy[header:]
    values = {name: _word(file, 8 * index) for index, name in enumerate(isa.general)}
    values.update((name, _word(file, offset)) for name, offset in isa.others.items())
    if bool(context["is_pc_known_"]):
        values[isa.pc] = int(context["pc_"])
    return Registers(isa, values, "in the engine" if is_held else "saved")


def _word(data, offset):
    return int.from_bytes(data[offset:offset + 8], "little")


def _read(address, length):
    return bytes(gdb.selected_inferior().read_memory(address, length))


def _saved_copy(engine, pointer):
    """(bytes of a uc_context, size of its header): it begins with the size of the register file."""
    size = number(engine["copy_size_"])
    data = _read(int(pointer), size)
    return data, size - _word(data, 0)


_known_files = {}  # engine -> address of its register file, for this process


def _engine_file(engine, resembling):
    handle = int(engine["engine_"])
    key = (gdb.selected_inferior().pid, handle)
    if key not in _known_files:
        _known_files[key] = _find_engine_file(handle, resembling)
    return _read(_known_files[key], len(resembling))


def _find_engine_file(handle, resembling):
    """The engine's object points to its CPU, and that, among its first words, to its register file a little further on."""
    wanted = [(offset, word) for offset in range(0, len(resembling) - 7, 8) if (word := _word(resembling, offset))]
    best, best_score = None, 0
    for cpu in _pointers(handle, 16 << 10):
        for file in _pointers(cpu, 4 << 10):
            if not cpu < file < cpu + (256 << 10):
                continue
            try:
                data = _read(file, len(resembling))
            except gdb.MemoryError:
                continue
            score = sum(_word(data, offset) == word for offset, word in wanted)
            if score > best_score:
                best, best_score = file, score
    if best_score * 3 < len(wanted):
        raise Unreadable("cannot find the engine's registers in this version of Unicorn")
    return best


def _pointers(address, length):
    """The distinct words of some memory that look like addresses on a heap; as far as it is readable."""
    data = b""
    for at in range(address, address + length, 1 << 10):
        try:
            data += _read(at, 1 << 10)
        except gdb.MemoryError:
            break
    words = (_word(data, offset) for offset in range(0, len(data) - 7, 8))
    return dict.fromkeys(word for word in words if word > 1 << 16 and word % 8 == 0 and word >> 47 == 0)
