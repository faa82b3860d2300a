"""The commands, a file each."""
from . import fds, frames, kthreads, mounts, pagetable, runqueues, user, vmas, waiters


def install():
    for command in (fds, frames, kthreads, mounts, pagetable, runqueues, user, vmas, waiters):
        command.install()
