// World: a whole kernel on a fake machine, with a root file system in memory, for one test. When it goes it checks that nothing is left of
// it: every frame and every kernel object must have come back.
//
//   World world({.isa = GetParam()});
//   EXPECT_EQ(world.run([](Task& task) { task.exit(42); }), exited(42));
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fs/devfs/memory_devices.h"
#include "fs/ramfs/ram_file_system.h"
#include "hal/fake/machine.h"
#include "hal/isa/isa.h"
#include "syscalls/boot.h"
#include "tests/support/outcome.h"
#include "tests/support/program_file.h"

namespace halcyon::test {

class Task;
using Body = std::function<void(Task&)>;

struct WorldOptions {
  hal::Isa isa = hal::Isa::x86_64;
  unsigned cpus = 1;
  uint64_t memory = 64 << 20;
  uint64_t seed = 1;
  uint64_t slice_blocks = 0;
  std::string_view scheduler = "round-robin";
  unsigned fault_around = 4;
  bool faults_on_touch = false;
  bool is_broken = false;
  bool may_get_stuck = false;  // everybody may wait for ever: all are killed then
  hal::BlockDevice* disk = nullptr;
  bool first_program_is_init = false;
};

class World {
 public:
  explicit World(const WorldOptions& options = {});
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  hal::Isa isa() const { return options_.isa; }
  hal::FakeMachine& machine() { return *machine_; }
  System& system() { return *system_; }
  Kernel& kernel() { return system_->kernel(); }

  // Runs `body` as the only program until it has exited and everybody else is gone; returns its status as wait4(2) encodes it. Once per
  // world. It finds /dev/null at descriptors 0 to 2, and starts as root in "/".
  int run(Body body);
  struct Start {
    std::vector<std::string> arguments = {};
    std::vector<std::string> environment = {};
    uint32_t uid = 0, gid = 0;
  };
  int run(Body body, const Start& start);

  // A file system object that exists before anything runs.
  void make_file(std::string_view path, std::string_view contents, uint32_t mode = 0755);
  void make_directory(std::string_view path, uint32_t mode = 0755);
  // A program file.
  std::string program(Body body, ProgramFile file = {});
  void install(std::string_view path, Body body, ProgramFile file = {});
  // A pc at which a thread would run `body`.
  uint64_t token(Body body, hal::Ending ending = hal::Ending::exit);

  // The part of the scratch memory that the next task uses.
  uint64_t next_arena();
  bool was_stuck() const { return was_stuck_; }
  void expect_stuck() { expects_stuck_ = true; }

 private:
  class MachineRandom final : public fs::RandomSource {
   public:
    explicit MachineRandom(hal::Machine& machine) : machine_(machine) {}
    void fill(std::span<std::byte> bytes) override { machine_.random(bytes); }

   private:
    hal::Machine& machine_;
  };

  void mount();
  void stuck();

  WorldOptions options_;
  std::unique_ptr<hal::FakeMachine> machine_;
  KernelRemains remains_;
  MachineRandom random_;
  fs::MemoryDevices devices_;
  fs::TmpfsType tmpfs_;
  std::unique_ptr<System> system_;
  uint64_t arenas_ = 0;
  bool was_stuck_ = false;
  bool expects_stuck_ = false;
};

// Ends the test program where success is a precondition of everything after.
template <class T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << "failed with " << errno_name(result.error());
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// A test that runs once per ISA.
class KernelTest : public testing::TestWithParam<hal::Isa> {
 protected:
  hal::Isa isa() const { return GetParam(); }
  // A world with default options.
  int run(Body body) { return World({.isa = isa()}).run(std::move(body)); }
  // A program that must end well.
  void check(Body body) { EXPECT_EQ(run(std::move(body)), exited(0)); }
  // The same as a user without privileges.
  void check_as_user(Body body) { EXPECT_EQ(World({.isa = isa()}).run(std::move(body), {.uid = 1000, .gid = 1000}), exited(0)); }
  void check(WorldOptions options, Body body) {
    options.isa = isa();
    EXPECT_EQ(World(options).run(std::move(body)), exited(0));
  }
};

#define INSTANTIATE_KERNEL_TESTS(Suite)                           \
  INSTANTIATE_TEST_SUITE_P(, Suite, testing::ValuesIn(hal::isas), \
                           [](const auto& info) { return std::string(hal::description(info.param).name); })
#define KERNEL_TESTS(Suite)     \
  struct Suite : KernelTest {}; \
  INSTANTIATE_KERNEL_TESTS(Suite)

}  // namespace halcyon::test
