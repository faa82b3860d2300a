"""As much of gdb's remote protocol as it takes to hold QEMU at a function and to change its memory."""
import os
import shutil
import socket
import subprocess
import tempfile

# Where `g` gives a register's eight bytes.
REGISTERS = {"x86_64": {"rax": 0, "rsi": 4, "rdi": 5}, "riscv64": {"a0": 10, "a1": 11}}


def address_of(image, symbol):
    for line in subprocess.run(["nm", str(image)], capture_output=True, text=True, check=True).stdout.splitlines():
        if line.split()[-1] == symbol:
            return int(line.split()[0], 16)
    raise LookupError(symbol)


class Listener:
    """A socket that QEMU connects to."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="halcyon-gdb-")
        self.path = os.path.join(self.folder, "socket")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(1)

    def accept(self, limit):
        self.socket.settimeout(limit)
        connection = self.socket.accept()[0]
        connection.settimeout(limit)
        return Remote(connection)

    def close(self):
        self.socket.close()
        shutil.rmtree(self.folder)


class Remote:
    def __init__(self, connection):
        self.connection, self.text = connection, b""

    def close(self):
        self.connection.close()

    def send(self, command):
        data = command.encode()
        self.connection.sendall(b"$" + data + b"#%02x" % (sum(data) & 0xFF))

    def receive(self):
        while b"#" not in self.text or len(self.text) < self.text.index(b"#") + 3:
            data = self.connection.recv(65536)
            if not data:
                raise ConnectionError("QEMU has ended")
            self.text += data
        end = self.text.index(b"#")
        reply, self.text = self.text[self.text.index(b"$") + 1:end], self.text[end + 3:]
        self.connection.sendall(b"+")
        return reply.decode()

    def ask(self, command):
        self.send(command)
        return self.receive()

    def run_to(self, address):
        self.ask(f"Z1,{address:x},1")
        self.ask("c")
        self.ask(f"z1,{address:x},1")

    def go_on(self):
        self.ask("QStartNoAckMode")
        self.send("D")

    def register(self, isa, name):
        at = 16 * REGISTERS[isa][name]
        return int.from_bytes(bytes.fromhex(self.ask("g")[at:at + 16]), "little")

    def read(self, address, size):
        data = b""
        while len(data) < size:
            part = min(1024, size - len(data))
            data += bytes.fromhex(self.ask(f"m{address + len(data):x},{part:x}"))
        return data

    def write(self, address, data):
        for at in range(0, len(data), 1024):
            part = data[at:at + 1024]
            if self.ask(f"M{address + at:x},{len(part):x}:{part.hex()}") != "OK":
                raise ValueError(f"no memory at {address:#x}")
