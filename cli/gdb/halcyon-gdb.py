"""gdb's helper for Halcyon: `gdb -x cli/gdb/halcyon-gdb.py --args build/hosted-debug/halcyon run ...`, or `./dev debug` (docs/debugging.md).

Adds the commands kthreads, kthread and user, and printers for the kernel's types. All of it only reads the process's memory, so that it works
on a core file too, and it needs the types of an unoptimised build (hosted-debug)."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
for name in [name for name in sys.modules if name.partition(".")[0] == "halcyon_gdb"]:
    del sys.modules[name]  # sourced again after an edit

import halcyon_gdb  # noqa: E402

halcyon_gdb.install()
