#include "hal-baremetal/x86_64/cpu/clock.h"

#include "hal-baremetal/x86_64/cpu/instructions.h"
#include "hal/port.h"

namespace halcyon::hal::x86_64 {
namespace {

constexpr uint64_t second = 1'000'000'000;

// The two counters, read as close together as a few tries allow.
struct Sample {
  uint32_t reference;
  uint64_t ticks;
  uint32_t apic;
};

Sample take_sample(Reference& reference, const LocalApic& apic) {
  constexpr int tries = 5;
  Sample best{};
  uint64_t best_width = ~uint64_t{0};
  for (int count = 0; count < tries; ++count) {
    uint64_t before = read_tsc();
    uint32_t read = reference.read();
    uint32_t counted = apic.ticks_counted();
    uint64_t width = read_tsc() - before;
    if (width >= best_width) continue;
    best_width = width;
    best = {read, before + width / 2, counted};
  }
  return best;
}

}  // namespace

void IntervalTimer::start() {
  constexpr uint16_t command = 0x43, data = 0x42, gate = 0x61;
  constexpr uint8_t channel2_rate = 0xb4;  // both bytes, mode 2
  constexpr uint8_t gate_on = 1, speaker = 2;
  out8(gate, static_cast<uint8_t>((in8(gate) & ~speaker) | gate_on));
  out8(command, channel2_rate);
  out8(data, 0);  // 65536
  out8(data, 0);
}

// It counts down.
uint32_t IntervalTimer::read() {
  constexpr uint16_t command = 0x43, data = 0x42;
  constexpr uint8_t latch_channel2 = 0x80;
  out8(command, latch_channel2);
  uint32_t low = in8(data);
  return ~(uint32_t{in8(data)} << 8 | low) & mask();
}

uint32_t PowerTimer::read() { return in32(port_) & mask(); }

bool Clock::measure(Reference& reference, LocalApic& apic) {
  constexpr uint32_t parts = 200;  // of a second
  constexpr uint64_t patience = uint64_t{20} << 30;
  uint32_t wanted = reference.frequency() / parts;
  apic.start_counting();
  Sample start = take_sample(reference, apic), end = start;
  uint32_t passed = 0;
  while (passed < wanted) {
    end = take_sample(reference, apic);
    passed = (end.reference - start.reference) & reference.mask();
    if (end.ticks - start.ticks > patience) return false;
  }
  uint64_t ticks = end.ticks - start.ticks;
  uint64_t frequency = ticks * reference.frequency() / passed;
  if (frequency == 0) return false;
  multiplier_ = (second << shift_) / frequency;
  apic.set_speed((uint64_t{end.apic - start.apic} << 32) / ticks);
  return true;
}

void Clock::wait(int64_t nanoseconds) const {
  uint64_t end = read_tsc() + ticks_at(nanoseconds);
  while (read_tsc() < end) spin_pause();
}

uint64_t Clock::ticks_at(int64_t time) const {
  if (time <= 0) return 0;
  auto wide = (static_cast<unsigned __int128>(time) << shift_) + multiplier_ - 1;
  auto high = static_cast<uint64_t>(wide >> 64);
  if (high >= multiplier_) return ~uint64_t{0} - 1;
  return divide_wide(high, static_cast<uint64_t>(wide), multiplier_);
}

}  // namespace halcyon::hal::x86_64
