// Slices, pending work, several CPUs, stale translations and code, determinism.
#include <vector>

#include "hal/port.h"
#include "tests/unit/hal/unicorn/guest.h"

namespace halcyon::hal {
namespace {

using namespace std::literals;

constexpr uint64_t spin = 0x40, load_call = 0x80, store_call = 0xa0, constant_call = 0xc0;

class MachineGuest : public Guest {
 public:
  explicit MachineGuest(Isa isa, UnicornOptions options = {}) : Guest(isa, options) {
    switch (machine->isa()) {
      case Isa::x86_64:
        put(0, "\x0f\x05\xeb\xfc"sv);               // syscall; jmp .-4
        put(spin, "\x48\xff\xc0\xeb\xfb"sv);        // inc %rax; jmp .-5
        put(load_call, "\x48\x8b\x06\x0f\x05"sv);   // mov (%rsi),%rax; syscall
        put(store_call, "\x48\x89\x06\x0f\x05"sv);  // mov %rax,(%rsi); syscall
        break;
      case Isa::riscv64:
        put(0, {0x0000'0073, 0xffdf'f06f});
        put(spin, {0x0015'0513, 0xffdf'f06f});
        put(load_call, {0x0005'b503, 0x0000'0073});
        put(store_call, {0x00a5'b023, 0x0000'0073});
        break;
    }
    put_constant(code, 0);
    set(Reg::arg1, data_at);
  }
  // Code that returns a constant, in any frame.
  void put_constant(uint64_t frame, uint8_t value) {
    switch (isa()) {
      case Isa::x86_64:
        store<uint64_t>(frame + constant_call, 0x05'0f'00'00'00'00'b8 | uint64_t{value} << 8);
        break;  // mov $value,%eax; syscall
      case Isa::riscv64: store<uint64_t>(frame + constant_call, 0x0000'0073'0000'0513 | uint64_t{value} << 20); break;
    }
  }
  uint64_t constant() {
    EXPECT_EQ(run_at(constant_call).kind, Trap::Kind::syscall);
    return get(Reg::result);
  }
};

std::string name_of(const ::testing::TestParamInfo<Isa>& info) { return std::string(description(info.param).name); }

class Slices : public ::testing::TestWithParam<Isa> {};

TEST_P(Slices, KickBeforeRunIsNotLost) {
  MachineGuest guest(GetParam());
  guest.cpu().kick();
  EXPECT_EQ(guest.run_at(spin).kind, Trap::Kind::interrupted);
  // One block ran, so that a stream of kicks cannot stop a program.
  EXPECT_EQ(guest.get(Reg::result), 1u);
  EXPECT_EQ(guest.pc(), spin);
  EXPECT_EQ(guest.cpu().take_pending(), pending::kick);
  EXPECT_EQ(guest.cpu().take_pending(), 0u);
}

TEST_P(Slices, DeadlineInterruptsALoop) {
  MachineGuest guest(GetParam());
  int64_t deadline = guest.machine->monotonic_time() + 3'000'000;
  guest.cpu().set_deadline(deadline);
  EXPECT_EQ(guest.run_at(spin).kind, Trap::Kind::interrupted);
  EXPECT_EQ(guest.cpu().take_pending(), pending::deadline);
  EXPECT_GE(guest.machine->monotonic_time(), deadline);
  EXPECT_GT(guest.get(Reg::result), 100u);
  EXPECT_EQ(guest.machine->work_done(), guest.get(Reg::result));
}

TEST_P(Slices, PastDeadlineIsRaisedAtOnce) {
  MachineGuest guest(GetParam());
  guest.cpu().set_deadline(guest.machine->monotonic_time());
  EXPECT_EQ(guest.cpu().take_pending(), pending::deadline);
}

TEST_P(Slices, InterruptedLoopsLoseNothing) {
  for (uint64_t blocks : {1, 2, 3, 37}) {
    UnicornOptions options;
    options.slice_blocks = blocks;
    MachineGuest guest(GetParam(), options);
    guest.set(Reg::pc, code_at + spin);
    for (int round = 0; round < 100; ++round) {
      guest.cpu().kick();
      ASSERT_EQ(guest.run().kind, Trap::Kind::interrupted);
      guest.cpu().take_pending();
    }
    EXPECT_EQ(guest.get(Reg::result), 100u);
  }
}

TEST_P(Slices, ShootDownReachesACachedEntry) {
  MachineGuest guest(GetParam());
  guest.store<uint64_t>(guest.data, 1);
  EXPECT_EQ(guest.run_at(load_call).kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.get(Reg::result), 1u);
  uint64_t other = guest.new_frame();
  guest.store<uint64_t>(other, 2);
  guest.map(guest.root, data_at, other, read_write);
  guest.run_at(load_call);
  EXPECT_EQ(guest.get(Reg::result), 1u) << "the old translation was not cached: this test shows nothing";
  guest.machine->shoot_down(guest.root, data_at, data_at + page_size);
  guest.run_at(load_call);
  EXPECT_EQ(guest.get(Reg::result), 2u);
  guest.unmap(guest.root, data_at);
  guest.machine->shoot_down(guest.root, data_at, data_at + page_size);
  expect_fault(guest.run_at(load_call), data_at, Access::read);
}

TEST_P(Slices, AddedPermissionNeedsOnlyALocalFlush) {
  MachineGuest guest(GetParam());
  guest.map(guest.root, data_at, guest.data, read_only);
  guest.run_at(load_call);
  guest.set(Reg::arg1, data_at);
  expect_fault(guest.run_at(store_call), data_at, Access::write);
  guest.map(guest.root, data_at, guest.data, read_write);
  guest.cpu().flush_local(data_at);
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
}

TEST_P(Slices, ForgottenRootMayComeBackAsAnother) {
  MachineGuest guest(GetParam());
  guest.store<uint64_t>(guest.data, 1);
  guest.run_at(load_call);
  guest.machine->forget_root(guest.root);
  // The same frame becomes the root of a new address space.
  uint64_t other = guest.new_frame();
  guest.store<uint64_t>(other, 5);
  guest.map(guest.root, data_at, other, read_write);
  guest.run_at(load_call);
  EXPECT_EQ(guest.get(Reg::result), 5u);
}

TEST_P(Slices, SyncCodeShowsWhatTheKernelWrote) {
  MachineGuest guest(GetParam());
  for (uint8_t value = 1; value < 20; ++value) {
    guest.put_constant(guest.code, value);
    guest.machine->sync_code(guest.code);
    EXPECT_EQ(guest.constant(), value);
  }
}

TEST_P(Slices, SyncCodeOfManyFrames) {
  MachineGuest guest(GetParam());
  std::vector<uint64_t> frames;
  for (unsigned index = 0; index < 300; ++index) {
    frames.push_back(guest.map(guest.root, unmapped_at + index * page_size, read_execute));
    guest.put_constant(frames.back(), 1);
  }
  auto call = [&](unsigned index) {
    guest.set(Reg::pc, unmapped_at + index * page_size + constant_call);
    EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
    return guest.get(Reg::result);
  };
  for (unsigned index = 0; index < frames.size(); ++index) EXPECT_EQ(call(index), 1u);
  for (uint64_t frame : frames) {
    guest.put_constant(frame, 2);
    guest.machine->sync_code(frame);
  }
  for (unsigned index = 0; index < frames.size(); ++index) EXPECT_EQ(call(index), 2u);
}

TEST_P(Slices, SelfModifyingCode) {
  MachineGuest guest(GetParam());
  guest.map(guest.root, code_at, guest.code, everything);
  guest.put_constant(guest.code, 1);
  EXPECT_EQ(guest.constant(), 1u);
  uint64_t instructions = guest.load(guest.code + constant_call);
  uint64_t changed = guest.by_isa((instructions & ~uint64_t{0xff00}) | 9 << 8, (instructions & ~uint64_t{0xfff0'0000}) | 9 << 20);
  guest.set(Reg::result, changed);
  guest.set(Reg::arg1, code_at + constant_call);
  EXPECT_EQ(guest.run_at(store_call).kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.constant(), 9u);
}

// --- several CPUs

struct SecondCpu {
  MachineGuest* guest;
  std::unique_ptr<UserContext> context;
  uint64_t traps = 0;
  uint64_t interrupts = 0;
  bool runs_calls = false;
};

void second_main(void* argument) {
  auto& second = *static_cast<SecondCpu*>(argument);
  EXPECT_EQ(this_cpu().id(), 1u);
  for (;;) {
    Trap trap = this_cpu().run(*second.context, second.guest->root);
    trap.kind == Trap::Kind::interrupted ? ++second.interrupts : ++second.traps;
    this_cpu().take_pending();
  }
}

TEST_P(Slices, TwoCpusTakeTurns) {
  UnicornOptions options;
  options.cpu_count = 2;
  options.slice_blocks = 100;
  MachineGuest guest(GetParam(), options);
  SecondCpu second{&guest, guest.new_context()};
  second.context->set(Reg::pc, code_at + spin);
  guest.machine->start_cpu(1, second_main, &second);
  guest.set(Reg::pc, code_at + spin);
  int64_t deadline = guest.machine->monotonic_time() + 2'000'000;
  guest.cpu(0).set_deadline(deadline);
  EXPECT_EQ(guest.run().kind, Trap::Kind::interrupted);
  EXPECT_EQ(this_cpu().id(), 0u);
  uint64_t mine = guest.get(Reg::result), theirs = second.context->get(Reg::result);
  EXPECT_GT(mine, 0u);
  EXPECT_GT(theirs, 0u);
  EXPECT_EQ(mine + theirs, guest.machine->work_done());
  EXPECT_LE(mine > theirs ? mine - theirs : theirs - mine, mine);
}

TEST_P(Slices, KickEndsTheRunOfAnotherCpu) {
  UnicornOptions options;
  options.cpu_count = 2;
  MachineGuest guest(GetParam(), options);
  SecondCpu second{&guest, guest.new_context()};
  second.context->set(Reg::pc, code_at + spin);
  guest.machine->start_cpu(1, second_main, &second);
  guest.set(Reg::pc, code_at + spin);
  for (int round = 0; round < 3; ++round) {
    uint64_t before = second.interrupts;
    guest.cpu(1).kick();
    guest.cpu(0).set_deadline(guest.machine->monotonic_time() + 5'000'000);
    EXPECT_EQ(guest.run().kind, Trap::Kind::interrupted);
    guest.cpu(0).take_pending();
    EXPECT_EQ(second.interrupts, before + 1);
  }
}

TEST_P(Slices, ShootDownWhileAnotherCpuUsesTheRoot) {
  UnicornOptions options;
  options.cpu_count = 2;
  options.slice_blocks = 50;
  MachineGuest guest(GetParam(), options);
  SecondCpu second{&guest, guest.new_context()};
  second.context->set(Reg::pc, code_at + load_call);
  second.context->set(Reg::arg1, data_at);
  guest.store<uint64_t>(guest.data, 1);
  guest.machine->start_cpu(
      1,
      [](void* argument) {
        auto& self = *static_cast<SecondCpu*>(argument);
        for (;;) {
          self.context->set(Reg::pc, code_at + load_call);
          this_cpu().run(*self.context, self.guest->root);
          ++self.traps;
        }
      },
      &second);
  auto let_both_run = [&] {
    guest.set(Reg::pc, code_at + spin);
    guest.cpu(0).set_deadline(guest.machine->monotonic_time() + 1'000'000);
    guest.run();
    guest.cpu(0).take_pending();
  };
  let_both_run();
  EXPECT_GT(second.traps, 0u);
  EXPECT_EQ(second.context->get(Reg::result), 1u);
  uint64_t other = guest.new_frame();
  guest.store<uint64_t>(other, 2);
  guest.map(guest.root, data_at, other, read_write);
  guest.machine->shoot_down(guest.root, data_at, data_at + page_size);
  let_both_run();
  EXPECT_EQ(second.context->get(Reg::result), 2u);
}

// --- determinism

std::vector<uint64_t> history(Isa isa, uint64_t seed) {
  UnicornOptions options;
  options.cpu_count = 2;
  options.is_deterministic = true;
  options.seed = seed;
  MachineGuest guest(isa, options);
  SecondCpu second{&guest, guest.new_context()};
  second.context->set(Reg::pc, code_at + spin);
  guest.machine->start_cpu(1, second_main, &second);
  guest.set(Reg::pc, code_at + spin);
  std::vector<uint64_t> seen;
  for (int round = 0; round < 10; ++round) {
    guest.cpu(0).set_deadline(guest.machine->monotonic_time() + 3'000'000);
    guest.run();
    guest.cpu(0).take_pending();
    uint64_t random = 0;
    guest.machine->random(std::as_writable_bytes(std::span(&random, 1)));
    for (uint64_t value : {guest.get(Reg::result), second.context->get(Reg::result), random,
                           static_cast<uint64_t>(guest.machine->monotonic_time()), guest.machine->work_done()})
      seen.push_back(value);
  }
  return seen;
}

TEST_P(Slices, SameSeedSameRun) {
  std::vector<uint64_t> first = history(GetParam(), 1);
  EXPECT_EQ(first, history(GetParam(), 1));
  EXPECT_NE(first, history(GetParam(), 2));
}

TEST_P(Slices, VirtualTimeJumpsWhenIdle) {
  UnicornOptions options;
  options.is_deterministic = true;
  MachineGuest guest(GetParam(), options);
  int64_t deadline = guest.machine->monotonic_time() + 3'600'000'000'000;
  guest.cpu().set_deadline(deadline);
  idle();
  EXPECT_EQ(guest.cpu().take_pending(), pending::deadline);
  EXPECT_EQ(guest.machine->monotonic_time(), deadline);
}

INSTANTIATE_TEST_SUITE_P(Isas, Slices, ::testing::ValuesIn(isas), name_of);

TEST(Deterministic, TimeStampCounterIsVirtualTime) {
  UnicornOptions options;
  options.is_deterministic = true;
  Guest guest(Isa::x86_64, options);
  guest.put(0, "\x0f\x31\x0f\x05\x0f\x01\xf9\x0f\x05"sv);  // rdtsc; syscall; rdtscp; syscall
  guest.set(general(1), 77);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
    uint64_t counter = guest.get(general(2)) << 32 | guest.get(general(0));
    EXPECT_GT(counter, 0u);
    EXPECT_LE(counter, static_cast<uint64_t>(guest.machine->monotonic_time()));
    EXPECT_EQ(guest.get(general(1)), round == 0 ? 77u : 0u);
  }
  EXPECT_EQ(guest.pc(), 9u);
}

TEST(Deterministic, CpuidHidesRandomNumbers) {
  for (bool is_deterministic : {false, true}) {
    UnicornOptions options;
    options.is_deterministic = is_deterministic;
    Guest guest(Isa::x86_64, options);
    guest.put(0, "\x0f\xa2\x0f\x05"sv);
    guest.set(general(0), 1);
    guest.run();
    EXPECT_EQ((guest.get(general(1)) >> 30 & 1) == 0, is_deterministic);
    EXPECT_NE(guest.get(general(2)) >> 26 & 1, 0u);  // SSE2
    guest.set(general(0), 0);
    guest.set(general(1), 0);
    guest.run_at(0);
    EXPECT_EQ(guest.get(general(2)), 0x4965'6e69u);  // "ineI" of GenuineIntel
  }
}

TEST(Machines, NestAndComeBack) {
  Guest outer(Isa::x86_64);
  Cpu* first = &this_cpu();
  {
    Guest inner(Isa::riscv64);
    EXPECT_EQ(&this_cpu(), &inner.cpu());
  }
  EXPECT_EQ(&this_cpu(), first);
}

TEST(Machines, ReportTheirMemory) {
  UnicornOptions options;
  options.memory = 64 << 20;
  auto machine = make_unicorn_machine(options);
  ASSERT_TRUE(machine.has_value());
  auto memory = (*machine)->memory();
  EXPECT_EQ(memory.start % page_size, 0u);
  EXPECT_EQ(memory.start + memory.size, uint64_t{64} << 20);
  options.memory = page_size;
  EXPECT_FALSE(make_unicorn_machine(options).has_value());
}

}  // namespace
}  // namespace halcyon::hal
