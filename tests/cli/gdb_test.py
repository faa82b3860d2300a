#!/usr/bin/env python3
"""gdb with the helper of cli/gdb on the hosted-debug build: scripted sessions on live kernels and on core files.

Needs gdb, the rootfs with busybox, and for user backtraces with names a C compiler per instruction set."""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import halcyon

if "HALCYON" not in os.environ:
    halcyon.BINARY = str(halcyon.TREE / "build/hosted-debug/halcyon")
HELPER = halcyon.TREE / "cli/gdb/halcyon-gdb.py"
COMPILERS = {"x86_64": ["gcc"], "riscv64": ["riscv64-linux-gnu-gcc"]}
# By the time cat opens its file, the others wait: for their children, for their input.
SHELL = "(sleep 1; exec cat /etc/passwd) | wc -l"

PROGRAM = """
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
static int innermost(const char* path) { int fd = open(path, O_RDONLY); close(fd); return fd; }
static int middle(const char* path) { return innermost(path) + 1; }
static void on_signal(int number) { middle("/the-handlers-file"); }
int main(void) { signal(SIGUSR1, on_signal); middle("/the-programs-file"); raise(SIGUSR1); puts("end"); return 0; }
"""

# Holds the registers that the helper reads from memory against what the kernel's own accessor says.
COMPARE = """
break sys_openat
run
python
from halcyon_gdb import registers
from halcyon_gdb.kernel import Kernel
get = int(gdb.parse_and_eval("(long)&_ZN7halcyon3hal14UnicornContext3getENS0_3RegE"))
for thread in Kernel.find().threads():
    if not thread.has_context():
        continue
    state = registers.read(thread)
    context = int(registers.target(thread.value["context_"]).address)
    numbers = {name: 32 + index for index, name in enumerate(state.isa.general)}
    numbers.update({state.isa.pc: 0, "fs_base": 10, "gs_base": 11})
    for name, value in state.values.items():
        said = int(gdb.parse_and_eval(f"((unsigned long (*)(void*, unsigned char)){get})({context}, {numbers[name]})"))
        print(f"{'agree' if said == value else 'DISAGREE'} {thread.label()} {name} {value:#x} {said:#x}")
print("compared")
end
"""


def gdb(script, *arguments, core=None, program=None, timeout=150):
    """Runs gdb with a script on `halcyon run ARGUMENTS`, on a core file, or on another program; returns all output."""
    with tempfile.NamedTemporaryFile("w", suffix=".gdb") as file:
        file.write("set pagination off\nset confirm off\nset width 0\n" + script)
        file.flush()
        command = ["gdb", "-q", "-nx", "-batch", "-x", str(HELPER), "-x", file.name]
        command += [str(program)] if program else [halcyon.BINARY, str(core)] if core else ["--args", halcyon.BINARY, "run", "--memory", "64M", *map(str, arguments)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=timeout)
    return done.stdout


def busybox(isa="x86_64", *options, shell=SHELL):
    return ("--root", halcyon.ROOTFS[isa], *options, "/bin/busybox", "sh", "-c", shell)


def threads(output):
    """The rows that kthreads printed: {N: (state, where)}."""
    rows = re.findall(r"(?m)^[* ] (\d+|cpu\d+) +\d+ +\S+ +(\S+(?: \S+)*?) {1,10}\d+ +(\S.*)$", output)
    return {label: (state, where) for label, state, where in rows}


def backtraces(output):
    """What `kthread all bt` printed: {N: list of frames}."""
    parts = re.split(r"(?m)^kthread (\d+|cpu\d+) \(.*\):$", output)
    return {label: re.findall(r"(?m)^#\d+ .*$", text.partition("\nthread ")[0]) for label, text in zip(parts[1::2], parts[2::2])}


class GdbTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        if not shutil.which("gdb"):
            self.skipTest("no gdb")
        if not (halcyon.ROOTFS["x86_64"] / "bin/busybox").exists():
            self.skipTest("no rootfs: run ./dev rootfs")

    def contains(self, output, *patterns):
        for pattern in patterns:
            self.assertRegex(output, pattern)

    def folder(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="halcyon-gdb-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder


class Session(GdbTest):
    def test_a_scripted_session(self):
        output = gdb("""
            break sys_openat
            run
            print path
            kthreads
            kthread all bt
            next
            echo \\nat
            frame
            delete
            continue
            """, *busybox())
        self.contains(output, r"Breakpoint 1, halcyon::sys_openat \(", r'\$1 = user 0x[0-9a-f]+ "/etc/passwd"')
        listed = threads(output)
        self.assertGreaterEqual(len(listed), 4, output)
        self.assertEqual(listed["1"][0], "parked")
        self.contains(listed["1"][1], r"Kernel::reaper")
        # wc, whose number says whether the other side's sleep was forked before it.
        self.assertIn("read: Pipe::read", listed.get("4", listed.get("5"))[1])
        self.assertEqual(listed["3"][0], "running")
        self.contains(listed["3"][1], r"sys_openat \(syscalls/file/path\.cpp:\d+\)")
        shown = backtraces(output)
        self.assertEqual(shown.keys(), listed.keys())
        for label, frames in shown.items():
            bottom = "main" if label == "cpu0" else "halcyon_stack_trampoline"
            self.assertIn(bottom, frames[-1], output)
            self.assertGreater(len(frames), 4)
        self.contains("\n".join(shown["2"]), "halcyon::sys_wait4", "halcyon::WaitQueue::wait_until", "halcyon::park")
        # One line further on, in the caller, and then to the end.
        self.contains(output, r"\nat#0 .*halcyon::(?:Abi::syscall|\(anonymous namespace\)::open_at|\(anonymous namespace\)::Call)", r"exited normally")

    def test_looking_around_in_a_parked_thread(self):
        output = gdb("""
            break sys_openat
            run
            kthread 2
            up 2
            info locals
            kthread 2 frame function halcyon::park
            kthread off
            frame
            kthread 99 bt
            """, *busybox())
        self.contains(output, r"#3 .*halcyon::\(anonymous namespace\)::schedule", r"(?m)^next = 0x", r"#4 .*halcyon::park",
                      r"#0  halcyon::sys_openat", r"no kernel thread 99 \(kthreads lists them\)")

    def test_several_cpus(self):
        output = gdb("""
            break sys_exit_group
            run
            kthreads
            kthread all bt
            """, *busybox("x86_64", "--cpus", "4", "--deterministic=3"))
        listed = threads(output)
        self.assertTrue({"cpu0", "cpu1", "cpu2", "cpu3", "1", "2"} <= listed.keys(), output)
        for label, frames in backtraces(output).items():
            self.assertIn("main" if label == "cpu0" else "halcyon_stack_trampoline", frames[-1], output)

    def test_interrupted_in_user_mode(self):
        folder = self.folder()
        output = gdb(f"""
            python
            import threading, time, os, signal
            def interrupt():
                while not os.path.exists('{folder}/on'): time.sleep(0.05)
                time.sleep(0.5)
                os.kill(gdb.selected_inferior().pid, signal.SIGINT)
            threading.Thread(target=interrupt, daemon=True).start()
            end
            run
            kthreads
            bt
            user
            kill
            """.replace("            ", ""), "--bind", f"{folder}:/mnt:rw", *busybox(shell="echo >/mnt/on; while :; do :; done"))
        self.contains(output, "received signal SIGINT", r"(?m)^#\d+ .*halcyon::Thread::run_user", r"(?m)^#\d+ .*halcyon_stack_trampoline",
                      r"x86_64 registers \(in the engine, amid a block", r"(?m)^#0 +0x\w+ in \S+ from /bin/busybox")
        self.assertIn(("running", "user mode"), threads(output).values(), output)

    def test_without_a_kernel(self):
        output = gdb("kthreads\n", *busybox())
        self.contains(output, "no kernel: ")
        output = gdb("break main\nrun\nkthreads\n", *busybox())
        self.contains(output, "no kernel: it has not started yet")

    def test_kernels_on_the_fake_machine(self):
        program = pathlib.Path(halcyon.BINARY).with_name("kernel_tests")
        if not program.exists():
            self.skipTest("no kernel_tests")
        output = gdb("break sys_read\nrun --gtest_filter=*ipe*\nkthreads\nkthread all bt\nuser\n", program=program)
        self.assertTrue({"cpu0", "1", "2"} <= threads(output).keys(), output)
        self.assertIn("halcyon_stack_trampoline", backtraces(output)["1"][-1])
        self.contains(output, "user registers of a halcyon::hal::FakeContext are not known")

    def test_printers(self):
        output = gdb("""
            break sys_openat
            run
            print self.resources_.memory
            print self.context_
            print self.process_->threads
            print self.resources_.memory.object_->vmas_
            print halcyon::err::noent
            print (halcyon::Errno)2
            print (halcyon::Errno)512
            break fs::open
            continue
            finish
            """, *busybox())
        self.contains(output, r"= Ref\(halcyon::AddressSpace\* 0x\w+, \d+ references\)", r"= list of halcyon::Thread = \{0x\w+\}",
                      r"= set of halcyon::Vma = \{0x\w+, 0x\w+", r"= ENOENT", r"= ERESTART",
                      r"Value returned is \$\d+ = ok = \{value = Ref\(halcyon::fs::RegularFile\*")

    def test_a_failed_result(self):
        output = gdb("break sys_openat\nrun\nbreak fs::open\ncontinue\nfinish\n", *busybox(shell="cat /missing"))
        self.contains(output, r"Value returned is \$1 = failed: ENOENT")

    def test_references_are_printed_as_what_they_refer_to(self):
        output = gdb("break StandardStreams::open\nrun\nprint terminal\n", "--root", halcyon.ROOTFS["x86_64"], "/bin/busybox", "true")
        self.contains(output, r"StandardStreams::open \(.*terminal=\S*Ref\(null\)", r"\$1 = .*Ref\(null\)")


class UserProgram(GdbTest):
    def test_registers_are_what_the_kernel_sees(self):
        for isa, count in (("x86_64", 19), ("riscv64", 33)):
            with self.subTest(isa):
                output = gdb(COMPARE, *busybox(isa))
                self.assertIn("\ncompared\n", output)
                self.assertGreaterEqual(output.count("\nagree "), 2 * count, output)
                self.assertNotIn("DISAGREE", output)

    def test_backtrace_by_name(self):
        for isa, compiler in COMPILERS.items():
            with self.subTest(isa):
                if not shutil.which(compiler[0]):
                    self.skipTest(f"no {compiler[0]}")
                folder = self.folder()
                (folder / "program.c").write_text(PROGRAM)
                subprocess.run([*compiler, "-static", "-O1", "-fno-inline", "-fno-optimize-sibling-calls", "program.c", "-o", "program"], cwd=folder,
                               check=True)
                output = gdb("""
                    break sys_openat
                    run
                    user
                    user bt
                    continue
                    echo \\nhandler\\n
                    user bt
                    """, "--root", folder, "/program")
                first, _, second = output.partition("\nhandler\n")
                self.contains(first, rf"{isa} registers", r"#\d+ .*innermost\+\d+ from /program\n#\d+ .*middle\+\d+ .*\n#\d+ .*main\+\d+",
                              r"#\d+ .*_start\+\d+")
                self.contains(second, r"innermost\+\d+ .*\n#\d+ .*middle\+\d+ .*\n#\d+ .*on_signal\+\d+ .*\n#\d+ .*<signal handler called>",
                              r"raise\+\d+ .*\n#\d+ .*main\+\d+")

    def test_a_dynamic_program_of_the_host(self):
        output = gdb("break sys_getdents64\nrun\nuser bt\nuser maps\n", "/bin/ls", "/")
        self.contains(output, r"#0 .* in getdents64\+\d+ from \S*/libc\.so", r"#\d+ .* in __libc_start_main\+\d+ from \S*/libc\.so",
                      r"(?m)^[0-9a-f]{12}-[0-9a-f]{12} r-xp [0-9a-f]{8} \S*/ls$", r"\[stack\]")

    def test_another_thread_and_the_kernels_own(self):
        output = gdb("break sys_openat\nrun\nuser 2\nuser 1\n", *busybox("riscv64"))
        self.contains(output, r"thread 2 of process 2, \w+:\nriscv64 registers \(saved\)", r"thread 1 \(init\) is the kernel's own")


class CoreFile(GdbTest):
    LOOK = "kthreads\nkthread all bt\nuser 2\n"

    def check(self, core):
        output = gdb(self.LOOK, core=core)
        listed = threads(output)
        self.assertTrue({"cpu0", "1", "2"} <= listed.keys(), output)
        for label, frames in backtraces(output).items():
            self.assertIn("main" if label == "cpu0" else "halcyon_stack_trampoline", frames[-1], output)
        self.contains(output, r"x86_64 registers \(", r"#0 +0x\w+ in \S+ from /bin/busybox")
        return output

    def test_core_of_a_live_kernel(self):
        core = self.folder() / "core"
        live = gdb(f"break sys_openat\nrun\nuser 2\ngenerate-core-file {core}\nkill\n", *busybox())
        self.assertTrue(core.exists(), live)
        registers = r"(?m)^ +(?:rip|rbx|rdi|r15) .*$"
        self.assertEqual(re.findall(registers, self.check(core)), re.findall(registers, live))
        self.contains(gdb("print path\n", core=core), r'= user 0x\w+ "/etc/passwd"')

    def test_core_of_an_abort(self):
        pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
        if "/" in pattern or "|" in pattern:
            self.skipTest(f"core files go to {pattern}")
        if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
            self.skipTest("core files are forbidden")
        folder = self.folder()
        limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
        process = subprocess.Popen([halcyon.BINARY, "run", "--memory", "64M", *map(str, busybox(shell="echo on; exec sleep 100"))], cwd=folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (limit, limit)))
        self.assertEqual(process.stdout.readline(), b"on\n")
        time.sleep(1)  # until it sleeps
        process.send_signal(signal.SIGABRT)
        self.assertEqual(process.wait(60), -signal.SIGABRT)
        process.stdout.close()
        cores = list(folder.glob("core*"))
        if not cores:
            self.skipTest("the host wrote no core file")
        output = self.check(cores[0])
        self.assertIn("nanosleep", threads(output)["2"][1])


if __name__ == "__main__":
    halcyon.main()
