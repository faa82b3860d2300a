// What tests of execve(2) share: a world to make programs in, and what a program finds on its stack when it starts.
#pragma once

#include "tests/support/task.h"

namespace halcyon::test {

class ExecTest : public KernelTest {
 protected:
  ExecTest() : world({.isa = GetParam()}) {}
  void check(Body body, int status = exited(0)) { EXPECT_EQ(world.run(std::move(body)), status); }

  World world;
};
struct AuxiliaryVector {
  std::vector<std::pair<uint64_t, uint64_t>> entries;
  uint64_t operator[](uint64_t type) const {
    for (auto [key, value] : entries)
      if (key == type) return value;
    return ~uint64_t{0};
  }
};

struct InitialStack {
  std::vector<std::string> arguments, environment;
  AuxiliaryVector auxiliary;
};

inline InitialStack read_stack(Task& task) {
  InitialStack stack;
  UserAddr at = task.user().get(hal::Reg::sp);
  auto count = task.get<uint64_t>(at);
  at += 8;
  for (uint64_t index = 0; index < count; ++index, at += 8) stack.arguments.push_back(task.get_string(task.get<UserAddr>(at)));
  at += 8;
  for (; task.get<UserAddr>(at) != 0; at += 8) stack.environment.push_back(task.get_string(task.get<UserAddr>(at)));
  at += 8;
  for (; task.get<uint64_t>(at) != 0; at += 16) stack.auxiliary.entries.emplace_back(task.get<uint64_t>(at), task.get<uint64_t>(at + 8));
  return stack;
}

}  // namespace halcyon::test
