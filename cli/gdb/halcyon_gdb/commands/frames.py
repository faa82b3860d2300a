"""The command frames."""
from ..containers import elements
from ..pages import PAGE
from ..values import Unreadable, number
from .base import KernelCommand, address_of, count

MIB = 1 << 20


class Frames(KernelCommand):
    """Show how the machine's memory is used: frames [PHYSICAL-ADDRESS]

The frame allocator's view: what is free, as blocks of 2^order frames in a list per order (the buddy system), in the CPUs' caches of single
frames, and above the watermark, where no frame was ever handed out; and who holds the rest.
With an address: what the kernel knows of that one frame."""

    NAME = "frames"

    def run(self, kernel, words):
        allocator = Allocator(kernel)
        if words:
            self.one(allocator, address_of(" ".join(words)))
        else:
            self.all(kernel, allocator)

    @staticmethod
    def all(kernel, allocator):
        total, free, orders, cached = allocator.total(), allocator.free(), allocator.orders(), allocator.cached()
        fresh = free - sum(blocks << order for order, blocks in enumerate(orders))
        print(f"RAM from {allocator.start:#x} to {allocator.start + allocator.pages * PAGE:#x}: {count(total, 'frame')} ({total * PAGE / MIB:,.1f} MiB), "
              f"of which {count(free + sum(cached), 'is', 'are')} free")
        print(f"  never handed out, above the watermark {allocator.watermark():#x}: {fresh:,}")
        print("  in the CPUs' caches: " + ", ".join(f"CPU {cpu} {pages}" for cpu, pages in enumerate(cached[:kernel.cpu_count()])))
        print("  in free lists:")
        for order, blocks in enumerate(orders):
            print(f"    order {order:2}, {PAGE << order:>9,} bytes: {count(blocks, 'block')}")
        held = allocator.holders(kernel)
        print("held by:")
        for name, pages in (*held.items(), ("the rest: programs' own memory, kernel stacks", total - free - sum(cached) - sum(held.values()))):
            print(f"  {pages:>9,}  {name}")

    @staticmethod
    def one(allocator, address):
        allocator.check(address)
        page = address & -PAGE
        if allocator.index(address) >= allocator.watermark_index():
            print(f"frame {page:#x}: free, never handed out")
            return
        print(f"frame {page:#x}: {allocator.use(allocator.index(address))}")


class Allocator:
    """core/mm/frames/frame_allocator.h"""

    def __init__(self, kernel):
        self.value = kernel.value["frames_"]
        self.start, self.pages = int(self.value["start_"]), int(self.value["page_count_"])

    def index(self, address):
        return (address - self.start) // PAGE

    def check(self, address):
        if not 0 <= self.index(address) < self.pages:
            raise Unreadable(f"{address:#x} is not in RAM, which is from {self.start:#x} to {self.start + self.pages * PAGE:#x}")

    def frame(self, index):
        return (self.value["frames_"] + index).dereference()

    def use(self, index):
        """What a frame below the watermark is, for a person."""
        frame = self.frame(index)
        if index < self.record_pages():
            return "of the frames' own records"
        if int(frame["slab"]):
            return f"the kernel heap's: {'a slab' if frame['is_slab'] else 'part of a large object'} at {int(frame['slab']):#x}"
        if references := number(frame["references"]):
            return f"in use, by {count(references, 'holder')}" + (", was mapped executable" if frame["was_executable"] else "")
        for order in range(len(self.orders())):
            first = index & -(1 << order)
            if (block := self.frame(first))["is_free"] and int(block["order"]) == order:
                return f"free, in a block of order {order} from {self.start + first * PAGE:#x} on"
        for cpu, cache in enumerate(elements(self.value["caches_"])):
            if any(int(page["bits_"]) >> 1 == index for page in list(elements(cache["pages_"]))[:number(cache["count_"])]):
                return f"free, in the cache of CPU {cpu}"
        return "not RAM, or nobody's"

    def record_pages(self):
        return (self.pages * self.value["frames_"].type.target().sizeof + PAGE - 1) // PAGE

    def total(self):
        return number(self.value["total_"])

    def free(self):
        """Without those in caches."""
        return number(self.value["free_count_"])

    def watermark_index(self):
        return int(self.value["watermark_"])

    def watermark(self):
        return self.start + self.watermark_index() * PAGE

    def cached(self):
        return [number(cache["count_"]) for cache in elements(self.value["caches_"])]

    def orders(self):
        """How many free blocks there are, by order."""
        return [self._length(head) for head in elements(self.value["heads_"])]

    def _length(self, head):
        length, at = 0, int(head)
        while at and length <= self.pages:
            length += 1
            at = int(self.frame(at - 1)["next"])
        return length

    def holders(self, kernel):
        return {
            "the frames' own records": self.record_pages(),
            "the kernel heap": number(kernel.value["heap_"]["pages_"]),
            "page tables": number(self.value["table_pages"]),
            "page caches of files": number(self.value["cached_pages"]),
            "files in memory, shared memory": number(self.value["memory_file_pages"]),
        }


def install():
    Frames()
