// What is to be run: found in the guest's tree as its shell would find it, with the machine it is made for; and the environment it gets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/elf/elf_file.h"
#include "cli/root/guest_tree.h"
#include "hal/trap.h"

namespace halcyon::cli {

inline constexpr std::string_view default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// The host's environment ("K=V" each) with overrides; PATH is set in any case.
std::vector<std::string> build_environment(const std::vector<std::string>& host,
                                           const std::vector<std::pair<std::string, std::string>>& overrides);
// The value of a variable; empty if it is not there.
std::string_view find_variable(const std::vector<std::string>& environment, std::string_view name);

struct Program {
  std::string path;  // what execve gets: the name as it was given, or where in PATH it was found
  hal::Isa isa;
};

// Finds `name`: by its path if it has a '/', from `working_directory`, else in the directories of `search_path`. Follows scripts to their
// interpreters. Throws Failure: 127 if the program, or an interpreter that it names, is not there; 126 if it cannot be executed or is for
// another machine than `isa`.
Program find_program(const GuestTree& tree, const std::string& name, std::string_view search_path, const std::string& working_directory,
                     std::optional<hal::Isa> isa);

// The ELF headers of a regular file of the guest. Throws Failure if it cannot be read.
ElfFile read_guest_elf(const GuestTree& tree, const GuestNode& node, std::string_view name);
// "is not in the guest's root; ..." for an interpreter that is missing: which option would provide it.
std::string describe_missing_interpreter(const GuestTree& tree, const std::string& interpreter, hal::Isa isa);

}  // namespace halcyon::cli
