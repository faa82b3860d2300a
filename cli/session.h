// A session: one machine, one kernel, one program, from start to exit. With guest_root.cpp the only part of the command line program that
// knows the kernel.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/program.h"
#include "cli/root/guest_tree.h"
#include "cli/root/guest_user.h"

namespace halcyon {
class System;
}

namespace halcyon::cli {

struct SessionRequest {
  const RunOptions& options;
  GuestTree& tree;
  Program program;
  std::vector<std::string> environment;
  std::string working_directory;
  std::optional<GuestUser> user;  // nothing: the caller
};

// Runs the program to its end and returns the exit status for the shell. Throws Failure.
int run_session(SessionRequest request);

// Mounts the root that `tree` describes. Throws Failure.
void mount_guest_root(System& system, GuestTree& tree);
// Mounts what is bound, once the rest of the tree is there. Throws Failure.
void mount_binds(System& system, const GuestTree& tree);

}  // namespace halcyon::cli
