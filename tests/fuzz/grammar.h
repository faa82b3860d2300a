// What a random system call is made of: for each parameter of syscalls/table.inc a value that its type makes plausible, or one that it
// makes a mistake.
#pragma once

#include <string>
#include <vector>

#include "hal/hosted/random.h"
#include "tests/support/task.h"

namespace halcyon::test::fuzz {

struct Parameter {
  std::string type;  // as the table writes it: UserPtr<const char>
  std::string name;
};
// Of the call with this index in syscall_entries().
const std::vector<Parameter>& parameters_of(size_t call);

// User memory that the arguments point to. Whoever shares or copies the address space has it, too.
struct Regions {
  UserAddr scratch = 0;    // scratch_pages that can be written
  UserAddr shared = 0;     // a shared mapping of /tmp/shared, of shared_pages
  UserAddr read_only = 0;  // a page
  UserAddr nothing = 0;    // a page that cannot be touched
  UserAddr edge = 0;       // the page before it can be written, the page there is not mapped
  uint64_t handler = 0;    // a signal handler
  static constexpr size_t scratch_pages = 8, shared_pages = 4;

  // For a program with nothing mapped but what execve gave it.
  static Regions make(Task& task, uint64_t handler);
};

class Arguments {
 public:
  Arguments(Task& task, hal::Random& random, const Regions& regions) : task_(task), random_(random), regions_(regions) {}

  uint64_t make(const Parameter& parameter);

 private:
  uint64_t below(uint64_t bound) { return random_.below(bound); }
  bool once_in(uint64_t times) { return random_.below(times) == 0; }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[below(values.size())];
  }

  uint64_t any();
  uint64_t small();
  uint64_t fd();
  uint64_t pid();
  uint64_t size();
  uint64_t offset();
  uint64_t flags();
  uint64_t pointer();
  uint64_t bad_pointer();
  uint64_t path();
  std::string path_text();
  uint64_t input(const std::string& pointee);
  Timespec time();
  uint64_t command(const std::string& type);

  Task& task_;
  hal::Random& random_;
  const Regions& regions_;
};

}  // namespace halcyon::test::fuzz
