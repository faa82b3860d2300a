"""The commands kthreads and kthread."""
import re

import gdb

from .. import unwinder
from ..kernel import Kernel
from ..names import place, without_parameters
from ..values import Unreadable

# What a parked thread stands in whatever it waits for.
MACHINERY = re.compile(r"(halcyon|x86|riscv)_switch_stack|halcyon::(hal::(switch_stack|idle|HostedMachine::\w+|HostPoll::\w+|HostedCpu::run"
                       r"|X86Cpu::run|RiscvCpu::run|(x86_64|riscv64)::.*)|switch_to|switch_away_dead|yield|park"
                       r"|\(anonymous namespace\)::schedule|WaitQueue::.*|Mutex::lock(_slow)?)$")

USER_MODE = "user mode"
RUNS_USER = ("halcyon::hal::HostedCpu::run", "halcyon::hal::X86Cpu::run", "halcyon::hal::RiscvCpu::run")
BOTTOM = ("halcyon_stack_trampoline", "x86_stack_trampoline", "riscv_stack_trampoline")


def whereabouts(thread):
    """Where a thread waits or runs: its system call, and the innermost function that is not about waiting itself."""
    with unwinder.view(thread):
        found, call = None, None
        for frame in unwinder.frames(thread):
            name = without_parameters(frame.name() or "")
            if found is None and name.startswith("halcyon::") and not MACHINERY.match(name):
                found = place(frame)
            if name.startswith("halcyon::sys_"):
                call = name[len("halcyon::sys_"):]
                break
            if name in RUNS_USER:
                return USER_MODE
            if name in BOTTOM:
                break
    if found is None:
        return "its start"
    return f"{call}: {found}" if call and not found.startswith("sys_") else found


class ListThreads(gdb.Command):
    """List Halcyon's kernel threads: kthreads

N is the thread id that the guest sees, or cpuN for the idle thread of a CPU. The star marks the thread whose stack the host is on, or which
the selected CPU of a bare machine runs."""

    def __init__(self):
        super().__init__("kthreads", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        if argument:
            raise gdb.GdbError("kthreads takes no arguments")
        print(f"  {'N':<6} {'PID':<6} {'NAME':<15} {'STATE':<10} {'CPU':<4} WHERE")
        for thread in Kernel.find().threads():
            mark = "*" if thread.is_selected() else " "
            where = "" if thread.state() == "dead" else whereabouts(thread)
            print(f"{mark} {thread.label():<6} {thread.pid():<6} {thread.name():<15} {thread.state():<10} {thread.cpu():<4} {where}")


class OneThread(gdb.Command):
    """Look at one of Halcyon's kernel threads: kthread N [COMMAND]

N is as kthreads lists it. COMMAND is any of gdb's that looks at frames, such as
  kthread 3 bt            its backtrace (bt -full: with local variables)
  kthread 3 frame 5       one frame, by its number in the backtrace
  kthread all bt          every thread's
Without COMMAND the frames stay the thread's until kthread off, or until the process runs on. The backtrace of a parked thread
starts at #1: it is spliced in behind the frame that gdb knows. On a bare machine, a thread that another CPU runs is looked at there."""

    def __init__(self):
        super().__init__("kthread", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        label, _, command = argument.strip().partition(" ")
        command = command.strip()
        if not label:
            raise gdb.GdbError("usage: kthread N [COMMAND], kthread all COMMAND, kthread off (kthreads lists them)")
        if label == "off":
            unwinder.leave()
            return
        kernel = Kernel.find()
        if label == "all":
            if not command:
                raise gdb.GdbError("kthread all needs a command, such as bt")
            for thread in kernel.threads():
                if thread.state() != "dead":
                    print(f"\nkthread {thread.label()} (process {thread.pid()}, {thread.name()}, {thread.state()}):")
                    self.look(thread, command, from_tty)
            return
        thread = kernel.thread(label)
        if thread.state() == "dead":
            raise Unreadable(f"thread {label} is dead")
        if command:
            self.look(thread, command, from_tty)
            return
        unwinder.select_cpu(thread)
        if thread.is_live():
            unwinder.leave()
            gdb.execute("frame 0")
        else:
            unwinder.enter(thread)
            gdb.execute("frame")

    @staticmethod
    def look(thread, command, from_tty):
        with unwinder.view(thread):
            gdb.execute(command, from_tty)


def install():
    ListThreads()
    OneThread()
