// GuestSymbols: the guest's ELF files as libdw sees them, read through the guest's own tree of files, at the addresses that they had.
#pragma once

#include <elfutils/libdwfl.h>

#include <string>
#include <vector>

#include "cli/death/guest_death.h"

namespace halcyon::cli {

class GuestSymbols {
 public:
  explicit GuestSymbols(const GuestDeath& death);
  GuestSymbols(const GuestSymbols&) = delete;
  GuestSymbols& operator=(const GuestSymbols&) = delete;
  ~GuestSymbols();

  Dwfl* dwfl() const { return dwfl_; }
  // "function+0x12 at file.c:7 (/bin/program)", as much of it as is known. A return address belongs to the call before it.
  std::string describe(uint64_t address, bool is_return) const;

 private:
  void report(const GuestMapping& first);

  const GuestDeath& death_;
  Dwfl_Callbacks callbacks_{};
  Dwfl* dwfl_ = nullptr;
};

}  // namespace halcyon::cli
