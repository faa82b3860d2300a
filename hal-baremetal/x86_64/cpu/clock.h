// Time by the time stamp counter, whose speed is measured once against a timer of known speed. All CPUs' counters are taken to agree.
#pragma once

#include <cstdint>

#include "hal-baremetal/x86_64/cpu/local_apic.h"

namespace halcyon::hal::x86_64 {

// A counter of known speed, which counts up and begins anew.
class Reference {
 public:
  virtual uint32_t read() = 0;
  virtual uint32_t mask() const = 0;
  virtual uint32_t frequency() const = 0;

 protected:
  ~Reference() = default;
};

// Channel 2 of the 8254, whose gate is a bit of port 0x61 and which interrupts nobody.
class IntervalTimer final : public Reference {
 public:
  void start();
  uint32_t read() override;
  uint32_t mask() const override { return 0xffff; }
  uint32_t frequency() const override { return 1'193'182; }
};

// The power management timer (ACPI specification, 4.8.3.3).
class PowerTimer final : public Reference {
 public:
  explicit PowerTimer(uint16_t port) : port_(port) {}
  uint32_t read() override;
  uint32_t mask() const override { return 0xff'ffff; }
  uint32_t frequency() const override { return 3'579'545; }

 private:
  uint16_t port_;
};

class Clock {
 public:
  // Also measures the APIC's timer, if need be. False: the reference does not count.
  bool measure(Reference& reference, LocalApic& apic);

  int64_t to_time(uint64_t ticks) const { return static_cast<int64_t>(static_cast<unsigned __int128>(ticks) * multiplier_ >> shift_); }
  // The first tick at which to_time() has reached `time`.
  uint64_t ticks_at(int64_t time) const;
  // to_time() = ticks * multiplier() / 2^32.
  uint64_t multiplier() const { return multiplier_; }
  // For hardware that wants to be left alone.
  void wait(int64_t nanoseconds) const;

 private:
  uint64_t multiplier_ = 0;  // to_time() = ticks * multiplier_ >> shift_
  static constexpr unsigned shift_ = 32;
};

}  // namespace halcyon::hal::x86_64
