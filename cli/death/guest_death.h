// GuestDeath: what is known about a program that a signal ended: taken while its registers and memory are there, told when the terminal is
// the user's again.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/task/kernel.h"

namespace halcyon::cli {

// One mapping of a file, or of memory that may be executed.
struct GuestMapping {
  uint64_t start = 0, end = 0, offset = 0;
  bool is_executable = false;
  std::string name;  // empty: anonymous
  Ref<File> file;
};

struct GuestDeath {
  hal::Isa isa;
  SignalInfo info;
  std::string name;
  int pid = 0;
  uint64_t pc = 0, sp = 0;
  std::array<uint64_t, 32> registers{};  // as hal::general() counts
  std::vector<GuestMapping> mappings;
  std::vector<std::byte> stack;  // from sp on

  const GuestMapping* mapping_at(uint64_t address) const;
  // The word at `address` of the stack.
  std::optional<uint64_t> word(uint64_t address) const;
};

// Holds files of the guest, and so goes before its kernel.
class DeathWatch final : public DeathObserver {
 public:
  void dies(Thread& thread, const SignalInfo& info) override;
  // Null if no thread of the program took a signal that ended it.
  const GuestDeath* death() const { return death_ ? &*death_ : nullptr; }

 private:
  std::optional<GuestDeath> death_;
};

// What is said about the end of `program` by `signal`: nothing for those that a user or a pipe's reader sends in passing (SIGINT, SIGPIPE),
// one line for those that others send, and all that `death` (may be null) knows where something went wrong.
std::string describe_death(const std::string& program, int signal, const GuestDeath* death);

// The frames, a line each, through unwind information where there is some, else by frame pointers.
std::string describe_backtrace(const GuestDeath& death);

}  // namespace halcyon::cli
