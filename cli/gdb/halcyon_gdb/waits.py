"""What parked threads wait for. A thread enlists in a WaitQueue with a WaitEntry, which lies on its stack (core/sync/wait_queue.h), in a
PollWaiter of poll(2) and select(2) also on the heap; it waits for a futex with a FutexWaiter or PiWaiter; and its deadline is a Timer on its stack.
These are found without its frames, which an optimised build does not keep: a WaitEntry by the thread's address in it, and because the queue that
it names has it."""
import itertools
import struct

import gdb

from .containers import elements
from .values import number, target


MOST_ENTRIES = 100_000


class Wait:
    """`queue`: a WaitQueue, or None; `file`: what poll(2) asks; `text`: what else it is."""

    def __init__(self, queue=None, file=None, text=""):
        self.queue, self.file, self.text = queue, file, text


class Waits:
    """Of all threads, at one moment."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.entry, self.poller = gdb.lookup_type("halcyon::WaitEntry"), gdb.lookup_type("halcyon::PollWaiter")
        self.timers = [(int(timer.address), number(timer["when"])) for timer in elements(kernel.value["timers_"]["timers_"])]
        self.futexes, self.pi_futexes = {}, {}
        for bucket in elements(kernel.value["futexes_"]["buckets_"]):
            for waiter in elements(bucket["waiters"]):
                self.futexes[int(waiter["thread"])] = waiter["key"]
        for locks in elements(kernel.value["pi_futexes_"]["locks_"]):
            for lock in elements(locks):
                for waiter in elements(lock["waiters"]):
                    self.pi_futexes[int(waiter["thread"])] = lock

    def of(self, thread):
        waits, seen = [], set()
        for entry, file in self._entries(thread):
            queue = target(entry["queue"])
            if int(entry.address) not in seen and queue is not None:
                seen.add(int(entry.address))
                waits.append(Wait(queue, file))
        if (lock := self.pi_futexes.get(thread.address())) is not None:
            owner = target(lock["owner"])
            waits.append(Wait(text=f"the lock {self._key(lock['key'])}, which thread {number(owner['tid_'])} owns"))
        elif (key := self.futexes.get(thread.address())) is not None:
            waits.append(Wait(text=f"the futex {self._key(key)}"))
        return waits

    def deadline(self, thread):
        """CLOCK_MONOTONIC in nanoseconds; None if it waits without."""
        return next((when for address, when in self.timers if thread.has_on_stack(address)), None)

    def _key(self, key):
        """A FutexKey: private by address space and address, shared by page cache and offset."""
        memory, offset = int(key["object"]), int(key["offset"])
        for process in self.kernel.processes():
            thread = process.main_thread()
            if thread is not None and int(thread.value["resources_"]["memory"]["object_"]) == memory:
                return f"at {offset:#x} of process {process.pid()}"
        return f"at offset {offset:#x} of the shared pages {memory:#x}"

    def _entries(self, thread):
        """(WaitEntry, File or None) of those that are enlisted."""
        base, size, sp = int(thread.value["stack_"]["base"]), int(thread.value["stack_"]["size"]), thread.saved_sp()
        if not base <= sp < base + size:
            return
        words = struct.unpack(f"<{(base + size - sp) // 8}Q", bytes(gdb.selected_inferior().read_memory(sp, (base + size - sp) // 8 * 8)))
        for at, word in enumerate(words):
            if word != thread.address():
                continue
            place = sp + 8 * at
            if at and self._is_poller(words[at - 1]):
                yield from self._polled(self._object(self.poller, place - 8))
            entry = self._object(self.entry, place - self._offset(self.entry, "thread"))
            if self._is_enlisted(entry):
                yield entry, None

    def _polled(self, poller):
        entries, block = list(elements(poller["inline_"])), target(poller["newest_"])
        while block is not None:
            entries += elements(block["entries"])
            block = target(block["next"])
        for each in entries:
            if int(each["wait"]["queue"]):
                yield each["wait"], target(each["file"])

    def _is_enlisted(self, entry):
        """Many words look like one: its neighbours in the list must lead back, and the list to the queue that it names."""
        try:
            queue, hook = int(entry["queue"]), entry[entry.type.fields()[0]]
            if not queue or queue % 8 or not self._is_linked(hook):
                return False
            found = itertools.islice(elements(entry["queue"].dereference()["entries_"]), MOST_ENTRIES)
            return any(int(each.address) == int(entry.address) for each in found)
        except (gdb.MemoryError, gdb.error):
            return False

    @staticmethod
    def _is_linked(hook):
        node = int(hook.address)
        after, before = (int.from_bytes(bytes(gdb.selected_inferior().read_memory(node + 8 * which, 8)), "little") for which in (0, 1))
        links = [after + 8, before]  # where the one behind says who is before it, and the other way round
        return all(link % 8 == 0 and int.from_bytes(bytes(gdb.selected_inferior().read_memory(link, 8)), "little") == node for link in links)

    @staticmethod
    def _is_poller(word):
        return "vtable for halcyon::PollWaiter" in gdb.execute(f"info symbol {word:#x}", to_string=True)

    @staticmethod
    def _object(kind, address):
        return gdb.Value(address).cast(kind.pointer()).dereference()

    @staticmethod
    def _offset(kind, name):
        return next(field.bitpos // 8 for field in kind.fields() if field.name == name)
