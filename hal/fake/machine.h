// FakeMachine: a machine without a CPU, for tests of whole kernels. User programs are C++ functions on fibers (hal/fake/fiber.h); their
// memory is real page tables in real RAM, of either ISA; time is virtual; nothing comes from the host, so the same test is the same run.
//
// A pc is one of three things. A token of a registered function: running there calls it on a fresh fiber. A token of a suspended fiber:
// what every trap leaves in pc, so that signal frames and sigreturn work by saving and restoring it. Or an address, where the machine
// fetches a CodeWord from executable memory: that is how an ELF file in a file system contains a C++ function.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "hal/fake/console.h"
#include "hal/fake/isa/fake_isa.h"
#include "hal/fake/program.h"
#include "hal/hosted/cpus.h"

namespace halcyon::hal {

class FakeContext;
class FakeCpu;
class Fiber;

struct FakeOptions {
  Isa isa = Isa::x86_64;
  unsigned cpu_count = 1;
  uint64_t memory = 64 << 20;
  uint64_t seed = 1;             // of the order of turns, and of randomness
  uint64_t slice_blocks = 0;     // 0: as HostedOptions
  bool faults_on_touch = false;  // A and D are never set by the CPU: it faults (riscv Svade)
  bool is_broken = false;        // shoot_down does nothing: shows that tests would notice
};

// What lies at an address that can be executed.
struct CodeWord {
  static constexpr uint64_t call = 0x4e55'5220'2e2e'2e0b;
  uint64_t magic = call;
  uint64_t token = 0;
};

class FakeMachine final : public HostedMachine {
 public:
  static constexpr uint64_t block_nanoseconds = 20;           // what HostedMachine makes of a block
  static constexpr uint64_t call_blocks = 50;                 // what every call of User costs: a microsecond
  static constexpr uint64_t most_blocks = uint64_t{1} << 40;  // a program that computes longer is in an endless loop

  explicit FakeMachine(const FakeOptions& options);
  ~FakeMachine() override;

  // --- Machine
  Isa isa() const override { return options_.isa; }
  Memory memory() const override;
  std::byte* direct_map() const override { return ram_; }
  std::unique_ptr<UserContext> new_context() override;
  void init_root(Root) override {}
  void forget_root(Root root) override;
  void shoot_down(Root root, uint64_t start, uint64_t end) override;
  void sync_code(uint64_t address) override;
  Console& console() override { return console_; }

  // --- for tests
  // A pc at which `program` starts; valid as long as the machine.
  uint64_t token(Program program, Ending ending = Ending::exit);
  FakeConsole& fake_console() { return console_; }
  // Before the kernel is made.
  void add_disk(BlockDevice& disk) {
    all_disks_.push_back(&disk);
    disks_ = all_disks_;
  }
  // Makes every CPU look at its devices.
  void raise_events();
  // Called when every CPU idles and nothing can wake one; it has to change that. Without it that is a panic.
  void set_stuck_handler(std::function<void()> handler) { stuck_handler_ = std::move(handler); }
  bool is_broken() const { return options_.is_broken; }

  // --- for the CPUs
  const FakeIsa& fake_isa() const { return fake_isa_; }
  enum class Pc : uint8_t { fiber, address, stale, no_memory };
  // What the context's pc stands for; finds or starts the fiber.
  Pc find_fiber(FakeContext& context, Fiber** fiber, bool* is_rewound);
  uint64_t resume_token(const Fiber& fiber) const;
  uint64_t rewound(uint64_t pc) const;
  void recycle(Fiber& fiber);
  void kill(Fiber& fiber);
  CodeWord fetch(const std::byte* place);
  void note_user_write(const std::byte* place);
  void forget_code() { code_.clear(); }
  bool faults_on_touch() const { return options_.faults_on_touch; }

 protected:
  void stuck() override;
  void slice_ended() override;

 private:
  struct Function {
    Program program;
    Ending ending;
  };

  FakeOptions options_;
  const FakeIsa& fake_isa_;
  std::byte* ram_;
  FakeConsole console_;
  std::vector<BlockDevice*> all_disks_;
  std::function<void()> stuck_handler_;
  std::vector<std::unique_ptr<FakeCpu>> cpus_;
  std::deque<Function> functions_;
  std::vector<std::unique_ptr<Fiber>> fibers_;  // by id
  std::vector<Fiber*> free_fibers_;
  // What was fetched, by its place in RAM, until sync_code: a core that forgets one executes old code.
  std::map<const std::byte*, CodeWord> code_;
};

}  // namespace halcyon::hal
