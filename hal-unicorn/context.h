// A user thread's registers: in the engine, in a saved copy, or both.
#pragma once

#include <unicorn/unicorn.h>

#include "hal-unicorn/engine.h"
#include "hal-unicorn/target.h"
#include "hal/trap.h"

namespace halcyon::hal {

class UnicornContext final : public UserContext {
 public:
  // Takes over `copy`.
  UnicornContext(Engine& engine, Target& target, uc_context* copy);
  UnicornContext(const UnicornContext&) = delete;
  UnicornContext& operator=(const UnicornContext&) = delete;
  ~UnicornContext() override;

  uint64_t get(Reg reg) override;
  void set(Reg reg, uint64_t value) override;
  void finish_syscall(uint64_t result) override { target_.finish_syscall(*this, result); }
  void rewind_trap() override { set_pc(pc() - target_.trap_size()); }
  void copy_from(UserContext& parent) override;
  void reset() override;
  size_t floating_point_size() const override { return target_.floating_point_size(); }
  void save_floating_point(std::span<std::byte> image) override { target_.save_floating_point(*this, image); }
  bool load_floating_point(std::span<const std::byte> image) override { return target_.load_floating_point(*this, image); }
  void reset_floating_point() override { target_.reset_floating_point(*this); }
  void forbid_time_stamps(bool forbidden) override;

  // Registers by Unicorn's numbers, of Unicorn's sizes.
  void read(int id, void* value) const;
  void write(int id, const void* value);
  uint64_t read(int id) const {
    uint64_t value = 0;
    read(id, &value);
    return value;
  }
  void write(int id, uint64_t value) { write(id, static_cast<const void*>(&value)); }

  uint64_t pc();
  void set_pc(uint64_t pc) {
    pc_ = pc;
    is_pc_known_ = true;
  }
  // The engine is about to change every register.
  uint64_t leave_for_engine() {
    uint64_t start = pc();
    is_pc_known_ = false;
    is_copy_current_ = false;
    return start;
  }

  // The saved copy, which Engine::save brings up to date.
  uc_context* copy() const { return copy_; }

 private:
  friend class Engine;

  Engine& engine_;
  Target& target_;
  uc_context* copy_;
  Root copy_root_ = ~Root{0};    // what the root register in the copy says
  bool is_copy_current_ = true;  // always, unless the engine holds this context
  uint32_t engine_flags_ = 0;    // Target::engine_flags, with the copy
  bool is_pc_known_ = false;     // pc_ counts, whatever the register says
  uint64_t pc_ = 0;
};

}  // namespace halcyon::hal
