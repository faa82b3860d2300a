"""The command pagetable."""
from ..memory import GuestMemory
from ..pages import PAGE
from ..values import Unreadable, number, target
from .base import KernelCommand, address_of, count, process_of


class PageTable(KernelCommand):
    """Look at the page tables of a program: pagetable [PID] [ADDRESS]

With an ADDRESS, which is any expression: the walk that the CPU makes for it, from the root down. A line for each level has the index in that
level's table, the physical address of the entry, the entry, and what it says. Then what lies there, or what an access would do.
Without ADDRESS: the whole tree, tables and pages; neighbours that permit the same are one line, with how many of them the CPU has accessed and
written to.
Without PID: the program of the current thread."""

    NAME = "pagetable"

    def run(self, kernel, words):
        process, expression = process_of(kernel, words), " ".join(words[1:])
        memory = GuestMemory(process.resource("memory", "user memory"), kernel.world)
        form = memory.tables.format
        if not expression:
            present, tables = number(memory.tables.value["present_"]), number(memory.tables.value["tables_"])
            print(f"{process}: {form.name}, {form.levels} levels, root at {memory.tables.root:#x}; {count(tables, 'table')}, {count(present, 'page')} present")
            self.tree(memory.tables, None, form.levels - 1, 0)
            return
        address = address_of(expression)
        if address >= form.user_end():
            raise Unreadable(f"{address:#x} is not in a program's half of the address space, which ends at {form.user_end():#x}")
        print(f"{process}: {address:#x} through {form.levels} levels of {form.name}, root at {memory.tables.root:#x}")
        self.walk(kernel, memory, address)

    @staticmethod
    def walk(kernel, memory, address):
        form = memory.tables.format
        for step in memory.tables.walk(address):
            print(f"  level {step.level}  index {step.index:3}  at {step.place:#010x}  entry {step.entry:#018x}  {meaning(form, step.entry, step.level)}")
        physical, vma = memory.tables.translate(address), memory.vma_at(address)
        if physical is not None:
            frames = kernel.value["frames_"]
            references = number((frames["frames_"] + (physical - int(frames["start_"])) // PAGE).dereference()["references"])
            print(f"physical address {physical:#x}; {count(references, 'holder')} of the frame")
        if vma is None:
            print("no VMA has it: an access ends in SIGSEGV, unless a stack grows there")
            return
        print(f"VMA {vma.start:#x}-{vma.end:#x} {vma.letters()} {vma.backing()}" + ("" if physical is not None else f": an access {on_fault(vma, address)}"))

    def tree(self, tables, table, level, base):
        form = tables.format
        indent = "  " * (form.levels - level)
        for first, last, entries in runs(tables, table, level):
            start = base + first * form.size(level)
            if form.is_leaf(entries[0], level):
                end = base + (last + 1) * form.size(level)
                noted = "".join(f", {sum(name in form.noted(entry) for entry in entries)} {name}" for _, name in form.notes)
                print(f"{indent}level {level}  {span(first, last):>9}  {start:#x}-{end:#x}  {form.words(entries[0], level)}: {count(len(entries), 'page')}{noted}")
            else:
                print(f"{indent}level {level}  {span(first, last):>9}  {start:#x}  {meaning(form, entries[0], level)}")
                self.tree(tables, form.address(entries[0]), level - 1, start)


def meaning(form, entry, level):
    if not form.is_present(entry):
        return "not present"
    is_page = form.is_leaf(entry, level)
    words = ", ".join([*filter(None, [form.words(entry, level)]), *(form.noted(entry) if is_page else ())])
    return f"{'page' if is_page else 'table'} {form.address(entry):#x}" + (f": {words}" if words else "")


def on_fault(vma, address):
    """What the kernel does at an access to a page that is not present."""
    if not vma.protection:
        return "ends in SIGSEGV"
    if vma.file is None and vma.shared is None:
        return "takes a fresh frame of zeros"
    return f"takes page {(vma.offset + address - vma.start) // PAGE} of it"


def runs(tables, table, level):
    """(first index, last index, entries) of a table's present entries; neighbouring pages that permit the same are one run."""
    form, found = tables.format, []
    for index, entry in tables.entries(table):
        is_page = form.is_leaf(entry, level)
        if is_page and found and found[-1][1] == index - 1 and form.words(entry, level) == form.words(found[-1][2][0], level):
            found[-1][1] = index
            found[-1][2].append(entry)
        else:
            found.append([index, index, [entry]])
    return found


def span(first, last):
    return f"[{first}]" if first == last else f"[{first}-{last}]"


def install():
    PageTable()
