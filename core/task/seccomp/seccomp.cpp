#include "core/task/seccomp/seccomp.h"

#include "core/base/lock_guard.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

Result<Ref<SeccompFilter>> SeccompFilter::create(Vec<BpfInstruction> program) {
  TRY(check_seccomp_program(program.span()));
  return make_ref<SeccompFilter>(std::move(program));
}

// One after the other: a destructor within a destructor, thousands deep, would need more stack than there is.
SeccompFilter::~SeccompFilter() {
  while (below_ && below_->reference_count() == 1) {
    Ref<SeccompFilter> last = std::move(below_);
    below_ = std::move(last->below_);
  }
}

Result<> SeccompFilter::put_on(const Ref<SeccompFilter>& below) {
  instructions_ = program_.size() + (below ? below->instructions_ + cost_of_each : 0);
  if (instructions_ > max_instructions) return err::nomem;
  depth_ = 1 + (below ? below->depth_ : 0);
  below_ = below;
  return {};
}

bool SeccompFilter::is_above(const SeccompFilter* other) const {
  if (!other) return true;
  for (const SeccompFilter* filter = this; filter; filter = filter->below_.get())
    if (filter == other) return true;
  return false;
}

uint32_t SeccompFilter::decide(const SeccompData& data) const {
  auto rank = [](uint32_t result) { return static_cast<int32_t>(result & seccomp_action::action_mask); };
  uint32_t decision = seccomp_action::allow;
  for (const SeccompFilter* filter = this; filter; filter = filter->below_.get()) {
    uint32_t result = run_seccomp_program(filter->program_.span(), data);
    if (rank(result) < rank(decision)) decision = result;
  }
  return decision;
}

namespace {

void set_mode(Thread& thread, SeccompState::Mode mode) {
  thread.seccomp.mode.store(mode, std::memory_order_relaxed);
  thread.syscall_work.fetch_or(syscall_work::seccomp, std::memory_order_release);
}

}  // namespace

Result<> enter_strict_seccomp(Thread& self) {
  LockGuard guard(self.kernel().tree());
  if (self.seccomp.mode == SeccompState::Mode::filter) return err::inval;
  set_mode(self, SeccompState::Mode::strict);
  return {};
}

Result<int> add_seccomp_filter(Thread& self, Ref<SeccompFilter> filter, bool on_all_threads) {
  using Mode = SeccompState::Mode;
  LockGuard guard(self.kernel().tree());
  SeccompState& own = self.seccomp;
  if (own.mode == Mode::strict) return err::inval;
  auto can_follow = [&](Thread& thread) {
    const SeccompFilter* his = thread.seccomp.filters.get();
    if (thread.seccomp.mode == Mode::strict) return false;
    return !his || (own.filters && own.filters->is_above(his));
  };
  TRY(filter->put_on(own.filters));
  if (on_all_threads)
    for (Thread& thread : self.process().threads)
      if (&thread != &self && !can_follow(thread)) return thread.tid();
  own.set_filters(filter);
  set_mode(self, Mode::filter);
  if (!on_all_threads) return 0;
  for (Thread& thread : self.process().threads) {
    if (&thread == &self) continue;
    thread.seccomp.set_filters(filter);
    if (self.no_new_privileges) thread.no_new_privileges = true;
    set_mode(thread, Mode::filter);
  }
  return 0;
}

void inherit_seccomp(Thread& child, Thread& self) {
  child.no_new_privileges = self.no_new_privileges.load();
  if (self.seccomp.mode == SeccompState::Mode::disabled) return;
  child.seccomp.set_filters(self.seccomp.filters);
  set_mode(child, self.seccomp.mode);
}

}  // namespace halcyon
