"""The parts: values, containers (reading C++ objects), worlds (hosted or on a bare machine), kernel (its threads), unwinder (parked stacks), kthreads (the commands on them); registers, memory,
file_image, elf_image, cfi, unwind (the user program), user (the command on it); printers, xmethods (for gdb's own expressions)."""
import gdb

from . import generated_code, kthreads, printers, unwinder, user, xmethods


def install():
    printers.install()
    xmethods.install()
    unwinder.install()
    generated_code.install()
    kthreads.install()
    user.install()
    # `step` should go into the kernel's functions, not into those of std::expected and its kin that TRY goes through.
    gdb.execute("skip -gfi /usr/include/c++/*/*", to_string=True)
