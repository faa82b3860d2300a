#!/usr/bin/env python3
"""The commands of gdb's helper (cli/gdb) that show what the kernel holds: pagetable, vmas, fds, mounts, runqueues, waiters, frames; on live
kernels and on a core file. Needs gdb, the rootfs with busybox, and for futexes a C compiler."""
import re
import shutil
import subprocess
import unittest

import halcyon
from gdb_session import COMPILERS, GdbTest, busybox, gdb

COMMANDS = ("pagetable", "vmas", "fds", "mounts", "runqueues", "waiters", "frames")
LEVELS = {"x86_64": 4, "riscv64": 3}

WAITING = """
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>
static int word = 7, ends[2];
static void* in_futex(void* unused) { syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 7, 0, 0, 0); return unused; }
static void* in_poll(void* unused) { struct pollfd one = {ends[0], POLLIN, 0}; poll(&one, 1, 3600000); return unused; }
int main(void) {
  pthread_t threads[2];
  if (pipe(ends) || eventfd(0, EFD_CLOEXEC) < 0) return 1;
  pthread_create(&threads[0], 0, in_futex, 0);
  pthread_create(&threads[1], 0, in_poll, 0);
  usleep(1000000);
  syscall(SYS_getpid);
  _exit(0);
}
"""


def script(*commands):
    """Each command behind a line with its text, for sections(). One that fails does not end the script."""
    lines = []
    for command in commands:
        lines += [f"echo \\n== {command}\\n", "python", "try:", f"    gdb.execute({command!r})", "except gdb.error as error:", "    print(error)", "end"]
    return "\n".join([*lines, "echo \\n== end\\n", ""])


def sections(output):
    """{command: what it printed}"""
    parts = re.split(r"(?m)^== (.*)$", output)
    return {command: text.strip("\n") for command, text in zip(parts[1::2], parts[2::2])}


def stopped(where, *commands, isa="x86_64", options=(), **more):
    """What commands print when a shell's program has come to a function."""
    return sections(gdb(f"break {where}\nrun\n" + script(*commands), *busybox(isa, *options, **more)))


def stopped_at_open(*commands, **more):
    """The same while cat opens /etc/passwd as thread 3, and others wait."""
    return stopped("sys_openat", *commands, **more)


class Objects(GdbTest):
    def test_one_line_for_large_objects(self):
        shown = stopped_at_open("print self", "print *self.process_", "print *self.resources_.memory", "print *self.resources_.memory->vmas_.first_",
                                "print self.resources_.memory->vmas_.first_->start", "print self.resources_.memory->layout_.user_end", "print *self.process_->parent", "print /r self")
        self.assertRegex(shown["print self"], r"^\$\d+ = .*thread 3 of process 3 \(cat\), running on CPU 0$")
        self.assertRegex(shown["print *self.process_"], r"^\$\d+ = process 3 \(cat\), child of 2, group 2, session 2, 1 thread$")
        self.assertRegex(shown["print *self.process_->parent"], r"^\$\d+ = process 2 \(\w+\), child of 1, group 2, session 2, 1 thread$")
        self.assertRegex(shown["print *self.resources_.memory"], r"^\$\d+ = address space of \d+ VMAs, \d+ pages present, root at 0x[0-9a-f]+000$")
        self.assertRegex(shown["print *self.resources_.memory->vmas_.first_"], r"^\$\d+ = VMA 0x\w+-0x\w+ r--p /bin/busybox$")
        self.assertRegex(shown["print self.resources_.memory->vmas_.first_->start"], r"^\$\d+ = 0x[0-9a-f]+000$")
        self.assertRegex(shown["print self.resources_.memory->layout_.user_end"], r"^\$\d+ = 0x7ffffffff000$|^\$\d+ = 0x800000000000$")
        self.assertIn("resources_ = {", shown["print /r self"])

    def test_help_explains_each(self):
        shown = sections(gdb(script(*(f"help {name}" for name in COMMANDS))))
        for name in COMMANDS:
            self.assertRegex(shown[f"help {name}"], rf"^.*: {name}\b")


