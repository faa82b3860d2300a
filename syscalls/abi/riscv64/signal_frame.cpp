// The signal frame of riscv64 (arch/riscv: struct rt_sigframe): siginfo, then ucontext with pc, x1..x31 and the floating-point state.
#include "syscalls/abi/riscv64/riscv64_abi.h"

namespace halcyon {

namespace {

struct StackLayout {
  uint64_t base;
  int32_t flags, padding;
  uint64_t size;
};

constexpr size_t d_state_size = 264;  // f0..f31, fcsr

struct alignas(16) Frame {
  SiginfoLayout info;
  uint64_t uc_flags, uc_link;
  StackLayout stack;
  uint64_t mask;
  std::array<std::byte, 120> unused;
  alignas(16) std::array<uint64_t, 32> registers;  // pc, x1..x31
  alignas(16) std::array<std::byte, 528> floating_point;
};
static_assert(offsetof(Frame, registers) == 128 + 176 && sizeof(Frame) == 128 + 960);

}  // namespace

Result<> Riscv64Abi::push_signal_frame(Thread& self, const SignalInfo& info, const SignalAction& action, SignalSet old_mask) {
  hal::UserContext& context = self.context();
  UserAddr old_sp = context.get(hal::Reg::sp);
  FramePlace place = place_frame(self, action, 0);
  UserAddr frame_at = (place.top - sizeof(Frame)) & ~uint64_t{15};
  if (self.signal_stack().contains(old_sp) && !place.switches_stack && !self.signal_stack().contains(frame_at)) return err::fault;

  {
    UserSpan span(self.memory(), frame_at, sizeof(Frame), alignof(Frame), hal::Access::write);
    Frame buffer;
    Frame& frame = span ? span.as<Frame>() : buffer;
    frame = Frame{};
    frame.info = to_user(info);
    UserStackLayout stack = stack_layout(self, old_sp);
    frame.stack = {stack.base, stack.flags, 0, stack.size};
    frame.mask = old_mask.bits();
    frame.registers[0] = context.get(hal::Reg::pc);
    for (unsigned index = 1; index < 32; ++index) frame.registers[index] = context.get(hal::general(index));
    context.save_floating_point(std::span(frame.floating_point).first(d_state_size));
    if (!span) {
      TRY(put_user(self.memory(), UserPtr<Frame>(frame_at), buffer));
    }
  }

  constexpr unsigned ra = 1, a1 = 11, a2 = 12;
  context.set(hal::general(ra), self.memory().vdso() + vdso().entry());
  context.set(hal::Reg::arg0, static_cast<uint64_t>(info.number));
  context.set(hal::general(a1), frame_at + offsetof(Frame, info));
  context.set(hal::general(a2), frame_at + offsetof(Frame, uc_flags));
  context.set(hal::Reg::sp, frame_at);
  context.set(hal::Reg::pc, action.handler);
  if (self.signal_stack().autodisarm) self.signal_stack() = SignalStack{};
  return {};
}

Result<> Riscv64Abi::pop_signal_frame(Thread& self) {
  hal::UserContext& context = self.context();
  Frame frame = TRY(get_user(self.memory(), UserPtr<const Frame>(context.get(hal::Reg::sp))));
  if (!context.load_floating_point(std::span<const std::byte>(frame.floating_point).first(d_state_size))) return err::inval;
  for (unsigned index = 1; index < 32; ++index) context.set(hal::general(index), frame.registers[index]);
  context.set(hal::Reg::pc, frame.registers[0]);
  restore_stack(self, {frame.stack.base, frame.stack.flags, 0, frame.stack.size});
  self.set_blocked(SignalSet(frame.mask));
  return {};
}

}  // namespace halcyon
