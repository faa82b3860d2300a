"""The kernel of the debugged process and its threads, found from this_cpu() of the selected host thread."""
import gdb

from .values import Unreadable, atomic, elements, enumerator, number, target, text

INSTALLED = "'halcyon::hal::(anonymous namespace)::current'"


class Kernel:
    def __init__(self, value, machine, cpu):
        self.value = value
        self.machine = machine  # as what it really is: halcyon::hal::UnicornMachine
        self.cpu = cpu  # the simulated CPU that has the host thread: PerCpu

    @staticmethod
    def find():
        """Raises Unreadable if there is none (yet)."""
        try:
            installed = gdb.parse_and_eval(INSTALLED)
        except gdb.error as error:
            raise Unreadable(f"no kernel: {error}. It needs a running process or a core file, and the hosted-debug build.") from None
        cpu = target(installed["cpu"])
        per_cpu = target(cpu["per_cpu"]) if cpu is not None else None
        kernel = target(per_cpu["kernel"]) if per_cpu is not None else None
        if kernel is None:
            raise Unreadable("no kernel: it has not started yet, or has ended")
        return Kernel(kernel, target(installed["machine"]), per_cpu)

    def cpu_count(self):
        return number(self.machine["options_"]["cpu_count"])

    def threads(self):
        """Every kernel thread: the idle thread of each CPU, then those of the processes in the order of their creation."""
        for cpu in range(self.cpu_count()):
            idle = target(self.value["idle_threads_"]["_M_elems"][cpu])
            if idle is not None:
                yield KernelThread(self, idle, idle_of=cpu)
        for process in elements(self.value["processes_"]):
            for thread in elements(process["threads"]):
                yield KernelThread(self, thread)

    def thread(self, label):
        for thread in self.threads():
            if thread.label() == label:
                return thread
        raise Unreadable(f"no kernel thread {label} (kthreads lists them)")

    def current(self):
        current = target(self.cpu["current"])
        if current is None:
            raise Unreadable("no thread runs: the kernel is starting or ending")
        for thread in self.threads():
            if thread.address() == int(current.address):
                return thread
        return KernelThread(self, current)

    def hosted_cpu(self, index):
        machine = self.machine.cast(gdb.lookup_type("halcyon::hal::HostedMachine"))
        return target(machine["cpus_"]["_M_elems"][index])

    def live_address(self):
        """The address of the thread on whose stack the host CPU stands. It is not always the current one: not in the middle of a switch."""
        sp = int(gdb.newest_frame().read_register("rsp"))
        for thread in self.threads():
            if thread.has_on_stack(sp):
                return thread.address()
        # An idle thread has no stack of its own: it is on whatever stack its CPU started on.
        return int(self.cpu["idle"])


class KernelThread:
    def __init__(self, kernel, value, idle_of=None):
        self.kernel = kernel
        self.value = value
        self.idle_of = idle_of  # the CPU whose idle thread it is

    def address(self):
        return int(self.value.address)

    def label(self):
        """What the commands call it: its tid, or cpuN for an idle thread."""
        return str(self.tid()) if self.idle_of is None else f"cpu{self.idle_of}"

    def tid(self):
        return number(self.value["tid_"])

    def pid(self):
        return number(target(self.value["process_"])["pid_"])

    def name(self):
        return text(self.value["name"]) if self.idle_of is None else "idle"

    def cpu(self):
        return number(self.value["last_cpu"])

    def runs_on(self):
        """The CPU whose current thread it is; None if it is none's."""
        for cpu in range(self.kernel.cpu_count()):
            if int(self.kernel.value["per_cpu_"]["_M_elems"][cpu]["current"]) == self.address():
                return cpu
        return None

    def state(self):
        if self.idle_of is not None and enumerator(self.kernel.hosted_cpu(self.idle_of)["state_"]) != "active":
            return "idle"
        if self.is_live():
            return "running"
        if self.runs_on() is not None:
            return "running, not its CPU's turn" if self.kernel.cpu_count() > 1 else "being switched to"
        if self.idle_of is not None:
            return "idle"
        return enumerator(atomic(self.value["state_"]))

    def has_context(self):
        return target(self.value["context_"]) is not None

    def has_on_stack(self, sp):
        base = int(self.value["stack_"]["base"])
        return base != 0 and base <= sp < base + int(self.value["stack_"]["size"])

    def is_live(self):
        """Its registers are the host CPU's own."""
        return self.address() == self.kernel.live_address()

    def saved_sp(self):
        """Where its registers are saved while it is not live (hal/hosted/stacks.cpp says how)."""
        cpu = self.runs_on()
        if cpu is not None:
            # Its CPU lost its turn while it ran, and keeps the place.
            sp = int(self.kernel.hosted_cpu(cpu)["parked_"]["sp"])
            if sp and (self.idle_of is not None or self.has_on_stack(sp)):
                return sp
        return int(self.value["stack_"]["sp"])
