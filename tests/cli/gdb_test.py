#!/usr/bin/env python3
"""gdb with the helper of cli/gdb on the hosted-debug build: threads and user programs, in live kernels and core files.

Needs gdb, the rootfs with busybox, and for user backtraces with names a C compiler per instruction set."""
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import time

import halcyon
from gdb_session import COMPILERS, GdbTest, backtraces, busybox, gdb, threads

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

# Prints the registers that the helper reads from memory, of every thread that has some.
REGISTERS = """
break sys_openat
run
python
from halcyon_gdb import registers
from halcyon_gdb.kernel import Kernel
for thread in Kernel.find().threads():
    if thread.has_context():
        for name, value in registers.read(thread).values.items():
            print(f"register {thread.label()} {name} {value:#x}")
end
"""


class KnownRegisters:
    """A program of which every register is known: thread 2 waits in clone(CLONE_VFORK) for thread 3, which is about to open a file."""

    OTHERS = {  # registers, besides those of the calls
        "x86_64": ("rbp", "rsp", "r8", "r9", "r12", "r13", "r14", "r15"),
        "riscv64": ("ra", "sp", "gp", "tp", "t1", "t2", *(f"s{number}" for number in range(12)), "a5", "a6", "t3", "t4", "t5", "t6"),
    }
    CLONE = {"x86_64": {"rax": 56, "rdi": 0x4011, "rsi": 0, "rdx": 0, "r10": 0},
             "riscv64": {"a7": 220, "a0": 0x4011, "a1": 0, "a2": 0, "a3": 0, "a4": 0}}
    OPEN = {"x86_64": {"rax": 257, "rdi": 99, "rsi": 0, "rdx": 0, "r10": 0},
            "riscv64": {"a7": 56, "a0": 99, "a1": 0, "a2": 0, "a3": 0, "a4": 0}}
    BEFORE = {"x86_64": ({"rax": 158, "rdi": 0x1002, "rsi": 0x12345000}, {"rax": 158, "rdi": 0x1001, "rsi": 0x23456000}), "riscv64": ()}  # arch_prctl
    BASES = {"x86_64": {"fs_base": 0x12345000, "gs_base": 0x23456000}, "riscv64": {"zero": 0}}
    PC = {"x86_64": ("rip", "rbx"), "riscv64": ("pc", "t0")}  # and what has the same value

    def __init__(self, isa):
        self.isa = isa
        self.parent = {**self.others(0x11), **self.CLONE[isa]}
        changed = dict(list(self.others(0x22).items())[::2])  # the engine's registers are found by what they have in common with a saved copy
        self.child = {**self.parent, **changed, **self.OPEN[isa]}

    def others(self, mark):
        return {name: mark << 56 | (index + 1) * 0x10203040506 for index, name in enumerate(self.OTHERS[self.isa])}

    def source(self):
        lines = [".globl _start", "_start:", {"x86_64": "", "riscv64": ".option norelax"}[self.isa]]
        for number, values in enumerate((*self.BEFORE[self.isa], self.parent, self.child)):
            lines += self.call(number, values)
        return "\n".join(lines) + "\n"

    def call(self, number, values):
        return {"x86_64": [f"lea after{number}(%rip), %rbx", *(f"movabs ${value:#x}, %{name}" for name, value in values.items()), "syscall"],
                "riscv64": [f"la t0, after{number}", *(f"li {name}, {value:#x}" for name, value in values.items()), "ecall"]}[self.isa] + [f"after{number}:"]

    def expected(self):
        """{(thread, register): value}"""
        both = {"2": self.parent, "3": self.child}
        return {(thread, name): value for thread, values in both.items() for name, value in {**values, **self.BASES[self.isa]}.items()}


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
            """, *busybox("x86_64", "--cpus", "4", clock="--deterministic=3"))
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
                pid = gdb.selected_inferior().pid
                ticks = lambda: int(open(f'/proc/{{pid}}/stat').read().rpartition(')')[2].split()[11])
                begin = ticks()
                while ticks() < begin + 100: time.sleep(0.05)  # it has long been in its loop when it has computed for a second
                os.kill(pid, signal.SIGINT)
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

    def test_run_keeps_the_arguments(self):
        """./dev debug gives them in a way that gdb's run, with a redirection or more words, does not replace."""
        if pathlib.Path(halcyon.BINARY).resolve() != (halcyon.TREE / "build/hosted-debug/halcyon").resolve():
            self.skipTest("./dev debug takes the hosted-debug build of this tree")
        done = subprocess.run([halcyon.TREE / "dev", "debug", "--root", halcyon.ROOTFS["x86_64"], "--", "/bin/busybox", "sh", "-c",
                               "read line; echo \"it's $0\" \"$line\" $#", "name"],
                              input="set pagination off\nrun </dev/null\nrun more </dev/null\n", capture_output=True, text=True, timeout=halcyon.PATIENCE)
        self.assertIn("it's name  0\n", done.stdout)
        self.assertIn("it's name  1\n", done.stdout)

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


