#include "hal/hosted/host/host_clock.h"

#include <fcntl.h>
#include <unistd.h>
#include <ctime>

#include <string_view>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace halcyon::hal {
namespace {

constexpr int64_t millisecond = 1'000'000, second = 1'000'000'000;
constexpr int64_t first_measurement = 10 * millisecond;  // long enough to be right to some millionths
constexpr int64_t period = 100 * millisecond;
constexpr int64_t jump = 10 * millisecond;  // what no counter drifts in a period

// The host's own kernel watches whether its CPUs' counters agree and never stop.
bool host_counts() {
#if defined(__x86_64__)
  char text[32] = {};
  int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  return length > 0 && std::string_view(text).starts_with("tsc");
#else
  return false;
#endif
}

}  // namespace

uint64_t read_host_counter() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return 0;
#endif
}

int64_t read_host_clock(int clock) {
  timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * second + time.tv_nsec;
}

int64_t HostClock::time_at(uint64_t ticks) const {
  auto passed = static_cast<int64_t>(ticks - reading_.base_ticks);
  if (passed < 0) return reading_.base_time;
  auto product = static_cast<unsigned __int128>(static_cast<uint64_t>(passed)) * reading_.multiplier;
  return reading_.base_time + static_cast<int64_t>(static_cast<uint64_t>(product >> 32));
}

int64_t HostClock::now() const {
  if (reading_.counter == Counter::none) return read_host_clock(CLOCK_MONOTONIC);
  return time_at(read_host_counter());
}

// Of a few tries the one that took least: the others were interrupted.
HostClock::Sample HostClock::take_sample() {
  constexpr int tries = 4;
  Sample best;
  uint64_t best_width = ~uint64_t{0};
  for (int count = 0; count < tries; ++count) {
    uint64_t before = read_host_counter();
    int64_t time = read_host_clock(CLOCK_MONOTONIC);
    uint64_t width = read_host_counter() - before;
    if (width >= best_width) continue;
    best_width = width;
    best = {before + width / 2, time};
  }
  return best;
}

void HostClock::count_by(Counter counter) {
  wanted_ = counter;
  if (wanted_ != Counter::none) last_ = take_sample();
}

bool HostClock::steer() {
  if (wanted_ == Counter::none) return false;
  bool is_counting = reading_.counter != Counter::none;
  int64_t host = read_host_clock(CLOCK_MONOTONIC), ahead = now() - lead_ - host;
  bool is_due = host - last_.time >= (is_counting ? period : first_measurement);
  if (!is_due && ahead < jump && ahead > -jump) return false;
  if (!is_counting && !host_counts()) {
    wanted_ = Counter::none;
    return false;
  }
  Sample sample = take_sample();
  int64_t ours = is_counting ? time_at(sample.ticks) : sample.time;
  int64_t behind = sample.time + lead_ - ours;
  uint64_t ticks = sample.ticks - last_.ticks;
  int64_t passed = sample.time - last_.time;
  bool has_jumped = behind > jump || behind < -jump || static_cast<int64_t>(ticks) <= 0 || passed <= 0;
  if (has_jumped && behind > 0) ours += behind;
  else if (has_jumped) lead_ -= behind;
  else {
    // The measured speed, and what makes up for the difference in about a second.
    int64_t wanted = passed + static_cast<int64_t>(static_cast<__int128>(passed) * behind / second);
    reading_.multiplier = static_cast<uint64_t>((static_cast<unsigned __int128>(static_cast<uint64_t>(wanted)) << 32) / ticks);
  }
  reading_.base_ticks = sample.ticks;
  reading_.base_time = ours;
  if (reading_.multiplier != 0) reading_.counter = wanted_;
  last_ = sample;
  return true;
}

}  // namespace halcyon::hal
