#include "syscalls/event/poll_wait.h"

#include "core/task/kernel.h"
#include "core/task/thread.h"

namespace halcyon {

PollWaiter::~PollWaiter() {
  size_t count = newest_ ? inline_count : used_;
  for (size_t index = 0; index < count; ++index)
    if (WaitQueue* queue = inline_[index].wait.queue) queue->withdraw(inline_[index].wait);
  count = used_;
  for (Block* block = newest_.get(); block; block = block->next.get(), count = block_count)
    for (size_t index = 0; index < count; ++index)
      if (WaitQueue* queue = block->entries[index].wait.queue) queue->withdraw(block->entries[index].wait);
  // One block after the other: a chain of destructors would be as deep as the list is long.
  while (newest_) {
    Own<Block> next = std::move(newest_->next);
    newest_ = std::move(next);
  }
}

PollWaiter::Entry* PollWaiter::take_entry() {
  if (!newest_ && used_ < inline_count) return &inline_[used_++];
  if (!newest_ || used_ == block_count) {
    auto block = make<Block>();
    if (!block) return nullptr;
    (*block)->next = std::move(newest_);
    newest_ = *std::move(block);
    used_ = 0;
  }
  return &newest_->entries[used_++];
}

uint32_t PollWaiter::look(Ref<File> file) {
  file_ = std::move(file);
  return file_->poll(this);
}

void PollWaiter::watch(WaitQueue& queue) {
  Entry* entry = take_entry();
  if (!entry) {
    has_failed_ = true;
    return;
  }
  entry->file = file_;
  entry->wait.thread = &self_;
  queue.enlist(entry->wait);
}

Result<uint64_t> wait_for_events(Thread& self, PollSet& set, Nanoseconds deadline) {
  Result<uint64_t> found = set.look(nullptr);
  if (!found || *found > 0) return found;
  if (deadline <= self.kernel().clock().monotonic()) {
    // A mask put in place for the call may have let a pending signal through: it counts even without a wait.
    if ((self.pending_work() & (work::signal | work::die)) && self.has_deliverable_signal()) return err::intr;
    return 0;
  }
  PollWaiter waiter(self);
  PollWaiter* watcher = &waiter;
  Result<> wait;
  for (;;) {
    prepare_to_park();
    found = set.look(watcher);
    if (found && *found == 0 && waiter.has_failed()) found = err::nomem;
    if (!found || *found > 0 || !wait) {
      cancel_park();
      break;
    }
    watcher = nullptr;
    // The deadline or a signal may come together with an event: after either, look once more.
    wait = park(deadline, Interruptible::yes);
  }
  if (!found || *found > 0) return found;
  if (wait.error() == Errno::timedout) return 0;
  return err::intr;
}

}  // namespace halcyon
