// Readiness of files: the event bits of poll(2), and how a caller of File::poll asks to be woken when they change.
#pragma once

#include <cstdint>

#include "core/sync/wait_queue.h"

namespace halcyon {

namespace poll {
inline constexpr uint32_t in = 0x001;
inline constexpr uint32_t pri = 0x002;
inline constexpr uint32_t out = 0x004;
inline constexpr uint32_t err = 0x008;
inline constexpr uint32_t hup = 0x010;
inline constexpr uint32_t nval = 0x020;
inline constexpr uint32_t rdnorm = 0x040;
inline constexpr uint32_t rdband = 0x080;
inline constexpr uint32_t wrnorm = 0x100;
inline constexpr uint32_t wrband = 0x200;
inline constexpr uint32_t msg = 0x400;  // nobody waits for it: signals say it
inline constexpr uint32_t rdhup = 0x2000;
}  // namespace poll

// Collects the queues that a file's readiness hangs on. A file calls watch() before it looks at its state.
class PollTable {
 public:
  virtual void watch(WaitQueue& queue) = 0;

 protected:
  ~PollTable() = default;
};

}  // namespace halcyon
