#include "core/file/async.h"

#include "core/base/lock_guard.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

class AsyncFiles::WatchTable final : public PollTable {
 public:
  explicit WatchTable(AsyncState& state) : state_(state) {}
  void watch(WaitQueue& queue) override {
    if (used_ == state_.watches.size()) return;
    AsyncState::Watch& watch = state_.watches[used_++];
    watch.state = &state_;
    watch.notify = announced;
    queue.enlist(watch);
  }

 private:
  AsyncState& state_;
  size_t used_ = 0;
};

bool AsyncFiles::announced(WaitEntry& entry) {
  kernel().async_files().note(*static_cast<AsyncState::Watch&>(entry).state);
  return false;
}

void AsyncFiles::note(AsyncState& state) {
  {
    LockGuard guard(lock_);
    if (!state.is_armed) return;
    if (!state.is_due) due_.push_back(state);
    state.is_due = true;
  }
  current_thread().add_work(work::async);
}

Result<AsyncState*> AsyncFiles::state_of(File& file) {
  if (AsyncState* known = file.async_.load(std::memory_order_acquire)) return known;
  Own<AsyncState> fresh = TRY(make<AsyncState>());
  fresh->file = &file;
  AsyncState* expected = nullptr;
  if (!file.async_.compare_exchange_strong(expected, fresh.get(), std::memory_order_acq_rel)) return expected;
  return fresh.release();
}

Result<> AsyncFiles::set_owner(File& file, const AsyncOwner& owner) {
  AsyncState* state = TRY(state_of(file));
  LockGuard guard(lock_);
  state->owner = owner;
  return {};
}

Result<> AsyncFiles::reserve(File& file) {
  auto state = state_of(file);
  return state ? Result<>{} : std::unexpected(state.error());
}

void AsyncFiles::set_default_owner(File& file) {
  AsyncState* state = file.async_.load(std::memory_order_acquire);
  Thread& self = current_thread();
  const Credentials& who = self.credentials();
  LockGuard guard(lock_);
  if (state->owner.id == 0) state->owner = {AsyncOwner::Kind::process, self.process().pid(), who.uid, who.euid};
}

void AsyncFiles::reset(const File& file) {
  AsyncState* state = file.async_.load(std::memory_order_acquire);
  LockGuard guard(lock_);
  state->owner = {};
  state->signal = 0;
}

AsyncOwner AsyncFiles::owner(const File& file) {
  AsyncState* state = file.async_.load(std::memory_order_acquire);
  if (!state) return {};
  LockGuard guard(lock_);
  return state->owner;
}

Result<> AsyncFiles::set_signal(File& file, int signal) {
  AsyncState* state = TRY(state_of(file));
  LockGuard guard(lock_);
  state->signal = signal;
  return {};
}

int AsyncFiles::signal(const File& file) {
  AsyncState* state = file.async_.load(std::memory_order_acquire);
  if (!state) return 0;
  LockGuard guard(lock_);
  return state->signal;
}

Result<> AsyncFiles::arm(File& file, int fd) {
  AsyncState* state = TRY(state_of(file));
  LockGuard arming(arming_);
  bool was_armed;
  {
    LockGuard guard(lock_);
    state->fd = fd;
    was_armed = std::exchange(state->is_armed, true);
  }
  if (was_armed) return {};
  WatchTable table(*state);
  file.poll(&table);
  return {};
}

void AsyncFiles::disarm(File& file) {
  AsyncState* state = file.async_.load(std::memory_order_acquire);
  if (!state) return;
  LockGuard arming(arming_);
  withdraw(*state);
}

void AsyncFiles::withdraw(AsyncState& state) {
  {
    LockGuard guard(lock_);
    state.is_armed = false;
    if (std::exchange(state.is_due, false)) due_.erase(due_.iterator_to(state));
  }
  for (AsyncState::Watch& watch : state.watches)
    if (WaitQueue* queue = watch.queue) queue->withdraw(watch);
}

