// The signal frame of x86_64 (arch/x86: struct rt_sigframe): return address, ucontext, siginfo; the floating-point state lies above,
// 64-byte aligned.
#include "syscalls/abi/x86_64/floating_point_frame.h"
#include "syscalls/abi/x86_64/x86_64_abi.h"

namespace halcyon {

namespace {

struct Sigcontext {
  std::array<uint64_t, 8> r8_to_r15;
  uint64_t di, si, bp, bx, dx, ax, cx, sp, ip, flags;
  uint16_t cs, gs, fs, ss;
  uint64_t error, trap, old_mask, cr2;
  uint64_t floating_point;  // its address
  std::array<uint64_t, 8> reserved;
};
static_assert(sizeof(Sigcontext) == 256);

struct StackLayout {
  uint64_t base;
  int32_t flags, padding;
  uint64_t size;
};

struct Frame {
  uint64_t return_address;
  uint64_t uc_flags, uc_link;
  StackLayout stack;
  Sigcontext context;
  uint64_t mask;
  SiginfoLayout info;
};
static_assert(offsetof(Frame, info) == 8 + 304);

constexpr uint64_t red_zone = 128;
constexpr uint64_t uc_fp_xstate = 1, uc_sigcontext_ss = 2, uc_strict_restore_ss = 4;
constexpr uint64_t direction = 1 << 10, trap_flag = 1 << 8, resume = 1 << 16;
// What rt_sigreturn may change: AC, OF, DF, TF, SF, ZF, AF, PF, CF, RF.
constexpr uint64_t changeable_flags = 0x50dd5 | (1 << 18);

// Encoding order of the general registers.
enum : unsigned { rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 };

}  // namespace

Result<> X86_64Abi::push_signal_frame(Thread& self, const SignalInfo& info, const SignalAction& action, SignalSet old_mask) {
  if (!(action.flags & sa_flag::restorer)) return err::fault;
  hal::UserContext& context = self.context();
  auto general = [&](unsigned index) { return context.get(hal::general(index)); };
  UserAddr old_sp = context.get(hal::Reg::sp);
  FramePlace place = place_frame(self, action, red_zone);
  UserAddr image_at = (place.top - floating_point_frame_size(self)) & ~uint64_t{63};
  UserAddr frame_at = ((image_at - sizeof(Frame)) & ~uint64_t{15}) - 8;
  if (self.signal_stack().contains(old_sp) && !place.switches_stack && !self.signal_stack().contains(frame_at)) return err::fault;

  Frame frame{};
  frame.return_address = action.restorer;
  frame.uc_flags = (has_extended_state() ? uc_fp_xstate : 0) | uc_sigcontext_ss | uc_strict_restore_ss;
  UserStackLayout stack = stack_layout(self, old_sp);
  frame.stack = {stack.base, stack.flags, 0, stack.size};
  Sigcontext& saved = frame.context;
  for (unsigned index = 0; index < 8; ++index) saved.r8_to_r15[index] = general(r8 + index);
  saved.di = general(rdi), saved.si = general(rsi), saved.bp = general(rbp), saved.bx = general(rbx);
  saved.dx = general(rdx), saved.ax = general(rax), saved.cx = general(rcx), saved.sp = old_sp;
  saved.ip = context.get(hal::Reg::pc);
  saved.flags = context.get(hal::Reg::flags);
  saved.cs = 0x33;
  saved.ss = 0x2b;
  saved.old_mask = old_mask.bits();
  saved.cr2 = info.address;
  saved.floating_point = image_at;
  frame.mask = old_mask.bits();
  frame.info = to_user(info);
  AddressSpace& memory = self.memory();
  if (auto stored = put_floating_point_frame(self, image_at); !stored) return stored;
  if (auto stored = put_user(memory, UserPtr<Frame>(frame_at), frame); !stored) return stored;

  context.set(hal::general(rdi), static_cast<uint64_t>(info.number));
  context.set(hal::general(rsi), frame_at + offsetof(Frame, info));
  context.set(hal::general(rdx), frame_at + offsetof(Frame, uc_flags));
  context.set(hal::general(rax), 0);
  context.set(hal::Reg::sp, frame_at);
  context.set(hal::Reg::flags, saved.flags & ~(direction | trap_flag | resume));
  context.set(hal::Reg::pc, action.handler);
  if (self.signal_stack().autodisarm) self.signal_stack() = SignalStack{};
  return {};
}

Result<> X86_64Abi::pop_signal_frame(Thread& self) {
  hal::UserContext& context = self.context();
  AddressSpace& memory = self.memory();
  // The handler's return has popped the return address.
  UserAddr frame_at = context.get(hal::Reg::sp) - 8;
  Frame frame = TRY(get_user(memory, UserPtr<const Frame>(frame_at)));
  const Sigcontext& saved = frame.context;
  if (auto loaded = get_floating_point_frame(self, saved.floating_point); !loaded) return loaded;
  auto set = [&](unsigned index, uint64_t value) { context.set(hal::general(index), value); };
  for (unsigned index = 0; index < 8; ++index) set(r8 + index, saved.r8_to_r15[index]);
  set(rdi, saved.di), set(rsi, saved.si), set(rbp, saved.bp), set(rbx, saved.bx);
  set(rdx, saved.dx), set(rax, saved.ax), set(rcx, saved.cx);
  context.set(hal::Reg::sp, saved.sp);
  uint64_t flags = context.get(hal::Reg::flags);
  context.set(hal::Reg::flags, (flags & ~changeable_flags) | (saved.flags & changeable_flags));
  context.set(hal::Reg::pc, saved.ip);
  restore_stack(self, {frame.stack.base, frame.stack.flags, 0, frame.stack.size});
  self.set_blocked(SignalSet(frame.mask));
  return {};
}

}  // namespace halcyon
