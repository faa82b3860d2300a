#include "syscalls/abi/abi.h"

#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/abi/riscv64/riscv64_abi.h"
#include "syscalls/abi/x86_64/x86_64_abi.h"
#include "syscalls/table.h"

namespace halcyon {

namespace {

Result<Own<Abi>> make_abi(hal::Isa isa) {
  switch (isa) {
    case hal::Isa::x86_64: {
      Own<X86_64Abi> abi = TRY(make<X86_64Abi>());
      return Own<Abi>(std::move(abi));
    }
    case hal::Isa::riscv64: {
      Own<Riscv64Abi> abi = TRY(make<Riscv64Abi>());
      return Own<Abi>(std::move(abi));
    }
  }
  std::unreachable();
}

}  // namespace

Result<Own<Abi>> Abi::create(const hal::Machine& machine) {
  Own<Abi> abi = TRY(make_abi(machine.isa()));
  TRY(abi->initialize(machine));
  return abi;
}

Result<> Abi::initialize(const hal::Machine& machine) {
  TRY(vdso_.initialize(vdso_image()));
  fill_vdso_data(vdso_.data(), machine.cpu_info());
  return {};
}

Abi& abi_of(Thread& self) { return static_cast<Abi&>(self.kernel().personality()); }

void Abi::syscall(Thread& self) {
  hal::UserContext& context = self.context();
  uint64_t number = context.get(hal::Reg::number);
  self.syscall_number = number;
  if (self.syscall_work.load(std::memory_order_relaxed) != 0) [[unlikely]]
    return syscall_with_work(self, number);
  const SyscallEntry* entry = find_syscall(table_, number);
  if (!entry) [[unlikely]]
    return finish_failed(self, Errno::nosys);
  Result<uint64_t> result = entry->call(self);
  if (result) [[likely]]
    return context.finish_syscall(*result);
  finish_failed(self, result.error());
}

void Abi::finish_failed(Thread& self, Errno error) {
  if (error == registers_are_set) return;  // the result register among them
  if (is_restart(error)) {
    self.set_restart(error);
    self.add_work(work::signal);
    return;
  }
  self.context().finish_syscall(-static_cast<uint64_t>(error));
}

void Abi::arrange_restart_syscall(Thread& self) {
  self.context().rewind_trap();
  self.context().set(hal::Reg::number, restart_syscall_number(isa_));
}

Abi::FramePlace Abi::place_frame(Thread& self, const SignalAction& action, uint64_t red_zone) {
  UserAddr sp = self.context().get(hal::Reg::sp);
  const SignalStack& stack = self.signal_stack();
  if ((action.flags & sa_flag::on_stack) && !stack.is_disabled && !stack.contains(sp)) return {stack.base + stack.size, true};
  return {sp - red_zone, false};
}

namespace {
constexpr int32_t on_stack = 1, disable = 2;
constexpr int32_t autodisarm = static_cast<int32_t>(1u << 31);
}  // namespace

Abi::UserStackLayout Abi::stack_layout(Thread& self, UserAddr sp) {
  const SignalStack& stack = self.signal_stack();
  int32_t flags = stack.is_disabled ? disable : stack.contains(sp) && !stack.autodisarm ? on_stack : 0;
  if (stack.autodisarm) flags |= autodisarm;
  return {stack.base, flags, 0, stack.size};
}

void Abi::restore_stack(Thread& self, const UserStackLayout& layout) {
  SignalStack& stack = self.signal_stack();
  stack.is_disabled = (layout.flags & disable) != 0;
  stack.autodisarm = (layout.flags & autodisarm) != 0;
  stack.base = stack.is_disabled ? 0 : layout.base;
  stack.size = stack.is_disabled ? 0 : layout.size;
}

SiginfoLayout to_user(const SignalInfo& info) {
  SiginfoLayout layout{};
  layout.number = info.number;
  layout.error = info.error;
  layout.code = info.code;
  if (is_fault(info)) {
    layout.address = info.address;
  } else if (info.number == sig::sys && info.code > 0 && info.code != si_code::kernel) {
    layout.address = info.address;
    layout.system_call = info.system_call;
    layout.architecture = info.architecture;
  } else if (is_about_io(info)) {
    layout.band = info.band;
    layout.fd = info.fd;
  } else if (info.code == si_code::timer) {
    layout.timer_id = info.timer_id;
    layout.overrun = info.overrun;
    layout.timer_value = info.value;
  } else if (info.number == sig::chld && info.code > 0) {
    layout.pid = info.pid;
    layout.uid = info.uid;
    layout.status = info.status;
    layout.user_time = info.user_time;
    layout.system_time = info.system_time;
  } else {
    layout.pid = info.pid;
    layout.uid = info.uid;
    layout.value = info.value;
  }
  return layout;
}

SignalInfo from_user(const SiginfoLayout& layout) {
  SignalInfo info;
  info.number = layout.number;
  info.error = layout.error;
  info.code = layout.code;
  info.pid = layout.pid;
  info.uid = layout.uid;
  info.value = layout.value;
  return info;
}

RusageLayout to_user(const ResourceUse& use) {
  auto split = [](Nanoseconds time) { return Timeval{time / 1'000'000'000, time % 1'000'000'000 / 1000}; };
  RusageLayout layout{};
  layout.user_time = split(use.user_time);
  layout.system_time = split(use.system_time);
  layout.max_resident_kib = static_cast<int64_t>(use.max_resident_pages * (page_size / 1024));
  layout.minor_faults = static_cast<int64_t>(use.minor_faults);
  layout.major_faults = static_cast<int64_t>(use.major_faults);
  layout.voluntary_switches = static_cast<int64_t>(use.voluntary_switches);
  layout.involuntary_switches = static_cast<int64_t>(use.involuntary_switches);
  return layout;
}

}  // namespace halcyon