void AsyncFiles::forget(const File& file) {
  Own<AsyncState> state(file.async_.exchange(nullptr));
  LockGuard arming(arming_);
  withdraw(*state);
}

namespace {

struct Notice {
  AsyncOwner owner;
  int signal = 0;
  SignalInfo info;
};

// The first of what poll(2) says, as sigaction(2) names it ("si_code", SIGIO).
int code_of(uint32_t events) {
  constexpr int in = 1, out = 2, error = 4, priority = 5, hangup = 6;  // 3 is a message
  if (events & poll::err) return error;
  if (events & poll::in) return in;
  if (events & poll::hup) return hangup;
  if (events & poll::pri) return priority;
  return out;
}

bool may_signal(const AsyncOwner& asker, Process& process) {
  Thread* main = process.main_thread();
  if (!main || !main->has_actions()) return false;
  const Credentials& target = main->credentials();
  if (asker.euid == 0) return true;
  return asker.euid == target.suid || asker.euid == target.uid || asker.uid == target.suid || asker.uid == target.uid;
}

// A real-time signal that finds its queue full becomes SIGIO.
void send_to(Process& process, Thread* thread, const Notice& notice) {
  if (!may_signal(notice.owner, process)) return;
  auto send = [&](const SignalInfo& info) { return thread ? send_to_thread(*thread, info) : send_to_process(process, info); };
  if (notice.signal != 0 && send(notice.info)) return;
  send(SignalInfo{.number = sig::io, .code = si_code::kernel});
}

void send_notice(Kernel& kernel, const Notice& notice) {
  LockGuard guard(kernel.tree());
  int id = notice.owner.id;
  if (id == 0) return;
  switch (notice.owner.kind) {
    case AsyncOwner::Kind::thread:
      if (Thread* thread = kernel.find_thread(id)) send_to(thread->process(), thread, notice);
      return;
    case AsyncOwner::Kind::process:
      if (Process* process = kernel.find_process(id)) send_to(*process, nullptr, notice);
      return;
    case AsyncOwner::Kind::group:
      for (Process& process : kernel.group_members(id))
        if (!process.is_zombie) send_to(process, nullptr, notice);
  }
}

// Signals that have codes of their own say only that it is about a file (Linux: sig_specific_sicodes).
int code_for(int signal, int code) {
  constexpr SignalSet specific = SignalSet::of(sig::ill, sig::fpe, sig::segv, sig::bus, sig::trap, sig::chld, sig::sys);
  return signal != 0 && specific.has(signal) ? si_code::io : code;
}

}  // namespace

void AsyncFiles::send_message(Kernel& kernel, const File& file, int fd) {
  constexpr int message = 3;
  AsyncState* state = file.async_.load(std::memory_order_acquire);
  if (!state) return;
  Notice notice;
  {
    LockGuard guard(lock_);
    notice.owner = state->owner;
    notice.signal = state->signal;
  }
  notice.info.number = notice.signal;
  notice.info.code = code_for(notice.signal, message);
  notice.info.is_about_io = true;
  notice.info.band = poll::in | poll::rdnorm | poll::msg;
  notice.info.fd = fd;
  send_notice(kernel, notice);
}

void AsyncFiles::send(Kernel& kernel) {
  for (;;) {
    Ref<File> file;
    Notice notice;
    {
      LockGuard guard(lock_);
      if (due_.empty()) return;
      AsyncState& state = due_.front();
      due_.pop_front();
      state.is_due = false;
      if (!state.file->retain_if_alive()) continue;
      file = Ref<File>::adopt(state.file);
      notice.owner = state.owner;
      notice.signal = state.signal;
      notice.info.fd = state.fd;
    }
    uint32_t events = file->poll(nullptr);
    if (events == 0) continue;
    notice.info.number = notice.signal;
    notice.info.code = code_for(notice.signal, code_of(events));
    notice.info.is_about_io = true;
    notice.info.band = events;
    send_notice(kernel, notice);
  }
}

}  // namespace halcyon
