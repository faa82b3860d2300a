// Whom the program runs as, by the guest's own /etc/passwd and /etc/group.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/root/guest_tree.h"

namespace halcyon::cli {

struct GuestUser {
  uint32_t uid = 0, gid = 0;
  std::vector<uint32_t> groups;  // supplementary
};

// NAME or UID, with :GROUP (a name or a number) or without. A user that /etc/passwd has gets its group from there and, unless one is given,
// those that /etc/group lists it in; the group of another number is that number. Throws Failure.
GuestUser find_user(const GuestTree& tree, const std::string& text);

}  // namespace halcyon::cli
