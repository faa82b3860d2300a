// What the bare machines have in common: CPUs that ask each other for things, the memory that firmware gave, randomness.
//
// Only interrupts run beside kernel code, and they run none of the core's (decision 12): an interrupt acknowledges its source, sets bits in
// its CPU's pending word, answers other CPUs, and returns. So nothing here masks interrupts, apart from the ISA's own entry and exit, and a
// CPU that spins on any lock still answers. An ISA derives its Cpu and its machine from these and supplies what is left.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "hal-baremetal/common/boot/device_list.h"
#include "hal-baremetal/common/random.h"
#include "hal/machine.h"

namespace halcyon::hal {

// What one CPU asks of others. The asker waits until all have done it.
struct CrossCall {
  enum class Kind : uint8_t {
    flush,        // forget the translations of [start, end) in the loaded tables, or of the kernel half
    leave_root,   // move to the boot root if `root` is loaded
    forget_code,  // forget fetched instructions
  };
  Kind kind = Kind::flush;
  Root root = 0;
  uint64_t start = 0, end = 0;
  std::atomic<unsigned> unanswered{0};
};

// On cache lines of its own: what one CPU writes at every trap slows no other down.
class alignas(64) BareCpu : public Cpu {
 public:
  using Cpu::Cpu;
  BareCpu(const BareCpu&) = delete;
  BareCpu& operator=(const BareCpu&) = delete;

  void kick() final;

  bool has_pending() const { return pending_.load(std::memory_order_relaxed) != 0; }
  void raise(uint32_t bits) { pending_.fetch_or(bits, std::memory_order_release); }
  Root loaded_root() const { return loaded_root_.load(std::memory_order_relaxed); }
  bool is_online() const { return is_online_.load(std::memory_order_acquire); }
  void set_online() { is_online_.store(true, std::memory_order_release); }

  // Does what other CPUs asked for. By the handler of the interrupt that send_interrupt() caused, after it was acknowledged.
  void answer_calls();
  // Carries out a call on this CPU, which is the caller's. Interrupts may be on or off.
  virtual void carry_out(const CrossCall& call) = 0;

 protected:
  // Makes this CPU take an interrupt, in whose handler it answers. By any CPU.
  virtual void send_interrupt() = 0;
  // For the ISA's code that loads a root: before the CPU can walk it. Whoever changes its entries from then on calls here.
  void announce_root(Root root) {
    loaded_root_.store(root, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }

 private:
  friend class BareMachine;
  std::atomic<Root> loaded_root_{~Root{0}};
  std::atomic<bool> is_online_{false};
  std::atomic<uint64_t> callers_{0};  // bit per CPU that waits for an answer
  CrossCall call_;                    // what this CPU asks at the moment
};

class BareMachine : public Machine {
 public:
  unsigned cpu_count() const final { return cpu_count_; }
  Cpu& cpu(unsigned id) final { return *cpus_[id]; }
  BareCpu& bare_cpu(unsigned id) { return *cpus_[id]; }

  Memory memory() const final { return memory_; }
  void forget_root(Root root) final;
  void shoot_down(Root root, uint64_t start, uint64_t end) final;
  // Every CPU forgets what it knows of kernel addresses in [start, end).
  void shoot_down_kernel(uint64_t start, uint64_t end);
  void random(std::span<std::byte> bytes) final;
  uint64_t work_done() const final { return 0; }

  // Stops all CPUs but the caller's, which panics: they answer nothing any more.
  void stop_others();
  bool is_stopping() const { return is_stopping_.load(std::memory_order_relaxed); }

  // One page of the kernel's half, for kernel stacks. The tables on the way stay. False: no memory.
  virtual bool map_kernel_page(uint64_t address, uint64_t frame) = 0;
  // Returns the frame. The caller shoots it down.
  virtual uint64_t unmap_kernel_page(uint64_t address) = 0;

  // The machine ends: off, or from the start. They return if the machine cannot.
  virtual void power_off(bool is_failure) = 0;
  virtual void restart() = 0;

  Console& console() final { return *console_; }
  // Makes console() the device of that name: hvc0, or one of those that it was first. False if there is none. Before anybody has asked for
  // the console.
  bool select_console(std::string_view name);
  // Of what is behind the console, if the device does not know it.
  void set_window_size(WindowSize size);

 protected:
  explicit BareMachine(Console& first_console) : first_console_(first_console), console_(&first_console) {}
  virtual bool is_first_console(std::string_view name) const = 0;
  virtual void set_first_window_size(WindowSize size) = 0;
  void add_cpu(BareCpu& cpu) { cpus_[cpu_count_++] = &cpu; }
  void set_memory(const Memory& memory) { memory_ = memory; }
  void seed_random(std::span<const std::byte> entropy) { random_.add_entropy(entropy); }
  // Devices that were found. The first entropy source is waited for a little, so that what is random is so from the first byte on.
  void add_devices(const DeviceList& devices);
  // Asks all CPUs that have the same root loaded as the caller, but not the caller.
  void call_sharers(CrossCall::Kind kind);

 private:
  // Asks every online CPU but the caller's for which wants(cpu), and waits.
  template <class Wants>
  void call_others(CrossCall::Kind kind, Root root, uint64_t start, uint64_t end, Wants wants);

  std::array<BareCpu*, max_cpus> cpus_{};
  unsigned cpu_count_ = 0;
  Memory memory_{.start = 0, .size = 0};
  std::atomic<bool> is_stopping_{false};
  void reseed();

  Console& first_console_;
  Console* console_;
  DeviceList devices_;
  RandomGenerator random_;
  std::atomic<int64_t> next_reseed_{0};  // when the entropy source is to be asked again
};

// The only machine; null until it is made.
extern constinit BareMachine* the_machine;

// this_cpu() as what it is; null before there is one.
BareCpu* this_bare_cpu();

}  // namespace halcyon::hal
