"""The backtrace of a user program: by its call frame information; where there is none, by frame pointers; and where those lead nowhere, by
the next word on the stack that looks like a return address, which is said."""
from . import cfi, signal_frames
from .elf_image import ElfImage
from .values import Unreadable

MOST_FRAMES = 64
FARTHEST_FRAME = 1 << 20  # bytes up the stack that a frame pointer is believed
FARTHEST_SCAN = 2048
EXECUTE = 4
FRAME_POINTERS = {"x86_64": ("rbp", 8, 0), "riscv64": ("s0", -8, -16)}  # register, where the return address and the caller's lie from it


def _ends_in_x86_64_call(code):
    indirect = any(code[-size] == 0xFF and code[1 - size] & 0x38 == 0x10 for size in (2, 3, 4, 6, 7))
    return code[-5] == 0xE8 or indirect


def _ends_in_riscv64_call(code):
    word, half = int.from_bytes(code[4:], "little"), int.from_bytes(code[6:], "little")
    return word & 0xFFF in (0x0EF, 0x0E7) or (half & 0xF07F == 0x9002 and half != 0x9002)


ENDS_IN_CALL = {"x86_64": _ends_in_x86_64_call, "riscv64": _ends_in_riscv64_call}


class Frame:
    def __init__(self, pc, symbol, module, is_guess, is_signal):
        self.pc, self.symbol, self.module, self.is_guess, self.is_signal = pc, symbol, module, is_guess, is_signal

    def __str__(self):
        where = "<signal handler called>" if self.is_signal else f"{self.symbol[0]}+{self.symbol[1]}" if self.symbol else "??"
        return f"{self.pc:#018x} in {where}" + (f" from {self.module}" if self.module else "") + (" (a guess)" if self.is_guess else "")


class Module:
    """An ELF file as it lies in the guest's memory."""

    def __init__(self, image, bias, read):
        self.image, self.bias, self.read = image, bias, read
        self._table = None

    def unwind_entry(self, address):
        """Raises CfiError."""
        header = self.image.eh_frame_header()
        if header is not None:
            return cfi.find_entry(self.read, header + self.bias, address)
        if self._table is None:
            section = self.image.section(".eh_frame")
            if section is None:
                raise cfi.CfiError("no unwind information")
            self._table = cfi.LinearTable(self.read, section[0] + self.bias, section[1])
        return self._table.find(address)


