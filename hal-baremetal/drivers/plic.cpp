#include "hal-baremetal/drivers/plic.h"

#include <algorithm>

namespace halcyon::hal {
namespace {

constexpr size_t priorities = 0, enables = 0x2000, enables_size = 0x80, contexts = 0x20'0000, context_size = 0x1000, claim = 4;

}  // namespace

Plic::Plic(Registers& registers, unsigned inputs, unsigned context)
    : registers_(registers), inputs_(std::min(inputs, most_inputs - 1)), context_(context) {
  for (unsigned input = 1; input <= inputs_; ++input) registers_.write32(priorities + input * 4, 0);
  for (unsigned word = 0; word <= inputs_ / 32; ++word) registers_.write32(enables + context_ * enables_size + word * 4, 0);
  registers_.write32(contexts + context_ * context_size, 0);  // every priority above 0 counts
}

bool Plic::connect(unsigned input, InterruptHandler& handler) {
  if (!has(input)) return false;
  handler.next_on_input_ = handlers_[input];
  handlers_[input] = &handler;
  registers_.write32(priorities + input * 4, 1);
  size_t word = enables + context_ * enables_size + input / 32 * 4;
  registers_.write32(word, registers_.read32(word) | 1u << input % 32);
  return true;
}

void Plic::dispatch() {
  size_t port = contexts + context_ * context_size + claim;
  // A controller that always claims to have more must not hold the CPU here for good.
  for (unsigned count = 0; count < most_inputs; ++count) {
    uint32_t input = registers_.read32(port);
    if (input == 0) return;
    for (InterruptHandler* handler = has(input) ? handlers_[input] : nullptr; handler; handler = handler->next_on_input_)
      handler->handle_interrupt();
    registers_.write32(port, input);
  }
}

}  // namespace halcyon::hal
