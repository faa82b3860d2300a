"""The command vmas."""
from ..memory import GuestMemory
from ..pages import PAGE
from .base import ProcessCommand, count


class Vmas(ProcessCommand):
    """List what a program has mapped: vmas [PID]

A line for each VMA, in the order of addresses: where it is, its size in KiB, how many of its pages are present in the page tables, what may be
done there (s: shared, p: private), from where in the file, what it is, and the object in the kernel, for print *(halcyon::Vma*)0x... .
What is mapped and not present comes at the first access (pagetable PID ADDRESS shows how).
Without PID: the program of the current thread."""

    NAME = "vmas"

    def show(self, kernel, process):
        memory = GuestMemory(process.resource("memory", "user memory"), kernel.world)
        present = [sum(1 for _ in memory.tables.pages(vma.start, vma.end)) for vma in memory.vmas]
        size = sum(vma.end - vma.start for vma in memory.vmas)
        print(f"{process}: {count(len(memory.vmas), 'VMA')}, {size // 1024:,} KiB, of which {sum(present) * PAGE // 1024:,} KiB are present")
        print(f"  {'FROM':<16} {'TO':<16} {'KIB':>8} {'PRESENT':>7}  MAY  {'OFFSET':>10}  {'OBJECT':<18} WHAT")
        for vma, pages in zip(memory.vmas, present):
            print(f"  {vma.start:<#16x} {vma.end:<#16x} {(vma.end - vma.start) // 1024:>8} {pages:>7}  {vma.letters()} {vma.offset:>#10x}"
                  f"  {int(vma.value.address):<#18x} {vma.backing()}{notes(vma)}")


def notes(vma):
    said = [name for member, name in (("grows_down", "grows down"), ("is_locked", "locked"), ("dont_fork", "not for children"),
                                      ("wipe_on_fork", "wiped in children")) if vma.value[member]]
    return f" ({', '.join(said)})" if said else ""


def install():
    Vmas()
