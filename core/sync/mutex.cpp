#include "core/sync/mutex.h"

namespace halcyon {

void Mutex::lock_slow() {
  static_cast<void>(waiters_.wait_until([this] { return !is_held_.exchange(true, std::memory_order_acquire); }, never, Interruptible::no));
}

}  // namespace halcyon
