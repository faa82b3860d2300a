// Waiting for one of many files (poll(2), select(2)): enlists the thread in every queue that the files name, and parks.
//
// A wait looks first without enlisting, so that what is ready already costs one look per file and no allocation. Then it enlists once,
// while it looks again, and parks; after every wake it looks at all files again, by descriptor, as Linux does.
#pragma once

#include <array>

#include "core/base/own.h"
#include "core/file/file.h"
#include "core/file/poll.h"

namespace halcyon {

class Thread;

// The queues that one thread is enlisted in. A few fit inline; more come in blocks.
class PollWaiter final : public PollTable {
 public:
  explicit PollWaiter(Thread& self) : self_(self) {}
  PollWaiter(const PollWaiter&) = delete;
  PollWaiter& operator=(const PollWaiter&) = delete;
  ~PollWaiter();

  // Asks `file` for its events, watching its queues, and keeps it open as long as this object lives.
  uint32_t look(Ref<File> file);
  void watch(WaitQueue& queue) override;
  // A watch found no memory: the wait cannot be relied on.
  bool has_failed() const { return has_failed_; }

 private:
  struct Entry {
    WaitEntry wait;
    Ref<File> file;
  };
  static constexpr size_t inline_count = 8;
  static constexpr size_t block_count = 24;
  struct Block {
    std::array<Entry, block_count> entries;
    Own<Block> next;
  };
  Entry* take_entry();

  Thread& self_;
  Ref<File> file_;  // that look() asks
  std::array<Entry, inline_count> inline_;
  size_t used_ = 0;  // in inline_, then in the newest block
  Own<Block> newest_;
  bool has_failed_ = false;
};

// A set of descriptors and what is wanted of each.
class PollSet {
 public:
  // Looks at every descriptor, records what holds, and returns how many have something to tell. With a waiter, watches them, but only until
  // the first that has. An error ends the wait.
  virtual Result<uint64_t> look(PollWaiter* waiter) = 0;

 protected:
  ~PollSet() = default;
};

// Waits until look() finds something: its result then, 0 at the CLOCK_MONOTONIC deadline (any time in the past: only look), EINTR for a
// signal. ENOMEM.
Result<uint64_t> wait_for_events(Thread& self, PollSet& set, Nanoseconds deadline);

// Goes on with a poll(2) that a signal without handler interrupted (RestartBlock::Kind::poll).
Result<uint64_t> restart_poll(Thread& self);

}  // namespace halcyon
