"""What a backtrace needs of an ELF file that the guest has mapped: where it lies, its function symbols, its unwind information."""
import bisect
import struct

PT_LOAD, PT_GNU_EH_FRAME = 1, 0x6474E550
SHT_SYMTAB, SHT_DYNSYM = 2, 11
STT_NOTYPE, STT_FUNC, STT_GNU_IFUNC = 0, 2, 10


class Segment:
    def __init__(self, kind, flags, offset, address, _physical, file_size, memory_size, _align):
        self.kind, self.flags, self.offset, self.address = kind, flags, offset, address
        self.file_size, self.memory_size = file_size, memory_size


class Section:
    def __init__(self, entry):
        self.name_offset, self.kind, _, self.address, self.offset, self.size, self.link = struct.unpack_from("<IIQQQQI", entry)
        self.name = b""


class ElfImage:
    """`read(offset, length)` gives the file's bytes. Addresses are those of the file: without the load bias."""

    def __init__(self, name, read):
        self.name, self._read = name, read
        header = read(0, 64)
        if header[:6] != b"\x7fELF\x02\x01" or len(header) < 64:
            raise ValueError(f"{name}: not a 64-bit little-endian ELF file")
        phoff, shoff = struct.unpack_from("<QQ", header, 32)
        phentsize, phnum, shentsize, shnum, shstrndx = struct.unpack_from("<HHHHH", header, 54)
        table = read(phoff, phentsize * phnum)
        self.segments = [self._segment(table[at:at + 56]) for at in range(0, len(table) - 55, phentsize or 56)]
        self._section_table = (shoff, shentsize, shnum, shstrndx)
        self._symbols = None

    @staticmethod
    def _segment(entry):
        kind, flags, offset, address, physical, file_size, memory_size, align = struct.unpack("<IIQQQQQQ", entry)
        return Segment(kind, flags, offset, address, physical, file_size, memory_size, align)

    def bias(self, start, offset):
        """The load bias, given that the file's page at `offset` is mapped at `start`; None if no segment is there."""
        for segment in self.segments:
            if segment.kind == PT_LOAD and segment.offset & ~4095 <= offset < segment.offset + max(segment.file_size, 1):
                return start - (segment.address & ~4095) - (offset - (segment.offset & ~4095))
        return None

    def eh_frame_header(self):
        """Address of .eh_frame_hdr, or None."""
        return next((segment.address for segment in self.segments if segment.kind == PT_GNU_EH_FRAME), None)

    def symbol(self, address):
        """(name, offset into it) of the function at an address; None if no symbol says."""
        if self._symbols is None:
            self._symbols = sorted(self._load_symbols())
            self._starts = [start for start, _, _ in self._symbols]
        at = bisect.bisect_right(self._starts, address) - 1
        if at < 0:
            return None
        start, size, name = self._symbols[at]
        # A symbol of size 0 (assembly) reaches up to the next one.
        return (name, address - start) if address - start < size or size == 0 else None

    def section(self, name):
        """(address, size) of a section that is part of the program's memory, or None."""
        wanted = name.encode() + b"\0"
        return next(((section.address, section.size) for section in self._sections() if section.name.startswith(wanted) and section.address), None)

    def _sections(self):
        shoff, shentsize, shnum, shstrndx = self._section_table
        table = self._read(shoff, shentsize * shnum) if shoff and shentsize >= 64 else b""
        sections = [Section(table[at:at + 64]) for at in range(0, len(table) - 63, shentsize or 64)]
        if shstrndx < len(sections):
            names = self._read(sections[shstrndx].offset, sections[shstrndx].size)
            for section in sections:
                section.name = names[section.name_offset:section.name_offset + 64]
        return sections

    def _load_symbols(self):
        sections, symbols = self._sections(), {}
        for table in sections:
            if table.kind not in (SHT_SYMTAB, SHT_DYNSYM) or table.link >= len(sections):
                continue
            strings = self._read(sections[table.link].offset, sections[table.link].size)
            for name, info, _, section, value, length in struct.iter_unpack("<IBBHQQ", self._read(table.offset, table.size - table.size % 24)):
                if info & 15 in (STT_NOTYPE, STT_FUNC, STT_GNU_IFUNC) and section != 0 and name < len(strings):
                    text = strings[name:strings.find(b"\0", name)].decode(errors="replace")
                    # Of several names for one place the global one is kept, and never a mapping symbol ($x) or a local label.
                    if text and text[0] not in "$." and (value not in symbols or info >> 4):
                        symbols[value] = (length, text)
        return ((value, length, text) for value, (length, text) in symbols.items())
