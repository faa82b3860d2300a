"""The command runqueues."""
from ..containers import elements
from ..values import number, target, text
from .base import WholeCommand


class RunQueues(WholeCommand):
    """Show what each CPU runs and which threads are ready to run next: runqueues

For each CPU: the current thread, and the queue in the order in which the scheduler would pick. With the fair scheduler also the virtual time, which
grows the slower the more a thread weighs (nice): who has least is next. A CPU whose queue is empty takes from the longest one of the others."""

    NAME = "runqueues"

    def show(self, kernel):
        scheduler = target(kernel.value["scheduler_"])
        is_fair = str(scheduler.type) == "halcyon::Fair"
        print(f"scheduler: {'fair' if is_fair else 'round-robin'}; a slice lasts {number(kernel.value['options_']['time_slice']) / 1e6:g} ms")
        labels = {thread.address(): (thread.label(), thread.name()) for thread in kernel.threads()}
        queues = list(elements(scheduler["queues_"]))
        for cpu in range(kernel.cpu_count()):
            per_cpu = kernel.value["per_cpu_"]["_M_elems"][cpu]
            shared = queues[cpu]
            nodes = list(elements(shared["queue"]))
            minimum = f", the least virtual time is {milliseconds(shared['queue']['minimum'])}" if is_fair else ""
            wants = ", is to reschedule" if per_cpu["must_reschedule"] else ""
            print(f"CPU {cpu}: {runs(target(per_cpu['current']), labels, is_fair)}{wants}; {len(nodes)} ready{minimum}")
            for place, node in enumerate(nodes, 1):
                print(f"  {place}. {one(target(node['thread']), labels, is_fair)}")


def runs(current, labels, is_fair):
    if current is None:
        return "has not started"
    return "idle" if labels.get(int(current.address), ("",))[0].startswith("cpu") else "runs " + one(current, labels, is_fair)


def one(thread, labels, is_fair):
    label, name = labels.get(int(thread.address), (str(number(thread["tid_"])), text(thread["name"])))
    virtual = f", virtual time {milliseconds(thread['schedule_node']['virtual_time'])}" if is_fair else ""
    return f"thread {label} ({name}), nice {number(thread['nice'])}{virtual}, last on CPU {number(thread['last_cpu'])}"


def milliseconds(value):
    return f"{int(value) / 1e6:.3f} ms"


def install():
    RunQueues()