class UserProgram(GdbTest):
    def test_registers_are_what_the_program_has(self):
        for isa, compiler in COMPILERS.items():
            with self.subTest(isa):
                if not shutil.which(compiler[0]):
                    self.skipTest(f"no {compiler[0]}")
                program, folder = KnownRegisters(isa), self.folder()
                (folder / "program.S").write_text(program.source())
                subprocess.run([*compiler, "-nostdlib", "-static", "-Wl,--build-id=none", "program.S", "-o", "program"], cwd=folder, check=True)
                output = gdb(REGISTERS, "--root", folder, "/program")
                read = {(thread, name): int(value, 16) for thread, name, value in re.findall(r"(?m)^register (\d+) (\w+) (0x\w+)$", output)}
                expected = program.expected()
                self.assertEqual({key: read.get(key) for key in expected}, expected, output)
                pc, same = KnownRegisters.PC[isa]
                for thread in "2", "3":
                    self.assertEqual(read[thread, pc], read[thread, same])

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

    def test_backtrace_through_the_vdso(self):
        for isa, compiler in COMPILERS.items():
            with self.subTest(isa):
                if not shutil.which(compiler[0]):
                    self.skipTest(f"no {compiler[0]}")
                folder = self.folder()
                (folder / "program.c").write_text("""
                    #include <time.h>
                    int used(void) { struct timespec time; return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) + (int)time.tv_sec; }
                    int main(void) { return used() + 1; }
                    """)
                subprocess.run([*compiler, "-static", "-O1", "-fno-inline", "-fno-optimize-sibling-calls", "program.c", "-o", "program"], cwd=folder,
                               check=True)
                output = gdb("break sys_clock_gettime\nrun\nuser bt\n", "--root", folder, "/program")
                self.contains(output, r"#0 .* in (?:__vdso_)?clock_gettime\+\d+ from \[vdso\]\n#1 .*clock_gettime\+\d+ from /program\n",
                              r"#2 .*used\+\d+ .*\n#3 .*main\+\d+")

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

    @staticmethod
    def wait_for_sleep(pid):
        """Until the guest has slept for a while, and with it the host's process: its CPU time stands still."""
        before, same = None, 0
        while same < 10:
            time.sleep(0.1)
            now = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            state, ticks = now[0], now[11:13]
            same = same + 1 if state == "S" and ticks == before else 0
            before = ticks

    def test_core_of_an_abort(self):
        pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
        if "/" in pattern or "|" in pattern:
            self.skipTest(f"core files go to {pattern}")
        if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
            self.skipTest("core files are forbidden")
        folder = self.folder()
        limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
        process = subprocess.Popen([halcyon.BINARY, "run", "--memory", "64M", *map(str, busybox(shell="echo on; exec sleep 100000", clock="--cpus=1"))], cwd=folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (limit, limit)))
        self.assertEqual(process.stdout.readline(), b"on\n")
        self.wait_for_sleep(process.pid)
        process.send_signal(signal.SIGABRT)
        self.assertEqual(process.wait(halcyon.PATIENCE), -signal.SIGABRT)
        process.stdout.close()
        cores = list(folder.glob("core*"))
        if not cores:
            self.skipTest("the host wrote no core file")
        output = self.check(cores[0])
        self.assertIn("nanosleep", threads(output)["2"][1])


if __name__ == "__main__":
    halcyon.main()
