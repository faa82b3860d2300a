"""Call frame information: how to get from a function's registers to its caller's, out of .eh_frame (DWARF 5, 6.4, and the Linux Standard Base
on .eh_frame). Only reads bytes through the function it is given; addresses are as mapped."""
import bisect
import struct


class CfiError(Exception):
    pass


class Reader:
    """A cursor over memory."""

    def __init__(self, read, address):
        self._read, self.address = read, address

    def take(self, length):
        data = self._read(self.address, length)
        self.address += length
        return data

    def unsigned(self, size):
        return int.from_bytes(self.take(size), "little")

    def signed(self, size):
        return int.from_bytes(self.take(size), "little", signed=True)

    def uleb(self):
        value, shift = 0, 0
        while True:
            byte = self.unsigned(1)
            value |= (byte & 127) << shift
            shift += 7
            if not byte & 128:
                return value

    def sleb(self):
        start = self.address
        value = self.uleb()
        bits = 7 * (self.address - start)
        return value - (1 << bits) if value >> bits - 1 else value

    def string(self):
        text = b""
        while (byte := self.take(1)) != b"\0":
            text += byte
        return text

    def encoded(self, encoding, base=0):
        """A pointer in one of the DW_EH_PE_* encodings; `base` for those relative to data."""
        if encoding == 0xFF:
            return None
        here = self.address
        size = {0: 8, 2: 2, 3: 4, 4: 8, 10: 2, 11: 4, 12: 8}.get(encoding & 15)
        if encoding & 15 in (1, 9):
            value = self.uleb() if encoding & 15 == 1 else self.sleb()
        elif size is None:
            raise CfiError(f"pointer encoding {encoding:#x}")
        else:
            value = self.signed(size) if encoding & 8 else self.unsigned(size)
        relation = encoding & 0x70
        if relation == 0x10:
            value += here
        elif relation == 0x30:
            value += base
        elif relation != 0:
            raise CfiError(f"pointer encoding {encoding:#x}")
        return value & (1 << 64) - 1


class Cie:
    """What several entries have in common."""

    def __init__(self, read, address):
        reader = Reader(read, address)
        end = reader.unsigned(4) + address + 4
        reader.unsigned(4)
        version = reader.unsigned(1)
        augmentation = reader.string().decode()
        self.code_factor, self.data_factor = reader.uleb(), reader.sleb()
        self.return_column = reader.unsigned(1) if version == 1 else reader.uleb()
        self.pointer_encoding, self.is_signal_frame = 0, "S" in augmentation
        self.has_augmentation_data = augmentation.startswith("z")
        if self.has_augmentation_data:
            size = reader.uleb()
            start = reader.address
            for letter in augmentation[1:]:
                if letter == "R":
                    self.pointer_encoding = reader.unsigned(1)
                elif letter == "P":
                    reader.encoded(reader.unsigned(1))
                elif letter == "L":
                    reader.unsigned(1)
            reader.address = start + size
        self.initial = (reader.address, end)


class Entry:
    """The FDE of a function, with its CIE."""

    def __init__(self, read, address, fde):
        self.read = read
        reader = Reader(read, fde)
        end = reader.unsigned(4) + fde + 4
        self.cie = Cie(read, fde + 4 - reader.unsigned(4))
        encoding = self.cie.pointer_encoding
        self.start = reader.encoded(encoding)
        stop = self.start + reader.encoded(encoding & 15)
        if not self.start <= address < stop:
            raise CfiError("no unwind information for this address")
        if self.cie.has_augmentation_data:
            size = reader.uleb()
            reader.address += size
        self.instructions = (reader.address, end)

    def row(self, address):
        """(rule of the CFA, {register: rule}) at an address. Rules: see _Machine."""
        machine = _Machine(self)
        machine.run(self.cie.initial, None)
        machine.initial = dict(machine.rules)
        machine.run(self.instructions, address)
        return machine.cfa, machine.rules


class _Machine:
    """Runs call frame instructions. A rule is (kind, operand): offset, val_offset (from the CFA), register, expression, val_expression (an
    address and a length), undefined, same."""

    def __init__(self, entry):
        self.read, self.cie = entry.read, entry.cie
        self.cfa, self.rules, self.initial, self.stack = None, {}, {}, []
        self.location = entry.start

    def run(self, span, stop):
        reader = Reader(self.read, span[0])
        while reader.address < span[1]:
            opcode = reader.unsigned(1)
            advance = self._advance(opcode, reader)
            if advance is None:
                self._execute(opcode, reader)
                continue
            self.location = advance
            if stop is not None and self.location > stop:
                return

    def _advance(self, opcode, reader):
        """The new location, or None if the instruction does not move."""
        if opcode >> 6 == 1:
            return self.location + (opcode & 63) * self.cie.code_factor
        if opcode in (2, 3, 4):
            return self.location + reader.unsigned(1 << opcode - 2) * self.cie.code_factor
        if opcode == 1:
            return reader.encoded(self.cie.pointer_encoding)
        return None

    def _block(self, reader):
        length = reader.uleb()
        block = (reader.address, length)
        reader.address += length
        return block

    def _execute(self, opcode, reader):
        rules, data_factor = self.rules, self.cie.data_factor
        if opcode >> 6 == 2:
            rules[opcode & 63] = ("offset", reader.uleb() * data_factor)
        elif opcode >> 6 == 3:
            self._restore(opcode & 63)
        elif opcode == 0x00:
            pass
        elif opcode in (0x05, 0x11):
            register = reader.uleb()
            rules[register] = ("offset", (reader.uleb() if opcode == 0x05 else reader.sleb()) * data_factor)
        elif opcode == 0x06:
            self._restore(reader.uleb())
        elif opcode in (0x07, 0x08):
            rules[reader.uleb()] = ("undefined", None) if opcode == 0x07 else ("same", None)
        elif opcode == 0x09:
            register = reader.uleb()
            rules[register] = ("register", reader.uleb())
        elif opcode == 0x0A:
            self.stack.append((self.cfa, dict(rules)))
        elif opcode == 0x0B:
            self.cfa, self.rules = self.stack.pop()
        elif opcode in (0x0C, 0x12):
            register = reader.uleb()
            self.cfa = ("register", register, reader.uleb() if opcode == 0x0C else reader.sleb() * data_factor)
        elif opcode == 0x0D:
            self.cfa = ("register", reader.uleb(), self.cfa[2] if self.cfa else 0)
        elif opcode in (0x0E, 0x13):
            self.cfa = ("register", self.cfa[1], reader.uleb() if opcode == 0x0E else reader.sleb() * data_factor)
        elif opcode == 0x0F:
            self.cfa = ("expression", self._block(reader))
        elif opcode in (0x10, 0x16):
            register = reader.uleb()
            rules[register] = ("expression" if opcode == 0x10 else "val_expression", self._block(reader))
        elif opcode in (0x14, 0x15):
            register = reader.uleb()
            rules[register] = ("val_offset", (reader.uleb() if opcode == 0x14 else reader.sleb()) * data_factor)
        elif opcode == 0x2E:
            reader.uleb()  # DW_CFA_GNU_args_size
        else:
            raise CfiError(f"call frame instruction {opcode:#x}")

    def _restore(self, register):
        if register in self.initial:
            self.rules[register] = self.initial[register]
        else:
            self.rules.pop(register, None)


