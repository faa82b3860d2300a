#include "hal-baremetal/common/machine.h"

#include "hal-baremetal/drivers/virtio/console.h"
#include "hal/port.h"

namespace halcyon::hal {

constinit BareMachine* the_machine = nullptr;

void BareCpu::kick() {
  // With the bit already set, the interrupt is on its way or the bit will be seen before user mode is entered.
  uint32_t old = pending_.fetch_or(pending::kick, std::memory_order_seq_cst);
  if ((old & pending::kick) == 0 && this != this_bare_cpu()) send_interrupt();
}

void BareCpu::answer_calls() {
  uint64_t callers = callers_.exchange(0, std::memory_order_acquire);
  for (; callers != 0; callers &= callers - 1) {
    CrossCall& call = the_machine->bare_cpu(static_cast<unsigned>(__builtin_ctzll(callers))).call_;
    carry_out(call);
    call.unanswered.fetch_sub(1, std::memory_order_release);
  }
}

template <class Wants>
void BareMachine::call_others(CrossCall::Kind kind, Root root, uint64_t start, uint64_t end, Wants wants) {
  if (cpu_count_ == 1) return;
  BareCpu& self = *this_bare_cpu();
  // What the caller changed in memory, before what others have loaded: either we see that they loaded the root, or they see the change.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  uint64_t targets = 0;
  for (unsigned id = 0; id < cpu_count_; ++id) {
    BareCpu& cpu = *cpus_[id];
    if (&cpu != &self && cpu.is_online() && wants(cpu)) targets |= uint64_t{1} << id;
  }
  if (targets == 0) return;
  CrossCall& call = self.call_;
  call.kind = kind;
  call.root = root;
  call.start = start;
  call.end = end;
  call.unanswered.store(static_cast<unsigned>(__builtin_popcountll(targets)), std::memory_order_relaxed);
  for (uint64_t left = targets; left != 0; left &= left - 1) {
    BareCpu& cpu = *cpus_[static_cast<unsigned>(__builtin_ctzll(left))];
    // Somebody else's unanswered call means that an interrupt is on its way already.
    if (cpu.callers_.fetch_or(uint64_t{1} << self.id(), std::memory_order_release) == 0) cpu.send_interrupt();
  }
  while (call.unanswered.load(std::memory_order_acquire) != 0) spin_pause();
}

void BareMachine::shoot_down(Root root, uint64_t start, uint64_t end) {
  BareCpu& self = *this_bare_cpu();
  auto has_loaded = [root](BareCpu& cpu) { return cpu.loaded_root() == root; };
  if (has_loaded(self)) {
    CrossCall own;
    own.start = start;
    own.end = end;
    self.carry_out(own);
  }
  call_others(CrossCall::Kind::flush, root, start, end, has_loaded);
}

void BareMachine::shoot_down_kernel(uint64_t start, uint64_t end) {
  CrossCall own;
  own.start = start;
  own.end = end;
  this_bare_cpu()->carry_out(own);
  call_others(CrossCall::Kind::flush, 0, start, end, [](BareCpu&) { return true; });
}

void BareMachine::forget_root(Root root) {
  BareCpu& self = *this_bare_cpu();
  auto has_loaded = [root](BareCpu& cpu) { return cpu.loaded_root() == root; };
  if (has_loaded(self)) {
    CrossCall own;
    own.kind = CrossCall::Kind::leave_root;
    own.root = root;
    self.carry_out(own);
  }
  call_others(CrossCall::Kind::leave_root, root, 0, 0, has_loaded);
}

void BareMachine::call_sharers(CrossCall::Kind kind) {
  Root root = this_bare_cpu()->loaded_root();
  call_others(kind, root, 0, 0, [root](BareCpu& cpu) { return cpu.loaded_root() == root; });
}

void BareMachine::stop_others() {
  is_stopping_.store(true, std::memory_order_seq_cst);
  for (unsigned id = 0; id < cpu_count_; ++id)
    if (cpus_[id] != this_bare_cpu() && cpus_[id]->is_online()) cpus_[id]->send_interrupt();
}

namespace {

constexpr int64_t millisecond = 1'000'000, second = 1'000'000'000;

}  // namespace

void BareMachine::add_devices(const DeviceList& devices) {
  devices_ = devices;
  disks_ = std::span(devices_.disks).first(devices_.disk_count);
  entropy_source_ = devices.entropy;
  if (!entropy_source_) return;
  constexpr int64_t patience = 20 * millisecond;
  for (int64_t start = monotonic_time(); next_reseed_ == 0 && monotonic_time() - start < patience; spin_pause()) reseed();
  if (next_reseed_ == 0) print(early_console(), "halcyon: the entropy device does not answer; what is random is so without it\n");
}

bool BareMachine::select_console(std::string_view name) {
  if (is_first_console(name)) console_ = &first_console_;
  else if (name == "hvc0" && devices_.console) console_ = devices_.console;
  else return false;
  return true;
}

void BareMachine::set_window_size(WindowSize size) {
  set_first_window_size(size);
  if (devices_.console) devices_.console->set_window_size(size);
}

void BareMachine::random(std::span<std::byte> bytes) {
  if (entropy_source_) reseed();
  random_.fill(bytes);
}

// Once a minute; as long as the device has given nothing, at every request.
void BareMachine::reseed() {
  constexpr int64_t period = 60 * second;
  int64_t now = monotonic_time(), due = next_reseed_.load(std::memory_order_relaxed);
  if (now < due || !next_reseed_.compare_exchange_strong(due, now + period)) return;
  std::array<std::byte, 32> fresh;
  size_t count = entropy_source_->take(fresh);
  if (count == 0) next_reseed_.store(due);
  else random_.add_entropy(std::span(fresh).first(count));
}

}  // namespace halcyon::hal
