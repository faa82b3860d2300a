// What user code computes from VdsoData and the counter that it names is what the machine says; and it never goes back while the machine
// steers its clock.
#include "hal/hosted/host/host_clock.h"
#include "hal/isa/isa.h"
#include "hal/vdso_data.h"
#include "tests/unit/hal/unicorn/guest.h"

namespace halcyon::hal {
namespace {

using namespace std::string_view_literals;

class VdsoClock : public testing::TestWithParam<Isa> {};
INSTANTIATE_TEST_SUITE_P(All, VdsoClock, testing::ValuesIn(isas),
                         [](const auto& info) { return std::string(description(info.param).name); });

constexpr uint64_t read_at = 0x00, spin_at = 0x20;

void put_code(Guest& guest) {
  constexpr uint32_t ecall = 0x0000'0073;
  switch (guest.isa()) {
    case Isa::x86_64:
      guest.put(read_at, "\x0f\x31\x0f\x05"sv);  // rdtsc; syscall
      guest.put(spin_at, "\xeb\xfe"sv);          // jmp itself
      break;
    case Isa::riscv64:
      guest.put(read_at, {0xc000'2573, ecall});  // rdcycle a0; ecall
      guest.put(spin_at, {0x0000'006f});         // j itself
      break;
  }
}

uint64_t read_counter(Guest& guest) {
  EXPECT_EQ(guest.run_at(read_at).kind, Trap::Kind::syscall);
  constexpr unsigned rdx = 2;
  uint64_t result = guest.get(Reg::result);
  switch (guest.isa()) {
    case Isa::x86_64: return guest.get(general(rdx)) << 32 | (result & 0xffff'ffff);
    case Isa::riscv64: return result;
  }
  std::unreachable();
}

int64_t time_of(const CounterReading& reading, uint64_t ticks) {
  auto passed = static_cast<int64_t>(ticks - reading.base_ticks);
  if (passed < 0) passed = 0;
  auto product = static_cast<unsigned __int128>(static_cast<uint64_t>(passed)) * reading.multiplier;
  return reading.base_time + static_cast<int64_t>(static_cast<uint64_t>(product >> 32));
}

void run_for(Guest& guest, int64_t time) {
  guest.cpu().set_deadline(guest.machine->monotonic_time() + time);
  EXPECT_EQ(guest.run_at(spin_at).kind, Trap::Kind::interrupted);
  guest.cpu().take_pending();
}

TEST_P(VdsoClock, IsTheMachinesClock) {
  Guest guest(GetParam());
  put_code(guest);
  VdsoData data;
  guest.machine->keep_vdso_data(&data);
  EXPECT_EQ(data.offsets[1], guest.machine->realtime_offset());
  constexpr int64_t millisecond = 1'000'000;
  for (int round = 0; round < 100 && data.reading.counter == Counter::none; ++round) run_for(guest, millisecond);
  if (data.reading.counter == Counter::none) GTEST_SKIP() << "this host's clock is not its CPU's time stamp counter";
  EXPECT_EQ(data.reading.counter, choose(guest.isa(), Counter::time_stamp, Counter::cycle));
  uint32_t first = data.sequence;
  // Until the machine has steered a few times.
  for (int64_t last = 0; data.sequence < first + 6; run_for(guest, millisecond)) {
    ASSERT_EQ(data.sequence % 2, 0u);
    int64_t before = guest.machine->monotonic_time();
    int64_t read = time_of(data.reading, read_counter(guest));
    int64_t after = guest.machine->monotonic_time();
    EXPECT_GE(before, last);
    EXPECT_GE(read, before);
    EXPECT_GE(after, read);
    last = after;
  }
  guest.machine->keep_vdso_data(nullptr);
  uint32_t sequence = data.sequence;
  for (int round = 0; round < 150; ++round) run_for(guest, millisecond);
  EXPECT_EQ(data.sequence, sequence);
}

TEST_P(VdsoClock, DeterministicMachinesLetTheKernelTell) {
  UnicornOptions options;
  options.is_deterministic = true;
  Guest guest(GetParam(), options);
  put_code(guest);
  VdsoData data;
  guest.machine->keep_vdso_data(&data);
  run_for(guest, 1'000'000'000);
  EXPECT_EQ(data.reading.counter, Counter::none);
  EXPECT_EQ(data.offsets[1], guest.machine->realtime_offset());
}

TEST(HostClock, IsTheHostsUntilItCounts) {
  HostClock clock;
  EXPECT_FALSE(clock.steer());
  constexpr int monotonic = 1;
  int64_t before = read_host_clock(monotonic), now = clock.now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, read_host_clock(monotonic));
}

}  // namespace
}  // namespace halcyon::hal
