// Robust futexes (get_robust_list(2)): what becomes of the locks of a thread that ends.
#include "core/ipc/futex/pi_futex.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

namespace {

// A lock with priority inheritance goes to its waiters by PiFutexes::release_all.
void release_robust(Thread& self, UserAddr address, bool is_pi) {
  AddressSpace& memory = self.memory();
  auto word = load_user_word(memory, address);
  if (!word) return;
  uint32_t old = *word;
  while ((old & futex_word::tid_mask) == static_cast<uint32_t>(self.tid())) {
    auto stored = compare_exchange_user_word(memory, address, &old, (old & futex_word::waiters) | futex_word::owner_died);
    if (!stored) return;
    if (!*stored) continue;
    if (!is_pi && (old & futex_word::waiters)) static_cast<void>(wake_futex(memory, address, false, 1, ~0u));
    return;
  }
}

}  // namespace

void release_robust_futexes(Thread& self, UserAddr list) {
  struct Head {
    uint64_t next;
    int64_t offset;
    uint64_t pending;
  };
  AddressSpace& memory = self.memory();
  auto head = get_user(memory, UserPtr<const Head>(list));
  if (!head) return;
  constexpr unsigned limit = 2048;  // as Linux: a list may be a loop
  constexpr uint64_t pi_bit = 1;    // of a pointer to a lock with priority inheritance
  auto release = [&](uint64_t pointer) {
    release_robust(self, (pointer & ~pi_bit) + static_cast<uint64_t>(head->offset), (pointer & pi_bit) != 0);
  };
  uint64_t entry = head->next;
  for (unsigned count = 0; count < limit && (entry & ~pi_bit) != list; ++count) {
    auto next = get_user(memory, UserPtr<const uint64_t>(entry & ~pi_bit));
    if ((entry & ~pi_bit) != (head->pending & ~pi_bit)) release(entry);
    if (!next) break;
    entry = *next;
  }
  if (head->pending) release(head->pending);
}

}  // namespace halcyon