class Memory(GdbTest):
    def test_a_walk_of_the_page_table(self):
        for isa, levels in LEVELS.items():
            with self.subTest(isa):
                read = r"""python
import re
from halcyon_gdb.kernel import Kernel
said = gdb.execute("pagetable 3 path", to_string=True)
physical = int(re.search(r"physical address (0x\w+)", said).group(1), 16)
print("text", bytes(gdb.selected_inferior().read_memory(Kernel.find().world.direct_map() + physical, 11)))
end
"""
                output = gdb("break sys_openat\nrun\n" + script("pagetable 3 path", "pagetable 3") + read, *busybox(isa))
                shown = sections(output)
                walk = shown["pagetable 3 path"].splitlines()
                self.assertRegex(walk[0], rf"^process 3 \(cat\): 0x\w+ through {levels} levels of {isa}.*, root at 0x\w+000$")
                tables = [re.search(r"table (0x\w+)", line).group(1) for line in walk[1:levels]]
                for line, table in zip(walk[2:], tables):  # each entry lies in the table that the one before names
                    self.assertRegex(line, rf"at 0x0*{int(table, 16) >> 12:x}\w{{3}} ")
                self.assertRegex(walk[levels], r"^  level 0 +index +\d+ +at 0x\w+  entry 0x\w+  page 0x\w+000: .*writable, user, no-execute, accessed")
                self.assertRegex(walk[-1], r"^VMA 0x\w+-0x\w+ rw-p \[stack\]$")
                self.assertIn("text b'/etc/passwd'", output)
                tree = shown["pagetable 3"]
                present = int(re.search(r"(\d+) pages? present$", tree.splitlines()[0]).group(1))
                self.assertEqual(sum(map(int, re.findall(r": (\d+) pages?, \d+ accessed, \d+ dirty", tree))), present, tree)
                self.assertEqual(len(re.findall(r" table 0x", tree)) + 1, int(re.search(r"(\d+) tables", tree).group(1)), tree)

    def test_what_is_not_present(self):
        shown = stopped_at_open("pagetable 3 0x1000", "pagetable 3 path.address_ - 0x4000")
        nothing, untouched = list(shown.values())[:2]
        self.assertRegex(nothing, r"not present\nno VMA has it: an access ends in SIGSEGV")
        self.assertRegex(untouched, r"not present\nVMA 0x\w+-0x\w+ rw-p \[stack\]: an access takes a fresh frame of zeros")

    def test_vmas_are_what_the_program_sees(self):
        for isa in LEVELS:
            with self.subTest(isa):
                output = gdb("break sys_write if self.tid_ == 2\nrun\n" + script("vmas 2", "vmas") + "continue\n", *busybox(isa, shell="exec cat /proc/self/maps"))
                shown = sections(output)
                seen = [(int(first, 16), int(last, 16), may) for first, last, may in re.findall(r"(?m)^([0-9a-f]+)-([0-9a-f]+) ([rwxps-]{4}) ", output)]
                listed = [(int(first, 16), int(last, 16), may) for first, last, may in re.findall(r"(?m)^  (0x\w+) +(0x\w+) +\d+ +\d+  (\S{4}) ", shown["vmas 2"])]
                self.assertTrue(seen, output)
                self.assertEqual(listed, seen)
                self.assertEqual(shown["vmas"], shown["vmas 2"])
                self.assertRegex(shown["vmas 2"], r"r-xp .*/bin/busybox\n")
                self.assertRegex(shown["vmas 2"], r"\[stack\] \(grows down\)\n?")
                self.assertRegex(shown["vmas 2"], r"\[vdso\]")

    def test_frames_add_up(self):
        shown = stopped_at_open("frames", "frames 0x4000", "frames 0x3fff000", "frames 0x7fffffffffff", "frames nonsense")
        text = shown["frames"]

        def figure(pattern):
            return int(re.search(pattern, text).group(1).replace(",", ""))

        total, free, fresh = figure(r": ([\d,]+) frames"), figure(r"of which ([\d,]+) are free"), figure(r"watermark 0x\w+: ([\d,]+)")
        cached = sum(map(int, re.findall(r"CPU \d+ (\d+)", text)))
        blocks = {int(order): int(count.replace(",", "")) for order, count in re.findall(r"order +(\d+), .*: ([\d,]+) block", text)}
        self.assertEqual(sorted(blocks), list(range(11)))
        self.assertEqual(fresh + cached + sum(count << order for order, count in blocks.items()), free, text)
        held = sum(int(count.replace(",", "")) for count in re.findall(r"(?m)^ +([\d,]+)  \D", text.partition("held by:")[2]))
        self.assertEqual(held + free, total, text)
        self.assertTrue((64 << 8) - 64 <= total <= 64 << 8, text)
        self.assertEqual(shown["frames 0x4000"], "frame 0x4000: of the frames' own records")
        self.assertEqual(shown["frames 0x3fff000"], "frame 0x3fff000: free, never handed out")
        self.assertRegex(shown["frames 0x7fffffffffff"], r"^0x7fffffffffff is not in RAM, which is from 0x4000 to 0x4000000$")
        self.assertRegex(shown["frames nonsense"], r"^not an address: nonsense \(.*\)$")


