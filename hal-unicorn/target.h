// What differs between the ISAs under Unicorn.
#pragma once

#include <unicorn/unicorn.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "hal-unicorn/engine.h"
#include "hal/cpu_info.h"
#include "hal/trap.h"
#include "hal/vdso_data.h"

namespace halcyon::hal {

class UnicornContext;

class Target {
 public:
  virtual ~Target() {
    if (pristine_) uc_context_free(pristine_);
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  // Opens the engine, brings the CPU into user mode under the boot root and finds out where this Unicorn keeps what its interface does not
  // show. Returns why that failed, or nothing.
  virtual std::string start(uint64_t memory, bool is_deterministic) = 0;

  // Where the boot root maps RAM.
  virtual uint64_t linear_map() const = 0;
  // Writes the root register, and makes the engine forget all translations.
  virtual void load_root(Root root) = 0;
  // Removes the traces of an exception from a copy of the engine's state.
  virtual void repair(uc_context*) {}

  // Says what a stop that is neither a system call nor a slice's end means. False: user code read the time in a way that has to be
  // emulated; supply_time does it and moves on.
  virtual bool decode(UnicornContext& context, const Stop& stop, Trap& trap) = 0;
  virtual void supply_time(UnicornContext& context, int64_t nanoseconds) = 0;

  virtual void finish_syscall(UnicornContext& context, uint64_t result) = 0;
  virtual unsigned trap_size() const = 0;  // of a system call instruction, in bytes
  virtual void write_flags(UnicornContext&, uint64_t) {}
  // Makes the CPU do what forbids_time_stamps() of the context says.
  virtual void apply_time_stamps(UnicornContext&) {}

  // What tells user code the host CPU's time stamp counter, if something does. After start.
  Counter counter() const { return counter_; }

  // What user code sees of the CPU. After start.
  const CpuInfo& cpu_info() const { return cpu_info_; }

  virtual size_t floating_point_size() const = 0;
  // Floating-point state of the engine that Unicorn's register files leave out.
  virtual uint32_t engine_flags() { return 0; }
  virtual void set_engine_flags(uint32_t) {}
  virtual void save_floating_point(UnicornContext& context, std::span<std::byte> image) = 0;
  virtual bool load_floating_point(UnicornContext& context, std::span<const std::byte> image) = 0;
  virtual void reset_floating_point(UnicornContext& context) = 0;

  // Unicorn's number of a register, or none.
  static constexpr int none = -1;
  int id(Reg reg) const { return ids_[static_cast<size_t>(reg)]; }
  int pc_id() const { return ids_[static_cast<size_t>(Reg::pc)]; }
  // The state that a program starts with.
  const uc_context* pristine() const { return pristine_; }

 protected:
  explicit Target(Engine& engine) : engine_(engine) { ids_.fill(none); }

  void set_id(Reg reg, int id) { ids_[static_cast<size_t>(reg)] = id; }

  Engine& engine_;
  uc_context* pristine_ = nullptr;
  CpuInfo cpu_info_;
  Counter counter_ = Counter::none;

 private:
  std::array<int, 64> ids_;
};

std::unique_ptr<Target> make_x86_64_target(Engine& engine);
std::unique_ptr<Target> make_riscv64_target(Engine& engine);

}  // namespace halcyon::hal
