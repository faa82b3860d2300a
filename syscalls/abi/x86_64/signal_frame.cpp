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

// With the floating-point state above it: one piece, as long as the program leaves it so.
struct Whole {
  Frame frame;
  std::array<std::byte, 16> between;
  std::array<std::byte, floating_point_frame_most> image;
};
constexpr size_t image_at_offset = offsetof(Whole, image);
static_assert(image_at_offset % 16 == 8);  // the frame lies as a call would leave the stack

constexpr uint64_t red_zone = 128;
constexpr uint64_t uc_fp_xstate = 1, uc_sigcontext_ss = 2, uc_strict_restore_ss = 4;
constexpr uint64_t direction = 1 << 10, trap_flag = 1 << 8, resume = 1 << 16;
// What rt_sigreturn may change: AC, OF, DF, TF, SF, ZF, AF, PF, CF, RF.
constexpr uint64_t changeable_flags = 0x50dd5 | (1 << 18);

// Encoding order of the general registers.
enum : unsigned { rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 };

// As Linux has it: nobody learns which addresses of the kernel's half are mapped.
uint64_t shown_error(Thread& self) {
  constexpr unsigned page_fault = 14;
  const FaultRecord& fault = self.last_fault;
  bool is_kernels = fault.vector == page_fault && fault.address >= self.memory().layout().user_end;
  return fault.error_code | (is_kernels ? hal::page_fault_code::present : 0u);
}

}  // namespace

Result<> X86_64Abi::push_signal_frame(Thread& self, const SignalInfo& info, const SignalAction& action, SignalSet old_mask) {
  if (!(action.flags & sa_flag::restorer)) return err::fault;
  hal::UserContext& context = self.context();
  auto general = [&](unsigned index) { return context.get(hal::general(index)); };
  UserAddr old_sp = context.get(hal::Reg::sp);
  FramePlace place = place_frame(self, action, red_zone);
  UserAddr image_at = (place.top - floating_point_frame_size(self)) & ~uint64_t{63};
  UserAddr frame_at = image_at - image_at_offset;
  if (self.signal_stack().contains(old_sp) && !place.switches_stack && !self.signal_stack().contains(frame_at)) return err::fault;

  uint64_t flags = context.get(hal::Reg::flags);
  AddressSpace& memory = self.memory();
  size_t image_size = floating_point_frame_size(self), size = image_at_offset + image_size;
  {
    UserSpan span(memory, frame_at, size, alignof(Whole), hal::Access::write);
    Whole buffer;  // all of what counts is set below
    Whole& whole = span ? span.as<Whole>() : buffer;
    make_floating_point_frame(self, std::span(whole.image).first(image_size));
    whole.between = {};
    Frame& frame = whole.frame;
    frame.return_address = action.restorer;
    frame.uc_flags = (has_extended_state() ? uc_fp_xstate : 0) | uc_sigcontext_ss | uc_strict_restore_ss;
    frame.uc_link = 0;
    UserStackLayout stack = stack_layout(self, old_sp);
    frame.stack = {stack.base, stack.flags, 0, stack.size};
    Sigcontext& saved = frame.context;
    for (unsigned index = 0; index < 8; ++index) saved.r8_to_r15[index] = general(r8 + index);
    saved.di = general(rdi), saved.si = general(rsi), saved.bp = general(rbp), saved.bx = general(rbx);
    saved.dx = general(rdx), saved.ax = general(rax), saved.cx = general(rcx), saved.sp = old_sp;
    saved.ip = context.get(hal::Reg::pc);
    saved.flags = flags;
    saved.cs = 0x33, saved.gs = saved.fs = 0, saved.ss = 0x2b;
    saved.error = shown_error(self);
    saved.trap = self.last_fault.vector;
    saved.old_mask = old_mask.bits();
    saved.cr2 = self.last_fault.address;
    saved.floating_point = image_at;
    saved.reserved = {};
    frame.mask = old_mask.bits();
    frame.info = to_user(info);
    if (!span && copy_to_user(memory, frame_at, std::as_bytes(std::span(&buffer, 1)).first(size)) != size) return err::fault;
  }

  context.reset_floating_point();
  context.set(hal::general(rdi), static_cast<uint64_t>(info.number));
  context.set(hal::general(rsi), frame_at + offsetof(Frame, info));
  context.set(hal::general(rdx), frame_at + offsetof(Frame, uc_flags));
  context.set(hal::general(rax), 0);
  context.set(hal::Reg::sp, frame_at);
  context.set(hal::Reg::flags, flags & ~(direction | trap_flag | resume));
  context.set(hal::Reg::pc, action.handler);
  if (self.signal_stack().autodisarm) self.signal_stack() = SignalStack{};
  return {};
}

Result<> X86_64Abi::pop_signal_frame(Thread& self) {
  hal::UserContext& context = self.context();
  AddressSpace& memory = self.memory();
  // The handler's return has popped the return address.
  UserAddr frame_at = context.get(hal::Reg::sp) - 8;
  size_t image_size = floating_point_frame_size(self), size = image_at_offset + image_size;
  UserSpan span(memory, frame_at, size, alignof(Whole), hal::Access::read);
  Whole buffer;
  size_t fetched = span ? size : copy_from_user(memory, std::as_writable_bytes(std::span(&buffer, 1)).first(size), frame_at);
  const Whole& whole = span ? span.as<Whole>() : buffer;
  const Frame& frame = whole.frame;
  if (fetched < sizeof frame) return err::fault;
  const Sigcontext& saved = frame.context;
  bool is_usual = saved.floating_point == frame_at + image_at_offset && fetched > image_at_offset;
  auto image = std::span(whole.image).first(is_usual ? fetched - image_at_offset : 0);
  TRY(take_floating_point_frame(self, saved.floating_point, image));
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
