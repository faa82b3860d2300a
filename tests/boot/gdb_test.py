#!/usr/bin/env python3
"""gdb with the helper of cli/gdb on the bare kernels in QEMU (./dev boot ISA --gdb): scripted sessions.

Needs build/bare-x86_64-debug and build/bare-riscv64-debug (./dev build bare-debug), gdb-multiarch, and the rootfs (./dev rootfs)."""
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

import booting

HELPER = booting.TREE / "cli/gdb/halcyon-gdb.py"
DEBUGGERS = {"x86_64": ("gdb", "gdb-multiarch"), "riscv64": ("gdb-multiarch",)}
LEVELS = {"x86_64": 4, "riscv64": 3}
BOTTOM = {"x86_64": "x86_stack_trampoline", "riscv64": "riscv_stack_trampoline"}
# By the time cat opens its file, the others wait: for their children, for their input. (By the host's clock: with one that counts instructions
# `next` does not come back on riscv64, and a second hart never runs while the first spins.)
SHELL = "(exec 2>/dev/null; until read pid name state rest </proc/3/stat && [ $state = S ]; do :; done; exec cat /etc/passwd) | wc -l"
CAT_OPENS = "break sys_openat if self.name._M_elems[0] == 'c'"
LINES = (booting.ROOTFS["x86_64"] / "etc/passwd").read_text().count("\n")


def free_port():
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


def session(debugger, isa, script, shell, *options, timeout=booting.runner.PATIENCE):
    """Boots `sh -c shell` with gdb attached from the reset on. Returns what gdb wrote, and the boot's status and standard output."""
    port = free_port()
    command = [sys.executable, booting.TREE / "hal-baremetal/qemu/boot.py", isa, f"--gdb={port}", "--timeout", str(timeout), *options, "--", "sh", "-c", shell]
    machine = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".gdb") as file:
            file.write(f"set pagination off\nset confirm off\nset width 0\nset may-call-functions off\nset tcp connect-timeout {timeout}\ntarget remote :{port}\n{script}\n")
            file.flush()
            words = [debugger, "-q", "-nx", "-batch", "-x", HELPER, booting.TREE / f"build/bare-{isa}-debug/halcyon.elf", "-x", file.name]
            output = subprocess.run(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                    errors="replace", timeout=timeout).stdout
        shown, _ = machine.communicate(timeout=timeout)
        return output, machine.returncode, shown
    finally:
        machine.kill()
        machine.communicate()


def threads(output):
    """The rows that kthreads printed: {N: (state, where)}."""
    rows = re.findall(r"(?m)^[* ] (\d+|cpu\d+) +\d+ +\S+ +(\S+) +\d+ +(\S.*)$", output)
    return {label: (state, where) for label, state, where in rows}


def backtraces(output):
    """What `kthread all bt` printed: {N: list of frames}."""
    parts = re.split(r"(?m)^kthread (\d+|cpu\d+) \(.*\):$", output.partition("\nthe end of all\n")[0])
    return {label: re.findall(r"(?m)^#\d+ .*$", text) for label, text in zip(parts[1::2], parts[2::2])}


