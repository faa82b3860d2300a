"""The kernel that is debugged and its threads, found from the CPU in hand."""
import gdb

from . import worlds
from .containers import elements
from .values import Unreadable, atomic, enumerator, number, target, text


class Kernel:
    def __init__(self, world, value):
        self.world, self.value = world, value
        self.cpu = world.per_cpu  # of the CPU that has the host thread, or is selected

    @staticmethod
    def find():
        """Raises Unreadable if there is none (yet)."""
        world = worlds.find()
        kernel = target(world.per_cpu["kernel"]) if world.per_cpu is not None else None
        if kernel is None:
            raise Unreadable("no kernel: it has not started yet, or has ended")
        return Kernel(world, kernel)

    def cpu_count(self):
        return self.world.cpu_count()

    def processes(self):
        """In the order of their creation."""
        return (KernelProcess(self, process) for process in elements(self.value["processes_"]))

    def process(self, pid):
        for process in self.processes():
            if process.pid() == pid:
                return process
        raise Unreadable(f"no process {pid} (kthreads lists them)")

    def threads(self):
        """Every kernel thread: the idle thread of each CPU, then those of the processes in the order of their creation."""
        for cpu in range(self.cpu_count()):
            idle = target(self.value["idle_threads_"]["_M_elems"][cpu])
            if idle is not None:
                yield KernelThread(self, idle, idle_of=cpu)
        for process in self.processes():
            yield from process.threads()

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

    def live_address(self):
        """The address of the thread on whose stack the selected CPU stands; 0 in user mode. It is not always the current one: not in the middle
        of a switch."""
        if not self.world.stands_on_stack():
            return 0
        sp = int(gdb.newest_frame().read_register(self.world.stack.sp)) & (1 << 64) - 1
        for thread in self.threads():
            if thread.has_on_stack(sp):
                return thread.address()
        # An idle thread has no stack of its own: it is on whatever stack its CPU started on.
        return int(worlds.find().per_cpu["idle"])


class KernelProcess:
    def __init__(self, kernel, value):
        self.kernel, self.value = kernel, value

    def pid(self):
        return number(self.value["pid_"])

    def threads(self):
        return (KernelThread(self.kernel, thread) for thread in elements(self.value["threads"]))

    def main_thread(self):
        """The one whose tid is the pid, or any other; None when all are gone."""
        threads = list(self.threads())
        return next((thread for thread in threads if thread.tid() == self.pid()), threads[0] if threads else None)

    def name(self):
        thread = self.main_thread()
        return thread.name() if thread is not None else text(self.value["remains"]["name"])

    def resource(self, name, what):
        """What the main thread holds as Thread::Resources::NAME. Raises Unreadable, with `what` for a person, if it has none."""
        thread = self.main_thread()
        if thread is None:
            raise Unreadable(f"process {self.pid()} ({self.name()}) is a zombie: it has no {what} any more")
        if (found := target(thread.value["resources_"][name])) is None:
            raise Unreadable(f"process {self.pid()} ({self.name()}) is the kernel's own, or ends: it has no {what}")
        return found

    def __str__(self):
        return f"process {self.pid()} ({self.name()})"


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
        if self.idle_of is not None and self.kernel.world.is_halted(self.idle_of):
            return "idle"
        if self.is_live():
            return "running"
        if self.runs_on() is not None:
            return self.kernel.world.running_state()
        if self.idle_of is not None:
            return "idle"
        return enumerator(atomic(self.value["state_"]))

    def has_context(self):
        return target(self.value["context_"]) is not None

    def has_on_stack(self, sp):
        base = int(self.value["stack_"]["base"])
        return base != 0 and base <= sp < base + int(self.value["stack_"]["size"])

    def is_live(self):
        """Its registers are the selected CPU's own."""
        return self.address() == self.kernel.live_address()

    def is_selected(self):
        return self.is_live() or self.kernel.world.is_selected(self.runs_on())

    def saved_sp(self):
        """Where its registers are saved while it is not live (StackLayout says how)."""
        cpu = self.runs_on()
        if cpu is not None:
            sp = self.kernel.world.kept_sp(cpu)
            if sp and (self.idle_of is not None or self.has_on_stack(sp)):
                return sp
        return int(self.value["stack_"]["sp"])
