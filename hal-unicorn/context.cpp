#include "hal-unicorn/context.h"

#include <cstring>

namespace halcyon::hal {

UnicornContext::UnicornContext(Engine& engine, Target& target, uc_context* copy) : engine_(engine), target_(target), copy_(copy) {
  reset();
}

UnicornContext::~UnicornContext() {
  engine_.detach(*this);
  uc_context_free(copy_);
}

void UnicornContext::read(int id, void* value) const {
  if (engine_.holds(*this)) uc_reg_read(engine_.handle(), id, value);
  else uc_context_reg_read(copy_, id, value);
}

void UnicornContext::write(int id, const void* value) {
  if (engine_.holds(*this)) {
    is_copy_current_ = false;
    uc_reg_write(engine_.handle(), id, value);
  } else {
    uc_context_reg_write(copy_, id, value);
  }
}

uint64_t UnicornContext::pc() {
  if (!is_pc_known_) set_pc(read(target_.pc_id()));
  return pc_;
}

uint64_t UnicornContext::get(Reg reg) {
  if (reg == Reg::pc) return pc();
  int id = target_.id(reg);
  return id == Target::none ? 0 : read(id);
}

void UnicornContext::set(Reg reg, uint64_t value) {
  if (reg == Reg::pc) return set_pc(value);
  if (reg == Reg::flags) return target_.write_flags(*this, value);
  if (int id = target_.id(reg); id != Target::none) write(id, value);
}

void UnicornContext::copy_from(UserContext& parent) {
  auto& other = static_cast<UnicornContext&>(parent);
  set_pc(other.pc());
  engine_.save(other);
  engine_.detach(*this);
  std::memcpy(static_cast<void*>(copy_), other.copy_, engine_.copy_size());
  copy_root_ = other.copy_root_;
  engine_flags_ = other.engine_flags_;
  forbids_time_stamps_ = other.forbids_time_stamps_;
  is_copy_current_ = true;
}

void UnicornContext::reset() {
  engine_.detach(*this);
  std::memcpy(static_cast<void*>(copy_), target_.pristine(), engine_.copy_size());
  copy_root_ = boot::root;
  engine_flags_ = 0;
  is_copy_current_ = true;
  set_pc(0);
  if (forbids_time_stamps_) target_.apply_time_stamps(*this);
}

void UnicornContext::forbid_time_stamps(bool forbidden) {
  forbids_time_stamps_ = forbidden;
  target_.apply_time_stamps(*this);
}

}  // namespace halcyon::hal
