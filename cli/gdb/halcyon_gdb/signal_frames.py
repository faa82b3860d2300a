"""The frame that a signal handler returns through: a trampoline that calls rt_sigreturn, with all registers saved where the stack pointer
points then (syscalls/abi/*/signal_frame.cpp)."""

# mov $15,%rax (or %eax); syscall. And li a7,139; ecall.
TRAMPOLINES = {
    "x86_64": (bytes.fromhex("48c7c00f0000000f05"), bytes.fromhex("b80f0000000f05")),
    "riscv64": (bytes.fromhex("9308b00873000000"),),
}
# Where the saved registers begin, from the stack pointer at the trampoline on, and in which order they lie.
SAVED = {
    "x86_64": (40, ("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rdi", "rsi", "rbp", "rbx", "rdx", "rax", "rcx", "rsp", "rip")),
    "riscv64": (128 + 176, ("pc", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2", "s3",
                            "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6")),
}


def is_trampoline(memory, isa, pc):
    """May raise Unreadable."""
    return any(memory.read(pc, len(code)) == code for code in TRAMPOLINES[isa.name])


def interrupted(memory, isa, sp):
    """The registers that the signal interrupted, by name."""
    offset, names = SAVED[isa.name]
    return {name: memory.word(sp + offset + 8 * index) for index, name in enumerate(names)}
