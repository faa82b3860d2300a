// Interrupts between controllers and drivers. Handlers run with interrupts masked, beside whatever kernel code was interrupted: they
// acknowledge their device, raise an Event, and touch nothing else that kernel code touches, except by atomics.
#pragma once

#include <cstdint>

namespace halcyon::hal {

class InterruptHandler {
 public:
  virtual void handle_interrupt() = 0;

 protected:
  ~InterruptHandler() = default;

 private:
  friend class Plic;
  InterruptHandler* next_on_input_ = nullptr;
};

class InterruptController {
 public:
  // Calls `handler` when that input is active, from now on; if the controller lets several share it, one after the other. False if there is
  // no such input.
  virtual bool connect(unsigned input, InterruptHandler& handler) = 0;

 protected:
  ~InterruptController() = default;
};

}  // namespace halcyon::hal
