// Strace: writes every system call and signal as strace(1) does.
//
//   openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3
//   [pid 3] read(0,  <unfinished ...>
//   [pid 2] close(3)                        = 0
//   [pid 3] <... read resumed>"x\n", 4096)  = 2
//
// A call's arguments are written when it starts, up to the first that only its end can tell; the rest follows then. The line that is being
// written belongs to one thread; another that has something to say breaks it off. Give it to Kernel::set_observer before the first program
// starts, and keep it until the last has ended.
//
// Lock: one mutex (rank device) around the output and the list of threads. Text is put together before it is taken, for that touches user
// memory.
#pragma once

#include <span>

#include "core/base/annotations.h"
#include "core/base/own.h"
#include "core/base/print.h"
#include "core/sync/mutex.h"
#include "core/task/kernel.h"
#include "syscalls/strace/call.h"

namespace halcyon::strace {

class Strace final : public SyscallObserver {
 public:
  struct Options {
    size_t result_column = 40;  // where results line up
    bool shows_time = false;    // lines begin with CLOCK_REALTIME in seconds, as those of strace -ttt
  };
  explicit Strace(Writer& out) : Strace(out, Options{}) {}
  Strace(Writer& out, const Options& options) : out_(out), options_(options) {}
  ~Strace() override;

  // The first program was started, by nobody's call: says so as its execve(2). `stack` stands for the environment's address.
  void started(Thread& self, std::string_view path, std::span<const std::string_view> arguments, size_t variables, UserAddr stack);

  void enter(Thread& self, uint64_t number) override;
  void leave(Thread& self, uint64_t number, uint64_t result) override;
  void signal(Thread& self, const SignalInfo& info) override;
  void exited(Thread& self, int status) override;

 private:
  // What a thread is doing. Its own but for `is_broken_off`, `thread` and `next`, which the lock protects.
  struct State {
    Thread* thread = nullptr;
    Own<State> next;
    const SyscallEntry* entry = nullptr;  // of the call that it is in; null outside of calls
    uint64_t number = 0;
    std::array<uint64_t, 6> arguments{};
    unsigned shown = 0;          // arguments written already
    bool is_broken_off = false;  // its line ended in "<unfinished ...>"
  };

  State* state_of(Thread& self);  // null without memory
  void forget(Thread& self);
  void write_arguments(TextBuffer& text, State& state, const Call& call);
  // Writes `text`, on the line that `state` has begun or on a new one. With a result, ends the line with it.
  void put(State& state, std::string_view text, std::string_view result, bool ends_line);
  void write(std::string_view text) REQUIRES(lock_);
  void begin_line(Thread& self) REQUIRES(lock_);

  Writer& out_;
  const Options options_;
  Mutex lock_{Rank::device};
  Own<State> states_ GUARDED_BY(lock_);
  State* open_ GUARDED_BY(lock_) = nullptr;  // whose line lacks its end
  size_t column_ GUARDED_BY(lock_) = 0;
};

}  // namespace halcyon::strace
