#include "hal/hosted/cpus.h"

#include <sys/random.h>
#include <ctime>

#include <algorithm>
#include <cstring>

#include "core/base/assert.h"
#include "hal/hosted/crash.h"
#include "hal/vdso_clock.h"

namespace halcyon::hal {
namespace {

// Virtual time of a deterministic machine: near what Unicorn really takes.
constexpr int64_t block_time = 20;
constexpr int64_t trap_time = 400;
constexpr int64_t spin_time = 100;
constexpr int64_t deterministic_epoch = 1'700'000'000'000'000'000;
constexpr uint64_t deterministic_slice = 20'000;

constexpr int64_t slice_target = 1'000'000;  // nanoseconds
constexpr uint64_t shortest_slice = 1'000, longest_slice = 1'000'000;
constexpr uint64_t first_slice = 20'000;

// What a deterministic machine grants the writer of redirected input before time jumps on without it.
constexpr int64_t input_grace = 50'000'000;

constexpr uint64_t spin_limit = 1'000'000;

}  // namespace

// --- HostedCpu

HostedCpu::~HostedCpu() { free_stack(boot_stack_); }

Trap HostedCpu::run(UserContext& context, Root root) {
  HostedMachine& machine = machine_;
  machine.spins_ = 0;
  for (;;) {
    if (machine.slice_left_ == 0) [[unlikely]]
      machine.end_slice(*this);
    // Whatever is pending, one block runs: else a stream of kicks would stop a program for good.
    uint64_t allowed = has_pending() ? 1 : machine.slice_left_;
    uint64_t left = allowed;
    Trap trap = run_slice(context, root, left);
    machine.charge(allowed - left);
    if (trap.kind != Trap::Kind::interrupted) [[likely]] {
      machine.charge_trap();
      return trap;
    }
    if (machine.slice_left_ == 0) machine.end_slice(*this);
    if (has_pending()) return trap;
  }
}

void HostedCpu::set_deadline(int64_t time) {
  deadline_ = time;
  machine_.deadline_changed();
}

void HostedCpu::kick() { raise(pending::kick); }

// --- construction

HostedMachine::HostedMachine(const HostedOptions& options)
    : options_(options),
      slice_length_(options.is_deterministic ? deterministic_slice : first_slice),
      poll_(options.poll ? *options.poll : own_poll_),
      random_(options.seed) {
  options_.cpu_count = std::clamp(options.cpu_count, 1u, max_cpus);
  if (is_deterministic()) poll_.set_deterministic();
}

HostedMachine::~HostedMachine() = default;

void HostedMachine::begin() {
  install_crash_handler();
  turn_ = cpus_[0];
  turn_->state_ = HostedCpu::State::active;
  previous_ = install_cpu({turn_, turn_, this});
  int64_t now = monotonic_time();
  read_realtime(now);
  start_slice(now);
}

void HostedMachine::end() {
  ASSERT(turn_ == cpus_[0]);
  if (installed_cpu().machine == this) install_cpu(previous_);
}

void HostedMachine::make_current() {
  ASSERT(turn_ == cpus_[0]);
  InstalledCpu old = install_cpu({turn_, turn_, this});
  if (old.machine != this) previous_ = old;
}

void HostedMachine::cpu_main(void* argument) {
  auto& cpu = *static_cast<HostedCpu*>(argument);
  cpu.entry_(cpu.argument_);
}

void HostedMachine::start_cpu(unsigned id, void (*entry)(void*), void* argument) {
  HostedCpu& cpu = *cpus_[id];
  ASSERT(cpu.state_ == HostedCpu::State::stopped);
  cpu.boot_stack_ = allocate_stack();
  if (!cpu.boot_stack_.base) panic("no memory for a CPU's stack", __FILE__, __LINE__);
  prepare_stack(cpu.boot_stack_, cpu_main, &cpu);
  cpu.parked_ = {};
  cpu.parked_.sp = cpu.boot_stack_.sp;
  cpu.parked_.fiber = cpu.boot_stack_.fiber;
  cpu.parked_.sanitizer_base = cpu.boot_stack_.base;
  cpu.parked_.sanitizer_size = cpu.boot_stack_.size;
  cpu.entry_ = entry;
  cpu.argument_ = argument;
  cpu.state_ = HostedCpu::State::active;
}

// --- time and chance

int64_t HostedMachine::virtual_time() const {
  return static_cast<int64_t>(work_) * block_time + static_cast<int64_t>(traps_) * trap_time + jumped_;
}

int64_t HostedMachine::monotonic_time() { return is_deterministic() ? virtual_time() : clock_.now(); }

int64_t HostedMachine::time_after(uint64_t blocks) {
  return is_deterministic() ? virtual_time() + static_cast<int64_t>(blocks) * block_time : clock_.now();
}

int64_t HostedMachine::realtime_offset() { return realtime_offset_; }

void HostedMachine::let_count_by(Counter counter) {
  if (!is_deterministic()) clock_.count_by(counter);
}

// What changes here changes between two stretches of user code, for the kernel and for programs at once.
void HostedMachine::keep_vdso_data(VdsoData* data) {
  vdso_data_ = data;
  if (!data) return;
  publish(*data, clock_.reading());
  change_realtime(*data, realtime_offset_);
}

void HostedMachine::steer_clock() {
  if (clock_.steer() && vdso_data_) publish(*vdso_data_, clock_.reading());
}

// The difference of two readings jitters by some nanoseconds; only a clock that was set moves it by more.
void HostedMachine::read_realtime(int64_t now) {
  if (is_deterministic()) {
    realtime_offset_ = deterministic_epoch;
    return;
  }
  constexpr int64_t interval = 100'000'000, jitter = 100'000;
  if (realtime_offset_ != 0 && now - realtime_checked_ < interval) return;
  realtime_checked_ = now;
  int64_t offset = read_host_clock(CLOCK_REALTIME) - monotonic_time();
  if (std::abs(offset - realtime_offset_) <= jitter) return;
  if (vdso_data_) change_realtime(*vdso_data_, offset - realtime_offset_);
  realtime_offset_ = offset;
}

void HostedMachine::random(std::span<std::byte> bytes) {
  if (!is_deterministic()) {
    while (!bytes.empty()) {
      ssize_t count = getrandom(bytes.data(), bytes.size(), 0);
      if (count > 0) bytes = bytes.subspan(static_cast<size_t>(count));
    }
    return;
  }
  while (!bytes.empty()) {
    uint64_t word = random_.next();
    size_t count = std::min(bytes.size(), sizeof word);
    std::memcpy(bytes.data(), &word, count);
    bytes = bytes.subspan(count);
  }
}

// --- deadlines

void HostedMachine::deadline_changed() {
  next_deadline_ = INT64_MAX;
  for (unsigned id = 0; id < cpu_count(); ++id) next_deadline_ = std::min(next_deadline_, cpus_[id]->deadline_);
  if (next_deadline_ == INT64_MAX) return;
  int64_t now = monotonic_time();
  raise_deadlines(now);
  shorten_slice(now);
}

void HostedMachine::raise_deadlines(int64_t now) {
  if (now < next_deadline_) return;
  next_deadline_ = INT64_MAX;
  for (unsigned id = 0; id < cpu_count(); ++id) {
    HostedCpu& cpu = *cpus_[id];
    if (cpu.deadline_ <= now) {
      cpu.deadline_ = INT64_MAX;
      cpu.raise(pending::deadline);
    }
    next_deadline_ = std::min(next_deadline_, cpu.deadline_);
  }
}

// --- slices

void HostedMachine::start_slice(int64_t now) {
  slice_started_ = now;
  if (options_.slice_blocks != 0) slice_given_ = options_.slice_blocks;
  else if (is_deterministic()) slice_given_ = slice_length_ / 2 + random_.below(slice_length_);
  else slice_given_ = slice_length_;
  slice_left_ = slice_given_;
  shorten_slice(now);
}

// Makes the slice end near the next deadline: exactly, in virtual time; as well as the recent speed can tell, in real time.
void HostedMachine::shorten_slice(int64_t now) {
  if (next_deadline_ == INT64_MAX) return;
  uint64_t remaining = static_cast<uint64_t>(std::max<int64_t>(next_deadline_ - now, 0));
  uint64_t blocks = slice_left_;
  if (is_deterministic()) blocks = remaining / block_time + 1;
  else if (remaining < slice_target) blocks = remaining * slice_length_ / slice_target + 1;
  if (blocks >= slice_left_) return;
  slice_given_ -= slice_left_ - blocks;
  slice_left_ = blocks;
}

// In real time a slice aims at a millisecond, whatever the host's speed and however much of it the kernel uses.
void HostedMachine::adapt_slice(int64_t now) {
  int64_t elapsed = now - slice_started_;
  if (is_deterministic() || slice_given_ < shortest_slice || elapsed < slice_target / 100) return;
  uint64_t ideal = slice_given_ * slice_target / static_cast<uint64_t>(elapsed);
  slice_length_ = std::clamp(std::clamp(ideal, slice_length_ / 2, slice_length_ * 2), shortest_slice, longest_slice);
}

void HostedMachine::end_slice(HostedCpu& cpu) {
  slice_ended();
  if (!is_deterministic() && poll_.is_watching()) look_at_host(cpu, 0);
  else if (poll_.glance()) cpu.raise(pending::event);
  steer_clock();
  int64_t now = monotonic_time();
  raise_deadlines(now);
  adapt_slice(now);
  read_realtime(now);
  start_slice(now);
  if (HostedCpu* next = next_cpu(cpu)) give_turn(cpu, *next);
}

// --- turns

HostedCpu* HostedMachine::next_cpu(const HostedCpu& after) {
  unsigned count = cpu_count();
  if (count == 1) return nullptr;
  unsigned first = after.id() + 1 + (is_deterministic() ? static_cast<unsigned>(random_.below(count)) : 0);
  for (unsigned step = 0; step < count; ++step) {
    HostedCpu* candidate = cpus_[(first + step) % count];
    if (candidate != &after && candidate->can_run()) return candidate;
  }
  return nullptr;
}

void HostedMachine::give_turn(HostedCpu& from, HostedCpu& to) {
  turn_ = &to;
  install_cpu({&to, &to, this});
  switch_stack(from.parked_, to.parked_);
}

bool HostedMachine::look_at_host(HostedCpu& cpu, int64_t wait) {
  if (!poll_.wait(wait)) return false;
  cpu.raise(pending::event);
  return true;
}

void HostedMachine::stuck() { poll_.wait(INT64_MAX); }

// Every CPU is idle.
void HostedMachine::wait_idle(HostedCpu& cpu) {
  bool has_deadline = next_deadline_ != INT64_MAX;
  if (!has_deadline && !poll_.is_watching()) {
    stuck();
    return;
  }
  if (is_deterministic()) {
    if (poll_.is_watching() && look_at_host(cpu, has_deadline ? (poll_.has_wanted() ? input_grace : 0) : INT64_MAX)) return;
    if (!has_deadline) return;
    jumped_ += std::max<int64_t>(next_deadline_ - virtual_time(), 0);
    raise_deadlines(virtual_time());
    return;
  }
  int64_t wait = has_deadline ? std::max<int64_t>(next_deadline_ - monotonic_time(), 0) : INT64_MAX;
  look_at_host(cpu, wait);
  steer_clock();
  int64_t now = monotonic_time();
  raise_deadlines(now);
  read_realtime(now);
  start_slice(now);
}

void HostedMachine::idle(HostedCpu& cpu) {
  spins_ = 0;
  cpu.state_ = HostedCpu::State::idle;
  while (!cpu.has_pending()) {
    if (HostedCpu* next = next_cpu(cpu)) give_turn(cpu, *next);
    else wait_idle(cpu);
  }
  cpu.state_ = HostedCpu::State::active;
}

void HostedMachine::spin_pause(HostedCpu& cpu) {
  if (++spins_ > spin_limit) panic("a CPU spins, and nobody makes progress", __FILE__, __LINE__);
  if (is_deterministic()) jumped_ += spin_time;
  if (HostedCpu* next = next_cpu(cpu)) return give_turn(cpu, *next);
  // Alone: only time or the host can change what it waits for.
  if (spins_ % 64 != 0) return;
  if (!is_deterministic() && poll_.is_watching()) look_at_host(cpu, 0);
  raise_deadlines(monotonic_time());
}

}  // namespace halcyon::hal
