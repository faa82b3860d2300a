// The machine: what user code runs on, with its RAM, CPUs, clock and console. Chosen at run time among those linked in.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "hal/cpu_info.h"
#include "hal/devices.h"
#include "hal/trap.h"
#include "hal/vdso_data.h"

namespace halcyon {
struct PerCpu;  // what the core keeps per CPU (core/task/schedule/per_cpu.h)
}

namespace halcyon::hal {

// Bits of a CPU's pending word: what interrupt handlers leave for the core.
namespace pending {
inline constexpr uint32_t event = 1;     // a device raised its Event
inline constexpr uint32_t deadline = 2;  // the deadline of set_deadline has passed
inline constexpr uint32_t kick = 4;      // another CPU called kick()
}  // namespace pending

class Cpu {
 public:
  virtual ~Cpu() = default;
  explicit Cpu(unsigned id) : id_(id) {}

  unsigned id() const { return id_; }

  // The only way into user mode. Loads `context` and `root` if others are loaded, runs until a trap, and returns it. A pending bit, also
  // one set before the call, makes it return `interrupted` soon; at least one basic block runs before. Called on this CPU only.
  virtual Trap run(UserContext& context, Root root) = 0;
  // Moves every register of `context` to memory if this CPU holds it: before it runs elsewhere or is looked at as a whole.
  virtual void put_back(UserContext& context) = 0;
  // Forgets this CPU's translation of the page at `address` in the loaded root: for a spurious fault and for permission added.
  virtual void flush_local(uint64_t address) = 0;

  // Raises pending::deadline at `time` of Machine::monotonic_time(), at once if that has passed. One deadline per CPU; a new one
  // replaces the old; INT64_MAX means none. Called on this CPU only.
  virtual void set_deadline(int64_t time) = 0;
  // Sets pending::kick, and makes run() or idle() of that CPU return soon. May be called on any CPU.
  virtual void kick() = 0;
  // Takes and clears the pending word.
  uint32_t take_pending() { return pending_.load(std::memory_order_relaxed) == 0 ? 0 : pending_.exchange(0, std::memory_order_acquire); }

  PerCpu* per_cpu = nullptr;  // set once by the core before this CPU runs any kernel code

 protected:
  std::atomic<uint32_t> pending_ = 0;

 private:
  unsigned id_;
};

class Machine {
 public:
  virtual ~Machine() = default;

  virtual Isa isa() const = 0;

  struct MemoryRange {
    uint64_t start;
    uint64_t size;
  };
  // RAM that the core may use, as physical addresses, page aligned. `direct_map() + address` is where the kernel sees it.
  struct Memory {
    // The first 1/solid_part of the whole, and a page, has no holes.
    static constexpr uint64_t solid_part = 128;

    uint64_t start;
    uint64_t size;
    std::span<const MemoryRange> holes = {};  // what lies between but is none of the core's: page aligned, ascending, apart
    bool is_zeroed = true;                    // RAM that the core has not written yet is zero-filled
  };
  virtual Memory memory() const = 0;
  virtual std::byte* direct_map() const = 0;

  // At most max_cpus; their ids count from 0.
  static constexpr unsigned max_cpus = 64;
  virtual unsigned cpu_count() const = 0;
  virtual Cpu& cpu(unsigned id) = 0;
  // Starts a CPU other than 0 on a stack of its own at entry(argument), which never returns.
  virtual void start_cpu(unsigned id, void (*entry)(void*), void* argument) = 0;

  // Null when memory is short.
  virtual std::unique_ptr<UserContext> new_context() = 0;

  // Fills the kernel half of a fresh, zeroed root (empty when hosted).
  virtual void init_root(Root root) = 0;
  // Makes every CPU that has `root` loaded move to the boot root: before its frame is freed.
  virtual void forget_root(Root root) = 0;
  // After it returns no CPU uses an older translation of [start, end) in `root`. Synchronous.
  virtual void shoot_down(Root root, uint64_t start, uint64_t end) = 0;
  // The kernel wrote to the frame at `address`: before it becomes executable, or when it already is, or when it no longer will be.
  virtual void sync_code(uint64_t address) = 0;

  // Nanoseconds since some start; never goes back. Cheap enough for every system call.
  virtual int64_t monotonic_time() = 0;
  // Nanoseconds since 1970-01-01 UTC minus monotonic_time(): constant unless the host's clock is set.
  virtual int64_t realtime_offset() = 0;
  // Fills in the machine's part of what programs see, and keeps it current until the next call: with null when `data` goes. What a program
  // computes from it is monotonic_time() as the kernel would have got it. Nobody may read `data` yet.
  virtual void keep_vdso_data(VdsoData* data) = 0;
  // Fills with unpredictable bytes (reproducible ones when the machine is deterministic).
  virtual void random(std::span<std::byte> bytes) = 0;

  virtual Console& console() = 0;
  std::span<BlockDevice* const> disks() const { return disks_; }
  // Null: there is none.
  EntropySource* entropy_source() const { return entropy_source_; }

  // How many units of user work all CPUs did since the start, for statistics: translated blocks under Unicorn, 0 where unknown.
  virtual uint64_t work_done() const = 0;

  const CpuInfo& cpu_info() const { return cpu_info_; }

 protected:
  // Set once while the machine is built.
  CpuInfo cpu_info_;
  std::span<BlockDevice* const> disks_;
  EntropySource* entropy_source_ = nullptr;
};

}  // namespace halcyon::hal
