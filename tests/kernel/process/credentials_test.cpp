// Capabilities and securebits over setuid(2), prctl(2), capset(2) and execve(2) (capabilities(7)).
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

class Credentials : public KernelTest {
 protected:
  Credentials() : world({.isa = GetParam()}) {}
  void check(Body body, int status = exited(0)) { EXPECT_EQ(world.run(std::move(body)), status); }

  World world;
};
INSTANTIATE_KERNEL_TESTS(Credentials);

constexpr int set_keepcaps = 8, capbset_read = 23, capbset_drop = 24, get_securebits = 27, set_securebits = 28, cap_ambient = 47;
constexpr int is_set = 1, raise = 2, lower = 3, clear_all = 4;
constexpr int no_root = 1, keep_caps = 16;
constexpr uint64_t cap_kill = 5, cap_net_raw = 13, cap_last = 40, all = (uint64_t{1} << (cap_last + 1)) - 1;
constexpr uint32_t version_3 = 0x20080522;

struct Sets {
  uint64_t effective, permitted, inheritable;
  bool operator==(const Sets&) const = default;
};

struct Half {
  uint32_t effective, permitted, inheritable;
};

Sets sets(Task& task) {
  UserAddr header = task.put(std::array<uint32_t, 2>{version_3, 0});
  UserAddr data = task.room(sizeof(Half) * 2);
  EXPECT_EQ(task.call(Call::capget, header, data), ok);
  auto halves = task.get<std::array<Half, 2>>(data);
  auto join = [](uint32_t low, uint32_t high) { return low | uint64_t{high} << 32; };
  return {join(halves[0].effective, halves[1].effective), join(halves[0].permitted, halves[1].permitted),
          join(halves[0].inheritable, halves[1].inheritable)};
}

Outcome set(Task& task, const Sets& wanted) {
  auto half = [&](unsigned shift) {
    return Half{static_cast<uint32_t>(wanted.effective >> shift), static_cast<uint32_t>(wanted.permitted >> shift),
                static_cast<uint32_t>(wanted.inheritable >> shift)};
  };
  UserAddr header = task.put(std::array<uint32_t, 2>{version_3, 0});
  return task.call(Call::capset, header, task.put(std::array<Half, 2>{half(0), half(32)}));
}

TEST_P(Credentials, RootLosesAllWithItsLastIdUnlessItKeepsThem) {
  check([](Task& task) {
    EXPECT_EQ(sets(task), (Sets{all, all, 0}));
    task.in_child([](Task& child) {
      EXPECT_EQ(child.call(Call::setuid, 1000), ok);
      EXPECT_EQ(sets(child), (Sets{0, 0, 0}));
    });
    task.in_child([](Task& child) {
      EXPECT_EQ(child.call(Call::prctl, set_keepcaps, 2), fails::inval);
      EXPECT_EQ(child.call(Call::prctl, set_keepcaps, 1), ok);
      EXPECT_EQ(child.call(Call::prctl, get_securebits), keep_caps);
      EXPECT_EQ(child.call(Call::setuid, 1000), ok);
      EXPECT_EQ(sets(child), (Sets{0, all, 0}));
      EXPECT_EQ(set(child, {uint64_t{1} << cap_kill, all, 0}), ok);
      EXPECT_EQ(set(child, {0, uint64_t{1} << cap_kill, 0}), ok);
      EXPECT_EQ(set(child, {0, all, 0}), fails::perm);  // given up for good
    });
    EXPECT_EQ(task.call(Call::setresuid, -1, 1000, -1), ok);
    EXPECT_EQ(sets(task), (Sets{0, all, 0}));
    EXPECT_EQ(task.call(Call::setresuid, -1, 0, -1), ok);
    EXPECT_EQ(sets(task), (Sets{all, all, 0}));
  });
}

TEST_P(Credentials, WhatLeavesTheBoundingSetExecveDoesNotGiveBack) {
  world.install("/bin/next", [](Task& task) {
    EXPECT_EQ(sets(task).effective, all & ~(uint64_t{1} << cap_kill));
    EXPECT_EQ(task.call(Call::prctl, capbset_read, cap_kill), 0);
    task.exit(6);
  });
  check(
      [](Task& task) {
        EXPECT_EQ(task.call(Call::prctl, capbset_read, cap_last + 1), fails::inval);
        EXPECT_EQ(task.call(Call::prctl, capbset_drop, cap_last + 1), fails::inval);
        EXPECT_EQ(task.call(Call::prctl, capbset_read, cap_kill), 1);
        EXPECT_EQ(task.call(Call::prctl, capbset_drop, cap_kill), ok);
        EXPECT_EQ(sets(task).effective, all);  // what it has it keeps
        EXPECT_EQ(set(task, {all, all, uint64_t{1} << cap_kill}), fails::perm);
        task.execve("/bin/next");
      },
      exited(6));
}

TEST_P(Credentials, AmbientCapabilitiesSurviveExecve) {
  world.install("/bin/next", [](Task& task) {
    uint64_t raw = uint64_t{1} << cap_net_raw;
    EXPECT_EQ(sets(task), (Sets{raw, raw, raw}));
    EXPECT_EQ(task.call(Call::prctl, cap_ambient, is_set, cap_net_raw, 0, 0), 1);
    EXPECT_EQ(task.call(Call::prctl, cap_ambient, lower, cap_net_raw, 0, 0), ok);
    EXPECT_EQ(task.call(Call::prctl, cap_ambient, is_set, cap_net_raw, 0, 0), 0);
    EXPECT_EQ(task.call(Call::prctl, get_securebits), 0);  // keep_capabilities went with execve
    task.exit(6);
  });
  check(
      [](Task& task) {
        uint64_t raw = uint64_t{1} << cap_net_raw;
        EXPECT_EQ(task.call(Call::prctl, cap_ambient, raise, cap_net_raw, 0, 0), fails::perm);  // not inheritable
        EXPECT_EQ(task.call(Call::prctl, cap_ambient, raise, cap_net_raw, 0, 1), fails::inval);
        EXPECT_EQ(task.call(Call::prctl, cap_ambient, clear_all, 1, 0, 0), fails::inval);
        EXPECT_EQ(task.call(Call::prctl, cap_ambient, 9, 1, 0, 0), fails::inval);
        EXPECT_EQ(task.call(Call::prctl, set_keepcaps, 1), ok);
        EXPECT_EQ(task.call(Call::setuid, 1000), ok);
        EXPECT_EQ(set(task, {raw, raw, raw}), ok);
        EXPECT_EQ(task.call(Call::prctl, cap_ambient, raise, cap_net_raw, 0, 0), ok);
        task.execve("/bin/next");
      },
      exited(6));
}

TEST_P(Credentials, SecurebitsCanBeLocked) {
  world.install("/bin/next", [](Task& task) {
    EXPECT_EQ(sets(task), (Sets{0, 0, 0}));  // uid 0 means nothing
    task.exit(6);
  });
  check(
      [](Task& task) {
        EXPECT_EQ(task.call(Call::prctl, set_securebits, 0x100), fails::perm);
        EXPECT_EQ(task.call(Call::prctl, set_securebits, no_root | no_root << 1 | keep_caps << 1), ok);
        EXPECT_EQ(task.call(Call::prctl, set_securebits, no_root), fails::perm);
        EXPECT_EQ(task.call(Call::prctl, set_keepcaps, 1), fails::perm);
        task.execve("/bin/next");
      },
      exited(6));
}

}  // namespace
}  // namespace halcyon::test
