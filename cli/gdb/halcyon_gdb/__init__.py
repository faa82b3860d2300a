"""The parts: values, containers (reading C++ objects), worlds (hosted or on a bare machine), kernel (its processes and threads), unwinder (parked stacks),
waits, owners (what threads wait for); registers, pages, memory, files, file_image, elf_image, cfi, backtrace (the user program); commands; printers,
object_printers, xmethods (for gdb's own expressions)."""
import gdb

from . import commands, generated_code, object_printers, printers, unwinder, xmethods


def install():
    printers.install()
    object_printers.install()
    xmethods.install()
    unwinder.install()
    generated_code.install()
    commands.install()
    # `step` should go into the kernel's functions, not into those of std::expected and its kin that TRY goes through.
    gdb.execute("skip -gfi /usr/include/c++/*/*", to_string=True)
