"""Names for the addresses of a panic's backtrace, from the kernel's debug information."""
import re
import subprocess

FRAME = re.compile(rb'^  #(\d+)\s+(0x[0-9a-f]{16})$')


class Symbols:
    def __init__(self, image, folder):
        self.image, self.folder = image, str(folder) + '/'
        self.process = None

    def expand(self, line):
        """A line of a backtrace with its function and place; any other line as it is."""
        frame = FRAME.match(line)
        if not frame:
            return line
        names = self.look_up(frame.group(2).decode())
        return line + b' ' + b' <- '.join(names) if names else line

    def look_up(self, address):
        """The functions at an address, the innermost of those that were inlined first."""
        if self.process is None:
            try:
                self.process = subprocess.Popen(['llvm-symbolizer-19', f'--obj={self.image}', '--output-style=LLVM', '--demangle'],
                                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            except OSError:
                self.process = False
        if not self.process:
            return []
        self.process.stdin.write(address.encode() + b'\n')
        self.process.stdin.flush()
        names = []
        while True:
            function = self.process.stdout.readline().strip()
            if not function:
                return names
            place = self.process.stdout.readline().strip().decode().removeprefix(self.folder)
            names.append(f'{function.decode()} ({place.rsplit(":", 1)[0]})'.encode())

    def close(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()
