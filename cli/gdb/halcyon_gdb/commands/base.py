"""What the commands have in common: how they end in one line when something is not there, and how they read PIDs and addresses."""
import gdb

from ..kernel import Kernel
from ..values import Unreadable


class KernelCommand(gdb.Command):
    """A subclass has NAME, and run(kernel, words). Its own text is what `help` shows."""

    def __init__(self):
        super().__init__(self.NAME, gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        try:
            self.run(Kernel.find(), argument.split())
        except gdb.MemoryError as error:
            raise Unreadable(f"{self.NAME}: {str(error).rstrip('.')}. Perhaps the kernel is amid a change, or this CPU in user mode.") from None

    def usage(self):
        raise Unreadable(f"usage: {self.__doc__.splitlines()[0].partition(': ')[2]}")


class WholeCommand(KernelCommand):
    """One without arguments."""

    def run(self, kernel, words):
        if words:
            self.usage()
        self.show(kernel)


class ProcessCommand(KernelCommand):
    """One about a process, and nothing else."""

    def run(self, kernel, words):
        if len(words) > 1:
            self.usage()
        self.show(kernel, process_of(kernel, words))


def process_of(kernel, words):
    """The process that the first word names; without one, that of the current thread."""
    if not words:
        thread = kernel.current()
        if thread.idle_of is not None:
            raise Unreadable("no program runs on this CPU: give a PID (kthreads lists them)")
        return kernel.process(thread.pid())
    if not words[0].isdecimal():
        raise Unreadable(f"not a PID: {words[0]} (kthreads lists them)")
    return kernel.process(int(words[0]))


def address_of(text):
    """What an expression of gdb's says; a user pointer says its address."""
    try:
        value = gdb.parse_and_eval(text)
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
            value = value["address_"]
        return int(value) & (1 << 64) - 1
    except gdb.error as error:
        raise Unreadable(f"not an address: {text} ({error})") from None


def count(number, what, plural=None):
    """1 page, 2 pages."""
    return f"{number:,} {what if number == 1 else plural or what + 's'}"
