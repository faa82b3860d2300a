// The host's CLOCK_MONOTONIC, or a clock of our own that is steered after it: counted by the host CPU's time stamp counter, so that it can
// be read in a few nanoseconds, by user code too (VdsoData).
//
// The counter's speed is not asked for but measured, while the first milliseconds of the machine's life go by. From then on the clock is
// compared with the host's a few times a second and made a little faster or slower; it never goes back. A jump between the two (the host
// slept, or was moved to another machine) is taken as it is: forward we follow, backward we stay ahead for good.
#pragma once

#include "hal/vdso_data.h"

namespace halcyon::hal {

int64_t read_host_clock(int clock);  // a CLOCK_ of the host, in nanoseconds
uint64_t read_host_counter();        // the time stamp counter; 0 on a host CPU that has none

class HostClock {
 public:
  // Nanoseconds since some start; never goes back.
  int64_t now() const;
  // From now on the clock may be counted, if the host itself trusts its counter; `counter` is what user code calls that.
  void count_by(Counter counter);
  // Steers, if it is time to. True: reading() has changed. Often called.
  bool steer();
  // How now() is computed; no counter as long as it is the host's clock itself.
  const CounterReading& reading() const { return reading_; }

 private:
  struct Sample {
    uint64_t ticks = 0;
    int64_t time = 0;
  };
  static Sample take_sample();
  int64_t time_at(uint64_t ticks) const;

  CounterReading reading_;
  Counter wanted_ = Counter::none;
  Sample last_;
  int64_t lead_ = 0;  // of this clock over the host's, for good
};

}  // namespace halcyon::hal
