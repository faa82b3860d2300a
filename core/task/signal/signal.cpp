// What signals are, apart from any process: default actions, action tables, queues of instances.
#include "core/task/signal/signal.h"

#include "core/base/lock_guard.h"

#include <utility>

namespace halcyon {

DefaultAction default_action(int signal) {
  switch (signal) {
    case sig::chld:
    case sig::urg:
    case sig::winch: return DefaultAction::ignore;
    case sig::cont: return DefaultAction::cont;
    case sig::stop:
    case sig::tstp:
    case sig::ttin:
    case sig::ttou: return DefaultAction::stop;
    case sig::quit:
    case sig::ill:
    case sig::trap:
    case sig::abrt:
    case sig::bus:
    case sig::fpe:
    case sig::segv:
    case sig::xcpu:
    case sig::xfsz:
    case sig::sys: return DefaultAction::core_dump;
    default: return DefaultAction::terminate;
  }
}

SignalAction SignalActions::get(int signal) const {
  LockGuard guard(lock_);
  return actions_[static_cast<size_t>(signal)];
}

UserAddr SignalActions::handler(int signal) const {
  LockGuard guard(lock_);
  return actions_[static_cast<size_t>(signal)].handler;
}

SignalAction SignalActions::exchange(int signal, const SignalAction& action) {
  LockGuard guard(lock_);
  return std::exchange(actions_[static_cast<size_t>(signal)], action);
}

Result<Ref<SignalActions>> SignalActions::copy() const {
  Ref<SignalActions> copy = TRY(make_ref<SignalActions>());
  copy->lock_.assert_unshared();
  LockGuard guard(lock_);
  copy->actions_ = actions_;
  return copy;
}

void SignalActions::reset_handlers() {
  LockGuard guard(lock_);
  for (SignalAction& action : actions_) {
    UserAddr handler = action.handler == SignalAction::ignore ? SignalAction::ignore : SignalAction::default_handler;
    action = SignalAction{};
    action.handler = handler;
  }
}

bool is_ignored(int signal, UserAddr handler) {
  if (handler == SignalAction::ignore) return true;
  if (handler != SignalAction::default_handler) return false;
  DefaultAction standard = default_action(signal);
  return standard == DefaultAction::ignore || standard == DefaultAction::cont;  // which has continued the process when it was sent
}

bool PendingSignals::add(const SignalInfo& info, bool may_queue) {
  bool is_standard = info.number < sig::real_time;
  if (has_already(info)) return true;
  if (!may_queue && !is_standard && info.code != si_code::user) return false;
  set_.add(info.number);
  if (!may_queue && !is_standard) return true;
  Instance* instance = &first_;
  if (std::exchange(is_first_used_, true)) {
    auto another = make<Instance>();
    if (!another) return true;
    instance = another->release();
  }
  instance->info = info;
  queue_.push_back(*instance);
  ++queued_;
  return true;
}

// It is in no queue any more.
void PendingSignals::free(Instance& instance) {
  if (&instance == &first_) is_first_used_ = false;
  else Own<Instance>(&instance).reset();
  --queued_;
}

bool PendingSignals::take(SignalSet wanted, SignalInfo* info) {
  SignalSet ready = set_ & wanted;
  if (ready.is_empty()) return false;
  // Signals that a fault raises come first (as Linux's synchronous mask), then the lowest number.
  constexpr SignalSet synchronous = SignalSet::of(sig::segv, sig::bus, sig::ill, sig::trap, sig::fpe, sig::sys);
  if (!(ready & synchronous).is_empty()) ready = ready & synchronous;
  int number = __builtin_ctzll(ready.bits()) + 1;
  *info = SignalInfo{.number = number};
  bool has_more = false;
  Instance* found = nullptr;
  for (Instance& instance : queue_) {
    if (instance.info.number != number) continue;
    if (!found) {
      found = &instance;
    } else {
      has_more = true;
      break;
    }
  }
  if (found) {
    *info = found->info;
    queue_.erase(queue_.iterator_to(*found));
    free(*found);
  }
  if (!has_more) set_.remove(number);
  return true;
}

void PendingSignals::discard(SignalSet unwanted) {
  set_ = set_ & ~unwanted;
  for (auto it = queue_.begin(); it != queue_.end();) {
    Instance& instance = *it;
    if (!unwanted.has(instance.info.number)) {
      ++it;
      continue;
    }
    it = queue_.erase(it);
    free(instance);
  }
}

}  // namespace halcyon
