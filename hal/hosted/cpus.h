// The simulated CPUs of a hosted machine, and what every such machine has in common: turns, time, waiting for the host.
//
// All CPUs of a machine run in turn on one host thread. The turn changes only inside Cpu::run (at a slice's end), idle and spin_pause, by a
// switch of host stacks: whatever kernel stack a CPU stands on is parked in its HostedCpu until its next turn. So kernel code between those
// points is atomic, and nothing here needs a lock. User work is counted in blocks, whatever a derived machine makes of the word; a slice is
// a number of blocks. A derived machine supplies HostedCpu::run_slice and the rest of Machine.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "hal/hosted/host/host_clock.h"
#include "hal/hosted/host/host_poll.h"
#include "hal/hosted/random.h"
#include "hal/hosted/this_cpu.h"
#include "hal/machine.h"
#include "hal/port.h"

namespace halcyon::hal {

class HostedMachine;

struct HostedOptions {
  unsigned cpu_count = 1;
  // Time is derived from blocks and traps, virtual time jumps when every CPU is idle, randomness and the order of turns follow the seed.
  bool is_deterministic = false;
  uint64_t seed = 0;
  // Blocks per slice; 0 lets the machine aim at a millisecond (deterministic: a fixed number, varied by the seed).
  uint64_t slice_blocks = 0;
  // The host descriptors to look at; not owned. Null: none.
  HostPoll* poll = nullptr;
};

class HostedCpu : public Cpu {
 public:
  HostedCpu(HostedMachine& machine, unsigned id) : Cpu(id), machine_(machine) {}
  ~HostedCpu() override;
  HostedCpu(const HostedCpu&) = delete;
  HostedCpu& operator=(const HostedCpu&) = delete;

  Trap run(UserContext& context, Root root) final;
  void set_deadline(int64_t time) final;
  void kick() final;

 protected:
  // Runs user code until a trap, or until `blocks` (at least 1) more blocks have run, which it reports as `interrupted`. Leaves in `blocks`
  // how many are left. Nobody else gets the host thread meanwhile.
  virtual Trap run_slice(UserContext& context, Root root, uint64_t& blocks) = 0;
  void raise(uint32_t bits) { pending_.fetch_or(bits, std::memory_order_release); }

 private:
  friend class HostedMachine;
  enum class State : uint8_t { stopped, active, idle };

  bool has_pending() const { return pending_.load(std::memory_order_relaxed) != 0; }
  bool can_run() const { return state_ == State::active || (state_ == State::idle && has_pending()); }

  HostedMachine& machine_;
  State state_ = State::stopped;
  int64_t deadline_ = INT64_MAX;
  KernelStack parked_;      // where this CPU stands while another has the host thread; base stays null: the stack is somebody else's
  KernelStack boot_stack_;  // the stack that start_cpu gave it
  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
};

// Constructing a machine makes its CPU 0 this_cpu() of the host thread; destroying it gives the previous one back, so machines nest.
class HostedMachine : public Machine {
 public:
  ~HostedMachine() override;
  HostedMachine(const HostedMachine&) = delete;
  HostedMachine& operator=(const HostedMachine&) = delete;

  unsigned cpu_count() const final { return options_.cpu_count; }
  Cpu& cpu(unsigned id) final { return *cpus_[id]; }
  void start_cpu(unsigned id, void (*entry)(void*), void* argument) final;

  int64_t monotonic_time() override;
  int64_t realtime_offset() override;
  void keep_vdso_data(VdsoData* data) final;
  void random(std::span<std::byte> bytes) override;
  uint64_t work_done() const override { return work_; }

  bool is_deterministic() const { return options_.is_deterministic; }
  // Makes CPU 0 this_cpu() again, for a host thread that works with several machines by turns. Only while CPU 0 has the turn.
  void make_current();

  // What hal::idle and hal::spin_pause do for a CPU of this machine.
  void idle(HostedCpu& cpu);
  void spin_pause(HostedCpu& cpu);

 protected:
  // cpu_count is clamped to 1..max_cpus. The derived constructor adds its CPUs, in order of their ids, and then calls begin().
  explicit HostedMachine(const HostedOptions& options);
  void add_cpu(HostedCpu& cpu) { cpus_[cpu.id()] = &cpu; }
  void begin();
  // CPUs are members of the derived machine: the first thing in its destructor.
  void end();

  // Called at the end of every slice, before the turn changes.
  virtual void slice_ended() {}
  // Every CPU is idle, there is no deadline and no host descriptor to wait for. By default waits for a signal to the host process; a
  // machine for tests may end the test. May raise something; returns to look again.
  virtual void stuck();

  // monotonic_time() as it will be after `blocks` more blocks: for a clock that user code reads within a slice.
  int64_t time_after(uint64_t blocks);
  const HostedOptions& options() const { return options_; }
  // User code reads the host CPU's time stamp counter by that name. Not on a deterministic machine.
  void let_count_by(Counter counter);

 private:
  friend class HostedCpu;

  void charge(uint64_t blocks) {
    work_ += blocks;
    slice_left_ = slice_left_ > blocks ? slice_left_ - blocks : 0;
  }
  void charge_trap() {
    ++traps_;
    slice_left_ = slice_left_ > trap_cost ? slice_left_ - trap_cost : 0;
  }
  int64_t virtual_time() const;
  void deadline_changed();
  void raise_deadlines(int64_t now);
  void start_slice(int64_t now);
  void shorten_slice(int64_t now);
  void adapt_slice(int64_t now);
  void end_slice(HostedCpu& cpu);
  bool look_at_host(HostedCpu& cpu, int64_t wait);
  void read_realtime(int64_t now);
  void steer_clock();
  HostedCpu* next_cpu(const HostedCpu& after);
  void give_turn(HostedCpu& from, HostedCpu& to);
  void wait_idle(HostedCpu& cpu);
  static void cpu_main(void* cpu);

  static constexpr uint64_t trap_cost = 20;  // blocks: a trap costs a slice about as much time as so many blocks

  HostedOptions options_;
  std::array<HostedCpu*, max_cpus> cpus_{};
  InstalledCpu previous_;      // this_cpu() before this machine was built
  HostedCpu* turn_ = nullptr;  // who has the host thread
  uint64_t work_ = 0;          // blocks
  uint64_t traps_ = 0;
  uint64_t spins_ = 0;                 // spin_pause calls since somebody last made progress
  int64_t jumped_ = 0;                 // nanoseconds that virtual time skipped while all were idle, or spun away
  int64_t next_deadline_ = INT64_MAX;  // of all CPUs
  int64_t slice_started_ = 0;          // host time
  uint64_t slice_length_ = 0;          // blocks that took about a millisecond lately
  uint64_t slice_given_ = 0;
  uint64_t slice_left_ = 0;
  int64_t realtime_offset_ = 0;
  int64_t realtime_checked_ = 0;
  HostClock clock_;
  VdsoData* vdso_data_ = nullptr;
  HostPoll own_poll_;
  HostPoll& poll_;
  Random random_;
};

}  // namespace halcyon::hal
