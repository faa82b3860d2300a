// `halcyon elf`: what an ELF file is, what it needs, and whether it would run.
#pragma once

#include <string>

#include "cli/elf/elf_file.h"
#include "cli/root/guest_tree.h"

namespace halcyon::cli {

// The report on a file that is called `name`, in the tree where it would look for what it needs. *would_run: everything that it names
// itself is there and fits; what its libraries need in turn is not looked at.
std::string describe_elf(const ElfFile& file, const std::string& name, const GuestTree& tree, bool* would_run);

// Where the dynamic linker would find a shared library: on the file's run path, in the usual directories, in ld.so's cache. Empty if
// nowhere. Without environment variables; $ORIGIN is `origin`, the directory of the file in the guest, and skipped if that is empty.
std::string find_library(const GuestTree& tree, const ElfFile& file, const std::string& library, const std::string& origin);

}  // namespace halcyon::cli