class Files(GdbTest):
    def test_descriptors(self):
        text = stopped("sys_openat if self.tid_ == 3", "fds 3", shell="cd /tmp; echo abc >x; exec 5<>x 7>>x 8</dev/null; read line <&5; cat /etc/passwd | cat")["fds 3"]
        self.assertRegex(text, r"(?m)^ +5  rw +4 +\d+  RegularFile\* 0x\w+ +/tmp/x$")
        self.assertRegex(text, r"(?m)^ +7  w,append +0 +\d+  RegularFile\* 0x\w+ +/tmp/x$")
        self.assertRegex(text, r"(?m)^ +8  r +- +\d+  \w+\* 0x\w+ +/dev/null$")
        self.assertRegex(text, r"(?m)^ +1  w .* PipeEnd\* 0x\w+ +pipe:\[\d+\]$")

    def test_mounts_are_what_the_program_sees(self):
        output = gdb("break sys_exit_group if self.tid_ == 2\nrun\n" + script("mounts"), *busybox(shell="exec cat /proc/mounts"))
        seen = [tuple(words) for words in re.findall(r"(?m)^\S+ (\S+) (\S+) \S+ 0 0$", output)]
        listed = [(words[7], words[2]) for line in sections(output)["mounts"].splitlines()[1:] if (words := line.split())]
        self.assertIn(("/proc", "proc"), seen, output)
        self.assertEqual(listed, seen)