class Gdb(unittest.TestCase):
    maxDiff = None

    def each(self, script, shell, check, *options):
        """Calls check(ISA, gdb's output, the boot's status, its standard output) for every session that there is."""
        for isa, debuggers in DEBUGGERS.items():
            for debugger in debuggers:
                with self.subTest(isa=isa, debugger=debugger):
                    if not shutil.which(debugger):
                        self.skipTest(f"no {debugger}")
                    check(isa, *session(debugger, isa, script, shell, *options))

    def contains(self, output, *patterns):
        for pattern in patterns:
            self.assertRegex(output, pattern)

    def test_a_scripted_session(self):
        def check(isa, output, status, shown):
            self.contains(output, r"Breakpoint 1, halcyon::sys_openat \(", r'\$1 = user 0x[0-9a-f]+ "/etc/passwd"')
            listed, traces = threads(output), backtraces(output)
            self.assertTrue({"cpu0", "1", "2"} < listed.keys(), output)
            self.contains(str(listed["1"]), r"parked.*wait4: wait_for_child")
            self.contains(str(listed["2"]), r"running.*sys_openat \(syscalls/file/path\.cpp:\d+\)")
            self.contains(str(listed.get("3", listed.get("4"))), r"parked.*read: Pipe::read")
            self.assertEqual(traces.keys(), listed.keys())
            for label, frames in traces.items():
                self.assertRegex(frames[-1], "image_start|high_half" if label == "cpu0" else BOTTOM[isa], output)
                self.assertGreater(len(frames), 4)
            self.contains("\n".join(traces["1"]), "halcyon::sys_wait4", "WaitQueue::wait_until", "halcyon::park")
            self.contains(output, rf"{isa} registers \(saved\)", r"(?m)^#0 +0x\w+ in \S+ from /bin/busybox\n#1 ", r"thread 1 of process 1, sh:\n#0 +0x\w+ in")
            self.assertEqual((status, shown), (0, f"{LINES}\n"), output)

        self.each(f"""
            {CAT_OPENS}
            continue
            print path
            kthreads
            kthread all bt
            echo \\nthe end of all\\n
            kthread 1 frame function halcyon::park
            user
            user 1 bt
            next
            delete
            continue""", SHELL, check)

    def test_what_the_kernel_holds(self):
        def check(isa, output, *_):
            levels = LEVELS[isa]
            self.contains(output, rf"\nprocess 2 \(cat\): 0x\w+ through {levels} levels of {isa}.*(\n  level \d .*){{{levels}}}\nphysical address 0x\w+; ",
                          r"\nVMA 0x\w+-0x\w+ rw-p \[stack\]\n", r"\nprocess 2 \(cat\): \d+ VMAs, .*\n(.*\n)+.* r-xp .* /bin/busybox\n", r"\n +1  w .* PipeEnd\* 0x\w+ +pipe:\[\d+\]\n",
                          r"\n +1   -  \w+ .* / +\S+\n", r"\nCPU 0: runs thread 2 \(cat\), ", r"\nthread 1 \(sh\) in wait4: .*\n  on child_event of process 1 \(sh\)\n",
                          r"\nthread \d \(wc\) in read: .*\n  on Pipe::readable_ at 0x\w+, pipe:\[\d+\]: process 2 \(cat\) writes it by 1; ", r"\nRAM from 0x\w+ to 0x\w+: ",
                          r"= thread 2 of process 2 \(cat\), running on CPU 0\n", r"\nno process 99 \(kthreads lists them\)\n")
            # What the tables lead to is what the program passed.
            self.assertIn("text b'/etc/passwd'", output)

        self.each(f"""
            {CAT_OPENS}
            continue
            pagetable 2 path
            vmas 2
            fds 2
            mounts
            runqueues
            waiters
            frames
            print self
            python
            import re
            from halcyon_gdb.kernel import Kernel
            physical = int(re.search(r"physical address (0x\\w+)", gdb.execute("pagetable 2 path", to_string=True)).group(1), 16)
            print("text", bytes(gdb.selected_inferior().read_memory(Kernel.find().world.direct_map() + physical, 11)))
            try: gdb.execute("vmas 99")
            except gdb.error as error: print(error)
            end
            kill""".replace("            ", ""), SHELL, check)

    SPINNER = "(echo >/on; while :; do :; done) & while [ ! -e /on ]; do :; done; sleep 1; ls /etc >/dev/null; kill $!"

    def test_a_program_on_another_cpu(self):
        def check(isa, output, status, shown):
            state, where = threads(output).get("2", (None, None))
            self.assertEqual(state, "running", output)
            self.contains(output, r"(?m)^#\d+ .*Thread::run_user ", rf"{isa} registers \((in the CPU\)|on their way between|saved)", r"(?m)^#0 +0x\w+ in \S+ from /bin/busybox")
            # Almost always; its CPU may have been stopped while it served a timer.
            if where == "user mode":
                self.contains(output, r"(?m)^#\d+ .*(X86|Riscv)Cpu::run ")
            self.assertEqual((status, shown), (0, ""), output)

        self.each("""
            break sys_getdents64
            continue
            kthreads
            kthread 2 bt
            user 2
            delete
            continue""", self.SPINNER, check, "--smp", "2")

    def test_before_there_is_a_kernel(self):
        self.each("kthreads\nkill", "true", lambda isa, output, *_: self.contains(output, "no kernel: it has not started yet"))

    def test_x86_64_protects_itself(self):
        """Every CPU has on what it can do: no execution and no access of user pages by the kernel, no writing to read-only pages by it, no
        execution of data, no leak of descriptor tables' places; and XSAVE. TCG's CPU can do all that."""
        output, _, _ = session("gdb-multiarch", "x86_64", """
            break sys_getdents64
            continue
            thread apply all printf "CR %lx %lx %lx\\n", (long)$cr0, (long)$cr4, (long)$efer
            kill""", "ls /etc", "--smp", "2")
        found = re.findall(r"CR (\w+) (\w+) (\w+)", output)
        self.assertEqual(len(found), 2, output)
        write_protect, umip, fs_gs_base, osxsave, smep, smap, no_execute = (1 << bit for bit in (16, 11, 16, 18, 20, 21, 11))
        for cr0, cr4, efer in ((int(word, 16) for word in words) for words in found):
            self.assertTrue(cr0 & write_protect)
            for bit in (umip, fs_gs_base, osxsave, smep, smap):
                self.assertTrue(cr4 & bit, f"{cr4:x} {bit:x}")
            self.assertTrue(efer & no_execute)

    def test_printers(self):
        def check(isa, output, *_):
            self.contains(output, r"= Ref\(halcyon::AddressSpace\* 0x\w+, \d+ references\)", r"= list of halcyon::Thread = \{0x\w+\}", r"= ENOENT")

        self.each("""
            break sys_openat
            continue
            print self.resources_.memory
            print self.context_
            print self.process_->threads
            print (halcyon::Errno)2
            kill""", "cat /etc/passwd", check)


if __name__ == "__main__":
    booting.main()
