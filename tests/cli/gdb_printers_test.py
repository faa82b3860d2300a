#!/usr/bin/env python3
"""The printers of gdb's helper (cli/gdb), and the containers that it can walk. Needs gdb and the rootfs with busybox."""
import re

import halcyon
from gdb_session import GdbTest, busybox, gdb

# Prints each type of a member of the kernel's classes that looks like a container, and whether the helper can walk it.
CONTAINERS = r"""
python
import re
from halcyon_gdb import containers

def classes():
    is_kernel = False
    for line in gdb.execute("info types -q .", to_string=True).splitlines():
        if line.startswith("File "):
            is_kernel = bool(re.match(r"File (.*/)?(core|fs|syscalls)/\S*:$", line))
        elif is_kernel and (named := re.match(r"(?:\d+:)?\s+(halcyon::\S.*);$", line)):
            try:
                yield gdb.lookup_type(named.group(1))
            except gdb.error:
                pass

def member_types(kind):
    if kind.code == gdb.TYPE_CODE_STRUCT:
        for field in kind.fields():
            member = field.type.strip_typedefs().unqualified()
            if member.code == gdb.TYPE_CODE_STRUCT and member.name:
                yield member.name, member

def is_container(name, kind):
    if re.match(r"std::(span|basic_string_view)<", name):
        return False  # looks at somebody else's
    gdb.set_convenience_variable("one", gdb.Value(0).cast(kind.pointer()))
    of_library = re.match(r"(boost::intrusive|std)::\w*(list|set|map|vector|deque|array|tree|table)<", name)
    return bool(of_library) or " begin(" in gdb.execute("ptype *$one", to_string=True)

for name, kind in sorted({member[0]: member[1] for each in classes() for member in member_types(each)}.items()):
    if is_container(name, kind):
        print("container", "unknown" if containers.walker_of(kind) is None else "known", name)
end
"""


class Printers(GdbTest):
    def test_printers(self):
        output = gdb("""
            break sys_openat
            run
            print self.resources_.memory
            print self.context_
            print self.process_->threads
            print self.resources_.memory->vmas_
            print (*self.resources_.memory).vmas_
            print self.resources_.memory.get()->vmas_
            print halcyon::err::noent
            print (halcyon::Errno)2
            print (halcyon::Errno)512
            print self.resources_.files->taken_
            print self.process_->kernel_.thread_index_
            print self.process_->kernel_.groups_
            break fs::open
            continue
            finish
            """, *busybox())
        self.contains(output, r"= Ref\(halcyon::AddressSpace\* 0x\w+, \d+ references\)", r"= list of halcyon::Thread = \{0x\w+\}",
                      *(rf"\${number} = VmaTree of halcyon::Vma = \{{0x\w+, 0x\w+" for number in (4, 5, 6)), r"= ENOENT", r"= ERESTART",
                      r"= \{0-2\}", r"= set of halcyon::Thread = \{0x\w+, 0x\w+", r"= multiset of halcyon::Process = \{0x\w+, 0x\w+",
                      r"Value returned is \$\d+ = ok = \{value = Ref\(halcyon::fs::RegularFile\*")

    def test_every_kind_of_container_is_known(self):
        """Of the members of all classes in core, fs and syscalls: whatever has begin(), and what libraries have to hold elements."""
        output = gdb(CONTAINERS)
        self.assertEqual(re.findall(r"(?m)^container unknown (.*)$", output), [], "cli/gdb/halcyon_gdb/containers.py does not know these")
        known = re.findall(r"(?m)^container known (.*)$", output)
        for kind in "boost::intrusive::list<halcyon::Thread", "boost::intrusive::multiset<halcyon::Timer", "halcyon::VmaTree", "halcyon::Vec<", "std::array<":
            self.assertTrue(any(name.startswith(kind) for name in known), output)

    def test_a_failed_result(self):
        output = gdb("break sys_openat\nrun\nbreak fs::open\ncontinue\nfinish\n", *busybox(shell="cat /missing"))
        self.contains(output, r"Value returned is \$1 = failed: ENOENT")

    def test_references_are_printed_as_what_they_refer_to(self):
        output = gdb("break AddressSpace::map_vdso\nrun\nprint code\n", *busybox())
        self.contains(output, r"map_vdso \(.*code=\S*Ref\(halcyon::SharedMemory\*", r"\$1 = .*Ref\(halcyon::SharedMemory\* 0x\w+, \d+ references\)")


if __name__ == "__main__":
    halcyon.main()
