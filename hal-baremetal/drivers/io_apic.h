// The I/O APIC (Intel 82093AA data sheet): inputs from devices, each of which becomes a vector at one CPU. Registers are reached through a
// window: a number is written, then data are read or written.
#pragma once

#include <array>

#include "hal-baremetal/drivers/interrupts.h"
#include "hal-baremetal/drivers/registers.h"

namespace halcyon::hal {

class IoApic final : public InterruptController {
 public:
  // Its inputs are numbered from `first_input`; input n becomes the vector `first_vector` + n, at the CPU whose local APIC is `target`. All
  // are masked until they are connected.
  IoApic(Registers& registers, unsigned first_input, unsigned first_vector, uint32_t target);

  // Before connect(); else the input is edge-triggered and active when high.
  void configure(unsigned input, bool is_level, bool is_low);
  bool connect(unsigned input, InterruptHandler& handler) override;
  bool has(unsigned input) const { return input - first_input_ < inputs_; }
  // On an interrupt by that input, which is then to be ended at the local APIC. False: nobody is connected.
  bool dispatch(unsigned input);

 private:
  static constexpr unsigned most_inputs = 128;

  uint32_t read(uint32_t number);
  void write(uint32_t number, uint32_t value);

  Registers& registers_;
  unsigned first_input_, first_vector_;
  uint32_t target_;
  unsigned inputs_;
  std::array<uint32_t, most_inputs> modes_{};
  std::array<InterruptHandler*, most_inputs> handlers_{};
};

}  // namespace halcyon::hal
