"""What one run of a program left: output, errors, exit status, time."""
import os
import signal
import subprocess
import time

ENVIRONMENT = {'PATH': '/bin:/sbin:/usr/bin:/usr/sbin', 'HOME': '/root', 'USER': 'root', 'TERM': 'dumb', 'TZ': 'UTC'}


class Result:
    def __init__(self, status, output, errors, seconds):
        self.status, self.output, self.errors, self.seconds = status, output, errors, seconds

    def agrees_with(self, other):
        return (self.status, self.output, self.errors) == (other.status, other.output, other.errors)

    def lines(self):
        """The text that two runs are compared by, as lines for a diff."""
        text = f'--- standard output\n{self.output}\n--- standard error\n{self.errors}\n--- status {self.status}\n'
        return text.splitlines()


def of_bytes(status, output, errors, seconds):
    return Result(status, output.decode(errors='backslashreplace'), errors.decode(errors='backslashreplace'), seconds)


def run(command, timeout, environment=None, **options):
    """Runs a command in a process group of its own, all of which is killed after `timeout` seconds."""
    start = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment, start_new_session=True, **options)
    try:
        output, errors = process.communicate(timeout=timeout)
        status = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
        status = f'no end after {timeout} s'
    return of_bytes(status, output, errors, time.monotonic() - start)
