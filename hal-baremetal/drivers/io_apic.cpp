#include "hal-baremetal/drivers/io_apic.h"

#include <algorithm>

namespace halcyon::hal {
namespace {

constexpr size_t select = 0, window = 0x10;
constexpr uint32_t version = 1, first_entry = 0x10;
constexpr uint32_t is_masked = 1 << 16, level_triggered = 1 << 15, active_low = 1 << 13;
constexpr unsigned target_shift = 24;

}  // namespace

IoApic::IoApic(Registers& registers, unsigned first_input, unsigned first_vector, uint32_t target)
    : registers_(registers), first_input_(first_input), first_vector_(first_vector), target_(target) {
  inputs_ = std::min((read(version) >> 16 & 0xff) + 1, most_inputs);
  for (uint32_t index = 0; index < inputs_; ++index) write(first_entry + 2 * index, is_masked);
}

uint32_t IoApic::read(uint32_t number) {
  registers_.write32(select, number);
  return registers_.read32(window);
}

void IoApic::write(uint32_t number, uint32_t value) {
  registers_.write32(select, number);
  registers_.write32(window, value);
}

void IoApic::configure(unsigned input, bool is_level, bool is_low) {
  if (has(input)) modes_[input - first_input_] = (is_level ? level_triggered : 0) | (is_low ? active_low : 0);
}

bool IoApic::connect(unsigned input, InterruptHandler& handler) {
  if (!has(input)) return false;
  unsigned index = input - first_input_;
  handlers_[index] = &handler;
  write(first_entry + 2 * index + 1, target_ << target_shift);
  write(first_entry + 2 * index, modes_[index] | (first_vector_ + input));
  return true;
}

bool IoApic::dispatch(unsigned input) {
  if (!has(input) || !handlers_[input - first_input_]) return false;
  handlers_[input - first_input_]->handle_interrupt();
  return true;
}

}  // namespace halcyon::hal
