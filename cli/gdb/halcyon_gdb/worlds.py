"""The two worlds that a kernel runs in, as far as a debugger has to know them apart.

Hosted, the kernel is a process: one host thread, on whose stack one simulated CPU at a time stands. On a bare machine (QEMU's, through its gdb
stub) each CPU is a thread of gdb's, and each stands on a stack of its own, or in user mode. Registers that are not in a CPU lie on the parked
stack, in an order that each world's switch of stacks has."""
import contextlib

import gdb

from . import registers
from .values import Unreadable, enumerator, number, target


class StackLayout:
    """What a switch of stacks leaves from the saved stack pointer on. `names`: registers, 8 bytes each, from `start` on."""

    def __init__(self, sp, pc, names, start, size):
        self.sp, self.pc, self.names, self.start, self.size = sp, pc, names, start, size

    def read(self, saved_sp):
        """The registers of whoever called the switch. Raises gdb.MemoryError."""
        words = bytes(gdb.selected_inferior().read_memory(saved_sp, self.size))
        at = self.start
        found = {}
        for name in self.names:
            found[name] = int.from_bytes(words[at:at + 8], "little")
            at += 8
        found[self.sp] = saved_sp + self.size
        found.setdefault(self.pc, found[self.names[0]])  # riscv: the return address
        return found


X86_SAVED = ("r15", "r14", "r13", "r12", "rbx", "rbp", "rip")
RISCV_SAVED = ("ra", "fp", *(f"s{number}" for number in range(1, 12)))


class Hosted:
    INSTALLED = "'halcyon::hal::(anonymous namespace)::current'"
    # hal/hosted/stacks.cpp: the control words come first.
    stack = StackLayout("rsp", "rip", X86_SAVED, 8, 64)

    def __init__(self):
        """Raises Unreadable."""
        try:
            installed = gdb.parse_and_eval(self.INSTALLED)
        except gdb.error as error:
            raise Unreadable(f"no kernel: {' '.join(str(error).split())}. It needs a running process or a core file, and the hosted-debug build.") from None
        cpu = target(installed["cpu"])
        self.per_cpu = target(cpu["per_cpu"]) if cpu is not None else None
        self.machine = target(installed["machine"])  # as what it really is: halcyon::hal::UnicornMachine

    @property
    def isa(self):
        return registers.ISAS[enumerator(self.machine["isa_"])]

    def cpu_count(self):
        return number(self.machine["options_"]["cpu_count"])

    def direct_map(self):
        return int(self.machine["engine_"]["memory_"])

    def user_registers(self, thread, context):
        if context.type.name != "halcyon::hal::UnicornContext":
            raise Unreadable(f"user registers of a {context.type.name} are not known")
        return registers.read_from_engine(self.isa, context)

    def _cpu(self, index):
        machine = self.machine.cast(gdb.lookup_type("halcyon::hal::HostedMachine"))
        return target(machine["cpus_"]["_M_elems"][index])

    def is_halted(self, cpu):
        return enumerator(self._cpu(cpu)["state_"]) != "active"

    def is_selected(self, cpu):
        return False  # the stack tells

    def running_state(self):
        """Of a thread that is some CPU's current one, but not on the host's stack."""
        return "running, not its CPU's turn" if self.cpu_count() > 1 else "being switched to"

    def stands_on_stack(self):
        return True

    def stack_of(self, thread):
        return self.stack

    def kept_sp(self, cpu):
        """Where a CPU that lost its turn keeps the place."""
        return int(self._cpu(cpu)["parked_"]["sp"])

    @contextlib.contextmanager
    def on_cpu(self, cpu):
        yield

    def kernel_cpu(self, cpu):
        return cpu


