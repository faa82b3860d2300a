// The RISC-V platform-level interrupt controller (RISC-V PLIC specification): inputs with a priority, and contexts, of which each CPU's
// supervisor mode is one. All inputs are led to one context.
#pragma once

#include <array>

#include "hal-baremetal/drivers/interrupts.h"
#include "hal-baremetal/drivers/registers.h"

namespace halcyon::hal {

class Plic final : public InterruptController {
 public:
  // `inputs`: the highest input number. `context` takes the interrupts.
  Plic(Registers& registers, unsigned inputs, unsigned context);
  bool has(unsigned input) const { return input != 0 && input <= inputs_; }
  bool connect(unsigned input, InterruptHandler& handler) override;
  // On an external interrupt of the context's CPU: calls the handlers of all inputs that are active.
  void dispatch();

 private:
  static constexpr unsigned most_inputs = 128;

  Registers& registers_;
  unsigned inputs_;
  unsigned context_;
  std::array<InterruptHandler*, most_inputs> handlers_{};  // the last that was connected
};

}  // namespace halcyon::hal