class Backtrace:
    def __init__(self, memory, registers):
        self.memory, self.isa = memory, registers.isa
        self.registers = dict(registers.values)
        self.modules = {}
        self._is_guess = False
        self.ending = None  # why it ends, if not at the program's start

    def frames(self):
        is_call = False  # pc is a return address: the call, and what counts, lies before it
        for _ in range(MOST_FRAMES):
            pc, sp = self.registers[self.isa.pc], self.registers[self.isa.sp]
            module = self._module(pc)
            looked_up = pc - 1 if is_call else pc
            yield Frame(pc, self._symbol(module, pc, looked_up), module.image.name if module else None, self._is_guess,
                        self._is_trampoline(pc))
            self._is_guess = False
            try:
                caller, is_call = self._step(module, looked_up)
            except (cfi.CfiError, Unreadable) as error:
                self.ending = str(error)
                return
            if caller is None:
                return
            if caller[self.isa.sp] < sp and is_call:
                self.ending = "the caller's stack lies below"
                return
            self.registers = caller
        self.ending = "more frames follow"

    @staticmethod
    def _symbol(module, pc, looked_up):
        """A signal's trampoline is never called: its return address is its first instruction."""
        if module is None:
            return None
        if symbol := module.image.symbol(looked_up - module.bias):
            return symbol[0], symbol[1] + pc - looked_up
        return module.image.symbol(pc - module.bias)

    def _module(self, pc):
        vma = self.memory.vma_at(pc)
        image = self.memory.image(vma) if vma is not None else None
        if image is None:
            return None
        key = image.path
        if key not in self.modules:
            self.modules[key] = None
            try:
                elf = ElfImage(image.path, image.read)
                bias = elf.bias(vma.start, vma.offset)
                if bias is not None:
                    self.modules[key] = Module(elf, bias, self.memory.read)
            except (ValueError, Unreadable):
                pass
        return self.modules[key]

    def _step(self, module, address):
        """(the caller's registers, or None at the end; whether its pc is a return address)."""
        if self._is_trampoline(self.registers[self.isa.pc]):
            interrupted = signal_frames.interrupted(self.memory, self.isa, self.registers[self.isa.sp])
            return {**self.registers, **interrupted}, False
        if module is not None:
            try:
                entry = module.unwind_entry(address)
                return self._by_cfi(entry, address), not entry.cie.is_signal_frame
            except cfi.CfiError:
                pass
        if (caller := self._by_frame_pointer()) is not None:
            return caller, True
        self._is_guess = True
        return self._by_scan(), True

    def _by_cfi(self, entry, address):
        rule, rules = entry.row(address)
        names, memory = self.isa.dwarf, self.memory

        def register(number):
            return self.registers[names[number]]

        if rule[0] == "register":
            cfa = register(rule[1]) + rule[2]
        else:
            cfa = cfi.evaluate(memory.read, rule[1], register, [])
        caller = dict(self.registers)
        caller[self.isa.sp] = cfa
        for number, (kind, operand) in rules.items():
            if number >= len(names):
                continue  # floating point
            if kind == "offset":
                value = memory.word(cfa + operand)
            elif kind == "val_offset":
                value = cfa + operand
            elif kind == "register":
                value = register(operand)
            elif kind in ("expression", "val_expression"):
                value = cfi.evaluate(memory.read, operand, register, [cfa])
                value = memory.word(value) if kind == "expression" else value
            elif kind == "undefined":
                if number == entry.cie.return_column:
                    return None
                continue
            else:
                continue
            caller[names[number]] = value
        return self._with_pc(caller, caller[names[entry.cie.return_column]])

    def _by_frame_pointer(self):
        """The caller's registers if the frame register leads to what looks like a frame, else None."""
        name, to_pc, to_frame = FRAME_POINTERS[self.isa.name]
        frame = self.registers[name]
        if frame % 8 or not 0 <= frame - self.registers[self.isa.sp] < FARTHEST_FRAME:
            return None
        try:
            pc, older = self.memory.word(frame + to_pc), self.memory.word(frame + to_frame)
        except Unreadable:
            return None
        if not self._is_return_address(pc):
            return None
        return {**self.registers, name: older, self.isa.sp: frame + max(to_pc + 8, 0), self.isa.pc: pc}

    def _by_scan(self):
        """The next thing on the stack that looks like a return address, as the caller's. Raises Unreadable if there is none."""
        sp = self.registers[self.isa.sp]
        for slot in range(sp, sp + FARTHEST_SCAN, 8):
            if self._is_return_address(pc := self.memory.word(slot)):
                return {**self.registers, self.isa.sp: slot + 8, self.isa.pc: pc}
        raise Unreadable("no unwind information, and no return address on the stack near by")

    def _is_trampoline(self, pc):
        try:
            return signal_frames.is_trampoline(self.memory, self.isa, pc)
        except Unreadable:
            return False

    def _is_return_address(self, pc):
        """It is in executable memory, behind a call instruction; or a signal handler's way back."""
        if self._is_trampoline(pc):
            return True
        vma = self.memory.vma_at(pc - 8)
        if vma is None or not vma.protection & EXECUTE or not vma.contains(pc):
            return False
        code = self.memory.read(pc - 8, 8)
        return ENDS_IN_CALL[self.isa.name](code)

    def _with_pc(self, caller, pc):
        if pc == 0:
            return None
        vma = self.memory.vma_at(pc)
        if vma is None or not vma.protection & EXECUTE:
            raise Unreadable(f"the return address {pc:#x} is not in the program")
        caller[self.isa.pc] = pc
        return caller