class Bare:
    MACHINE = "halcyon::hal::the_machine"
    ISAS = {"halcyon::hal::X86Machine": "x86_64", "halcyon::hal::RiscvMachine": "riscv64"}
    # hal-baremetal/*/trap.S; on riscv64 what enters user mode leaves the same, on x86_64 only what its caller needs.
    ENTERED = {"x86_64": StackLayout("rsp", "rip", ("rbp", "rip"), 0, 16)}
    STACKS = {"x86_64": StackLayout("rsp", "rip", X86_SAVED, 0, 56), "riscv64": StackLayout("sp", "pc", RISCV_SAVED, 0, 112)}
    # hal-baremetal/*/layout.h
    DIRECT_MAPS = {"x86_64": 0xFFFF888000000000, "riscv64": 0xFFFFFFC000000000}
    HARDWARE_NUMBERS = {"x86_64": "apic_", "riscv64": "hart_"}
    KERNEL_HALF = 1 << 63

    def __init__(self):
        """Raises Unreadable."""
        try:
            self.machine = target(gdb.parse_and_eval(f"'{self.MACHINE}'"))
        except gdb.MemoryError:
            self.machine = None  # nothing is mapped yet
        except gdb.error as error:
            raise Unreadable(f"no kernel: {error}. It needs a machine that waits for gdb, and the debug build (./dev boot ISA --gdb).") from None
        if self.machine is None:
            raise Unreadable("no kernel: it has not started yet")
        self.isa = registers.ISAS[self.ISAS[self.machine.type.name]]
        self.stack = self.STACKS[self.isa.name]
        selected = self.selected_cpu()
        self.per_cpu = None if selected is None else target(self._cpu(selected)["per_cpu"])

    @classmethod
    def is_here(cls):
        return gdb.lookup_global_symbol(cls.MACHINE) is not None

    def cpu_count(self):
        return number(self.machine["cpu_count_"])

    def direct_map(self):
        return self.DIRECT_MAPS[self.isa.name]

    def _cpu(self, index):
        return target(self.machine["cpus_"]["_M_elems"][index])

    def _hardware_number(self, cpu):
        """As QEMU counts: its gdb stub calls CPU n thread n + 1."""
        return int(self._cpu(cpu)[self.HARDWARE_NUMBERS[self.isa.name]])

    def selected_cpu(self):
        thread = gdb.selected_thread()
        if thread is None:
            return None
        return next((cpu for cpu in range(self.cpu_count()) if self._hardware_number(cpu) == thread.ptid[1] - 1), None)

    def is_selected(self, cpu):
        return cpu is not None and cpu == self.selected_cpu()

    @contextlib.contextmanager
    def on_cpu(self, cpu):
        """Frames and registers are those of a CPU inside (None: of the selected one). Afterwards its frame 0 is selected."""
        before = gdb.selected_thread()
        wanted = before
        if cpu is not None:
            wanted = next(thread for thread in gdb.selected_inferior().threads() if thread.ptid[1] - 1 == self._hardware_number(cpu))
        try:
            if wanted.num != before.num:
                wanted.switch()
            yield
        finally:
            if wanted.num != before.num:
                before.switch()

    def kernel_cpu(self, cpu):
        """`cpu`, if it is in the kernel, else None: QEMU's stub reads memory as the selected CPU may, and in user mode that sees nothing of the
        kernel (riscv64)."""
        if cpu is None:
            return None
        with self.on_cpu(cpu):
            return cpu if self.stands_on_stack() else None

    def stands_on_stack(self):
        """The selected CPU is in the kernel."""
        return bool(int(gdb.newest_frame().read_register(self.stack.pc)) & self.KERNEL_HALF)

    def is_halted(self, cpu):
        per_cpu = target(self._cpu(cpu)["per_cpu"])
        return per_cpu is not None and int(per_cpu["current"]) == int(per_cpu["idle"])

    def running_state(self):
        return "running"

    def stack_of(self, thread):
        """Of one that is not live: parked, or in user mode."""
        return self.stack if thread.runs_on() is None else self.ENTERED.get(self.isa.name, self.stack)

    def kept_sp(self, cpu):
        """Where a CPU in user mode left the kernel."""
        current = target(target(self._cpu(cpu)["per_cpu"])["current"])
        context = target(current["context_"])
        if context is None:
            return 0
        keepers = {"x86_64": lambda: self._cpu(cpu)["tables_"].referenced_value(), "riscv64": lambda: context["frame_"]}
        return int(keepers[self.isa.name]()["kernel_sp"])

    def user_registers(self, thread, context):
        cpu, place = thread.runs_on(), "saved"
        if cpu is not None:
            with self.on_cpu(cpu):
                if not self.stands_on_stack():
                    return registers.Registers(self.isa, self._in_cpu(self.isa.names()), "in the CPU")
                if not thread.has_on_stack(self._in_cpu([self.stack.sp])[self.stack.sp]):
                    place = "on their way between the CPU and memory: each may be as of the last trap"
        values = registers.of_bare_frame(self.isa, context)
        if "fs_base" in self.isa.others:
            values.update(self._segment_bases(context))
        return registers.Registers(self.isa, values, place)

    @staticmethod
    def _in_cpu(names):
        frame = gdb.newest_frame()
        return {name: int(frame.read_register(name)) & (1 << 64) - 1 for name in names}

    def _segment_bases(self, context):
        """They stay in the CPU that last ran the program until somebody else needs it."""
        unit = target(context["unit_"])
        if unit is None or int(unit["unit_owner_"]) != int(context.address):
            return {name: int(context[f"{name}_"]) for name in ("fs_base", "gs_base")}
        with self.on_cpu(number(unit["id_"])):
            found = self._in_cpu(("fs_base", "gs_base", "k_gs_base"))
            return {"fs_base": found["fs_base"], "gs_base": found["k_gs_base" if self.stands_on_stack() else "gs_base"]}


def find():
    """Raises Unreadable."""
    return Bare() if Bare.is_here() else Hosted()