def find_entry(read, header, address):
    """The entry for an address, by the binary search table of the .eh_frame_hdr at `header`."""
    reader = Reader(read, header)
    version, frame_encoding, count_encoding, table_encoding = (reader.unsigned(1) for _ in range(4))
    reader.encoded(frame_encoding, header)
    count = reader.encoded(count_encoding, header)
    if version != 1 or table_encoding != 0x3B or not count:
        raise CfiError("no search table for the unwind information")
    table, low, high = reader.address, 0, count
    while high - low > 1:
        middle = (low + high) // 2
        start = (header + Reader(read, table + 8 * middle).signed(4)) & (1 << 64) - 1
        low, high = (middle, high) if start <= address else (low, middle)
    offset = struct.unpack("<i", read(table + 8 * low + 4, 4))[0]
    return Entry(read, address, header + offset)


class LinearTable:
    """The entries of an .eh_frame section without a search table, as statically linked programs have it."""

    def __init__(self, read, section, length):
        self._read = read
        data = read(section, length)
        cies, self._fdes, at = {}, [], 0
        while at + 8 <= length:
            size, back = struct.unpack_from("<II", data, at)
            if size == 0 or size == 0xFFFFFFFF:
                break
            if back != 0:
                cie = section + at + 4 - back
                if cie not in cies:
                    cies[cie] = Cie(read, cie)
                reader = Reader(lambda address, count: data[address - section:address - section + count], section + at + 8)
                self._fdes.append((reader.encoded(cies[cie].pointer_encoding), section + at))
            at += 4 + size
        self._fdes.sort()

    def find(self, address):
        at = bisect.bisect_right(self._fdes, (address, 1 << 64)) - 1
        if at < 0:
            raise CfiError("no unwind information for this address")
        return Entry(self._read, address, self._fdes[at][1])


def evaluate(read, block, register, stack):
    """A DWARF expression, as far as unwind information uses them; `register(number)` gives values. Returns the top of the stack."""
    reader, end, mask = Reader(read, block[0]), block[0] + block[1], (1 << 64) - 1
    signed = {0x08: 1, 0x09: -1, 0x0A: 2, 0x0B: -2, 0x0C: 4, 0x0D: -4, 0x0E: 8, 0x0F: -8}
    binary = {0x1A: lambda a, b: a & b, 0x1C: lambda a, b: a - b, 0x1E: lambda a, b: a * b, 0x21: lambda a, b: a | b, 0x22: lambda a, b: a + b,
              0x24: lambda a, b: a << b, 0x25: lambda a, b: a >> b, 0x27: lambda a, b: a ^ b, 0x29: lambda a, b: a == b, 0x2A: lambda a, b: a >= b,
              0x2B: lambda a, b: a > b, 0x2C: lambda a, b: a <= b, 0x2D: lambda a, b: a < b, 0x2E: lambda a, b: a != b}
    while reader.address < end:
        opcode = reader.unsigned(1)
        if 0x30 <= opcode <= 0x4F:
            stack.append(opcode - 0x30)
        elif 0x70 <= opcode <= 0x8F:
            stack.append(register(opcode - 0x70) + reader.sleb() & mask)
        elif opcode in signed:
            size = signed[opcode]
            stack.append((reader.unsigned(size) if size > 0 else reader.signed(-size)) & mask)
        elif opcode in (0x10, 0x11):
            stack.append((reader.uleb() if opcode == 0x10 else reader.sleb()) & mask)
        elif opcode == 0x06:
            stack.append(int.from_bytes(read(stack.pop(), 8), "little"))
        elif opcode == 0x12:
            stack.append(stack[-1])
        elif opcode == 0x23:
            stack.append(stack.pop() + reader.uleb() & mask)
        elif opcode in binary:
            right, left = stack.pop(), stack.pop()
            stack.append(int(binary[opcode](left, right)) & mask)
        elif opcode != 0x96:
            raise CfiError(f"DWARF operation {opcode:#x}")
    return stack[-1]