class Scheduling(GdbTest):
    SPINNERS = "while :; do :; done & while :; do :; done & sleep 1; exec cat /etc/passwd"

    def test_run_queues(self):
        for scheduler in "round-robin", "fair":
            with self.subTest(scheduler):
                text = stopped("sys_openat if self.tid_ == 2", "runqueues", options=("--scheduler", scheduler), shell=self.SPINNERS)["runqueues"]
                self.assertRegex(text, rf"^scheduler: {scheduler}; a slice lasts [\d.]+ ms\nCPU 0: runs thread 2 \(cat\), .*; 2 ready")
                self.assertEqual(sorted(re.findall(r"(?m)^  \d\. thread (\d+) \(", text)), ["3", "4"])
                self.assertEqual("virtual time" in text, scheduler == "fair")

    def test_waiters(self):
        shown = stopped_at_open("waiters")
        text = shown["waiters"]
        self.assertRegex(text, r"thread 1 \(init\) in .*\n  on child_event of process 1 \(init\)")
        self.assertRegex(text, r"thread 2 \(\w+\) in wait4: wait_for_child .*\n  on child_event of process 2 \(\w+\)\n")
        self.assertRegex(text, r"thread \d \(wc\) in read: Pipe::read .*\n  on Pipe::readable_ at 0x\w+, pipe:\[\d+\]: .*process 3 \(cat\) writes it by 1")

    def test_sleepers_and_futexes(self):
        for isa, compiler in COMPILERS.items():
            with self.subTest(isa):
                if not shutil.which(compiler[0]):
                    self.skipTest(f"no {compiler[0]}")
                folder = self.folder()
                (folder / "program.c").write_text(WAITING)
                subprocess.run([*compiler, "-static", "-pthread", "program.c", "-o", "program"], cwd=folder, check=True)
                shown = sections(gdb("break sys_getpid\nrun\n" + script("waiters", "fds 2"), "--deterministic=1", "--root", folder, "/program"))
                text = shown["waiters"]
                self.assertRegex(shown["fds 2"], r"(?m)^ +5  rw,cloexec +- +1  EventFile\* 0x\w+ +anon_inode:\[eventfd\]$")
                address = subprocess.run(["nm", folder / "program"], capture_output=True, text=True, check=True).stdout
                word = int(next(line.split()[0] for line in address.splitlines() if line.endswith(" d word") or line.endswith(" D word")), 16)
                self.assertRegex(text, rf"in futex: .*\n  on the futex at {word:#x} of process 2\n")
                self.assertRegex(text, r"in p?poll: .*\n  on Pipe::readable_ at 0x\w+, pipe:\[\d+\], pipe:.*\n  until 3\d\d\d\.\d{6} s")


class Everywhere(GdbTest):
    LOOK = ("pagetable 3 0x400000", "pagetable 2", "vmas 3", "fds 3", "mounts", "runqueues", "waiters", "frames", "print self")

    def test_a_core_file_says_the_same(self):
        core = self.folder() / "core"
        live = sections(gdb(f"break sys_openat\nrun\n{script(*self.LOOK)}generate-core-file {core}\nkill\n", *busybox()))
        dead = sections(gdb(script(*self.LOOK), core=core))
        for command in self.LOOK:
            self.assertEqual(dead[command], live[command])
            self.assertNotIn("Error", live[command])

    def test_bad_input_gets_one_line(self):
        wrong = {"vmas 99": "no process 99 (kthreads lists them)", "fds x": "not a PID: x (kthreads lists them)",
                 "pagetable 1": "process 1 (init) is the kernel's own, or ends: it has no user memory",
                 "fds 1": "process 1 (init) is the kernel's own, or ends: it has no descriptors",
                 "vmas 2 3": "usage: vmas [PID]", "mounts all": "usage: mounts", "runqueues 0": "usage: runqueues", "waiters 2": "usage: waiters",
                 "pagetable 3 0xffff888000000000": "0xffff888000000000 is not in a program's half of the address space, which ends at 0x800000000000",
                 "pagetable 3 nonsense": 'not an address: nonsense (No symbol "nonsense" in current context.)', "vmas -1": "not a PID: -1 (kthreads lists them)"}
        shown = stopped_at_open(*wrong)
        self.assertEqual({command: shown[command] for command in wrong}, wrong)
        zombie = stopped("sys_exit_group if self.tid_ == 2", "vmas 3", "fds 3", shell="true & exec sleep 1")
        self.assertEqual(list(zombie.values())[:2], [f"process 3 (busybox) is a zombie: it has no {what} any more" for what in ("user memory", "descriptors")])
        without = sections(gdb(script(*COMMANDS)))
        for command in COMMANDS:
            self.assertRegex(without[command], r"^no kernel: [^\n]*$")


if __name__ == "__main__":
    halcyon.main()
