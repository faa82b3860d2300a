// Traps of the x86_64 CPU.
//
// Unicorn delivers no exception to the guest; it calls the interrupt hook and stops. But it remembers the exception as one that is being
// delivered (old_exception), so the next page fault would become a double fault, and the one after that ends the run. After each exception
// that word is set back: in the thread's copy, which the engine then reloads if the same thread goes on.
#include "hal-unicorn/x86_64.h"

#include <initializer_list>

#include "hal-unicorn/context.h"
#include "hal-unicorn/floating_x86_64.h"
#include "hal-unicorn/guest_code.h"
#include "hal-unicorn/snapshot.h"
#include "hal/isa/x86_64/floating_point.h"
#include "hal/isa/x86_64/page_format.h"

namespace halcyon::hal {
namespace {

enum Vector : uint32_t {
  divide_error = 0,
  debug = 1,
  breakpoint = 3,
  invalid_opcode = 6,
  protection_fault = 13,
  page_fault = 14,
  x87_exception = 16,
  vector_exception = 19
};

Exception exception_of(uint32_t vector) {
  switch (vector) {
    case divide_error: return Exception::divide;
    case debug: return Exception::single_step;
    case breakpoint: return Exception::int3;
    case invalid_opcode: return Exception::illegal_operand;
    case 11:
    case 12: return Exception::segment;
    case protection_fault: return Exception::protection;
    case x87_exception:
    case vector_exception: return Exception::floating_point;
    case 17: return Exception::misaligned;
    default: return Exception::other;
  }
}

// Bits of RFLAGS that a signal handler's frame may change (Linux, FIX_EFLAGS): CF PF AF ZF SF TF DF OF RF AC.
constexpr uint64_t user_flags = 0x5'0dd5;

constexpr uint8_t rdtsc_code[] = {0x0f, 0x31};
constexpr uint8_t int1_code[] = {0xf1};
constexpr uint8_t rdtscp_code[] = {0x0f, 0x01, 0xf9};

}  // namespace

X86Target::X86Target(Engine& engine) : Target(engine) {
  set_id(Reg::pc, UC_X86_REG_RIP);
  set_id(Reg::sp, UC_X86_REG_RSP);
  set_id(Reg::number, UC_X86_REG_RAX);
  set_id(Reg::result, UC_X86_REG_RAX);
  set_id(Reg::tls, UC_X86_REG_FS_BASE);
  set_id(Reg::gs_base, UC_X86_REG_GS_BASE);
  set_id(Reg::flags, UC_X86_REG_RFLAGS);
  unsigned index = 0;
  for (int id : {UC_X86_REG_RDI, UC_X86_REG_RSI, UC_X86_REG_RDX, UC_X86_REG_R10, UC_X86_REG_R8, UC_X86_REG_R9})
    set_id(argument(index++), id);
  index = 0;
  for (int id :
       {UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX, UC_X86_REG_RSP, UC_X86_REG_RBP, UC_X86_REG_RSI, UC_X86_REG_RDI,
        UC_X86_REG_R8, UC_X86_REG_R9, UC_X86_REG_R10, UC_X86_REG_R11, UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15})
    set_id(general(index++), id);
}

void X86Target::load_root(Root root) { engine_.write(UC_X86_REG_CR3, root); }

void X86Target::repair(uc_context* copy) { set_word_at<uint32_t>(copy, old_exception_, ~0u); }

bool X86Target::decode(UnicornContext& context, const Stop& stop, Trap& trap) {
  engine_.needs_repair();
  trap = {.kind = Trap::Kind::exception};
  engine_.save(context);
  bool is_invalid = stop.kind == Stop::Kind::error && stop.error == UC_ERR_INSN_INVALID;
  if (stop.kind == Stop::Kind::error && !is_invalid) {
    // An access to physical memory that does not exist.
    trap.vector = 255;
    return true;
  }
  uint32_t vector = is_invalid ? invalid_opcode : stop.number;
  if (word_at<uint32_t>(context.copy(), is_software_interrupt_) != 0 && vector != breakpoint) {
    // INT n. Linux has no gate for it that user code may use, so it is a protection fault at the instruction.
    context.set_pc(context.pc() - 2);
    trap.exception = Exception::protection;
    trap.vector = protection_fault;
    constexpr uint32_t idt = 2;  // whose entry the rest numbers
    trap.error_code = static_cast<uint16_t>(vector << 3 | idt);
    return true;
  }
  bool is_int1 = is_invalid && reads(context, int1_code);
  if (is_int1) {
    // Unicorn does not know it.
    context.set_pc(context.pc() + sizeof int1_code);
    vector = debug;
  }
  trap.vector = static_cast<uint8_t>(vector);
  if (!is_invalid) trap.error_code = static_cast<uint16_t>(word_at<uint32_t>(context.copy(), error_code_));
  if (vector == page_fault) {
    uint16_t code = trap.error_code;
    trap.kind = Trap::Kind::page_fault;
    trap.access = code & page_fault_code::fetch ? Access::execute : code & page_fault_code::write ? Access::write : Access::read;
    trap.address = engine_.read(UC_X86_REG_CR2);
    return true;
  }
  trap.exception = is_int1 ? Exception::breakpoint : exception_of(vector);
  if (trap.exception == Exception::floating_point) {
    uint32_t flags = vector == vector_exception ? mxcsr(context) & unmasked(mxcsr(context))
                                                : static_cast<uint32_t>(engine_.read(UC_X86_REG_FPSW) & ~engine_.read(UC_X86_REG_FPCW));
    trap.floating_fault = floating_fault(flags & 0x3f);
  }
  return !(is_deterministic_ && vector == protection_fault && !context.forbids_time_stamps() && is_time_read(context));
}

// The code at the pc is this.
bool X86Target::reads(UnicornContext& context, std::span<const uint8_t> code) {
  uint8_t found[3];
  Root root = engine_.read(UC_X86_REG_CR3);
  return read_code<x86_64::PageFormat>(engine_.memory(), root, context.pc(), found, code.size()) &&
         std::memcmp(found, code.data(), code.size()) == 0;
}

bool X86Target::is_time_read(UnicornContext& context) {
  reads_processor_ = reads(context, rdtscp_code);
  return reads_processor_ || reads(context, rdtsc_code);
}

// The time stamp counter of a deterministic machine counts nanoseconds.
void X86Target::supply_time(UnicornContext& context, int64_t nanoseconds) {
  auto time = static_cast<uint64_t>(nanoseconds);
  context.write(UC_X86_REG_RAX, time & 0xffff'ffff);
  context.write(UC_X86_REG_RDX, time >> 32);
  if (reads_processor_) context.write(UC_X86_REG_RCX, uint64_t{0});
  context.set_pc(context.pc() + (reads_processor_ ? sizeof rdtscp_code : sizeof rdtsc_code));
}

// By the engine, since CR4 takes more than a register's copy: what it says is kept in the context.
void X86Target::apply_time_stamps(UnicornContext& context) {
  engine_.hold(context);
  context.write(UC_X86_REG_CR4, context.forbids_time_stamps() ? control_ | cr4_tsd : control_);
}

// What SYSRET leaves (Intel SDM vol. 2B, SYSCALL): Unicorn does not touch these two.
void X86Target::finish_syscall(UnicornContext& context, uint64_t result) {
  context.write(UC_X86_REG_RAX, result);
  context.write(UC_X86_REG_RCX, context.pc());
  context.write(UC_X86_REG_R11, context.read(UC_X86_REG_RFLAGS));
}

void X86Target::write_flags(UnicornContext& context, uint64_t flags) {
  uint64_t old = context.read(UC_X86_REG_RFLAGS);
  context.write(UC_X86_REG_RFLAGS, (old & ~user_flags) | (flags & user_flags));
}

// The FXSAVE image (Intel SDM vol. 1, 10.5.1).
namespace {

struct FxsaveImage {
  uint16_t control;
  uint16_t status;
  uint8_t tags;  // a bit per register, 1 if it is in use
  uint8_t reserved;
  uint16_t opcode;
  uint64_t instruction;
  uint64_t data;
  uint32_t mxcsr;
  uint32_t mxcsr_mask;
  uint8_t st[8][16];
  uint8_t xmm[16][16];
  uint8_t unused[96];
};
static_assert(sizeof(FxsaveImage) == 512);

constexpr uint32_t mxcsr_mask = 0xffff;

// ST(index) is a physical register, counted from the top of the stack in the status word.
int physical_register(uint16_t status, unsigned index) { return UC_X86_REG_FP0 + static_cast<int>(((status >> 11) + index) & 7); }

}  // namespace

// Its flags are those that Unicorn's register has and those that its arithmetic left since.
uint32_t X86Target::mxcsr(UnicornContext& context) {
  uint32_t value = static_cast<uint32_t>(context.read(UC_X86_REG_MXCSR));
  size_t at = floating_layout.flags;
  if (!engine_.holds(context)) return value | (word_at<uint8_t>(context.copy(), copied_registers_ + at) & 0x3d);
  return value | (std::to_integer<uint8_t>(reinterpret_cast<const std::byte*>(engine_.inside().registers)[at]) & 0x3d);
}

void X86Target::set_mxcsr(UnicornContext& context, uint32_t value) {
  context.write(UC_X86_REG_MXCSR, uint64_t{value});
  if (engine_.holds(context)) reinterpret_cast<std::byte*>(engine_.inside().registers)[floating_layout.flags] = std::byte{0};
  else set_word_at<uint8_t>(context.copy(), copied_registers_ + floating_layout.flags, 0);
  if (unmasked(value) != 0) engine_.trap_floating();
}

void X86Target::save_floating_point(UnicornContext& context, std::span<std::byte> bytes) {
  FxsaveImage image{};
  image.control = static_cast<uint16_t>(context.read(UC_X86_REG_FPCW));
  image.status = static_cast<uint16_t>(context.read(UC_X86_REG_FPSW));
  uint64_t tags = context.read(UC_X86_REG_FPTAG);
  for (unsigned index = 0; index < 8; ++index)
    if ((tags >> 2 * index & 3) != 3) image.tags |= static_cast<uint8_t>(1 << index);
  image.opcode = static_cast<uint16_t>(context.read(UC_X86_REG_FOP));
  image.instruction = context.read(UC_X86_REG_FIP);
  image.data = context.read(UC_X86_REG_FDP);
  image.mxcsr = mxcsr(context);
  image.mxcsr_mask = mxcsr_mask;
  for (unsigned index = 0; index < 8; ++index) context.read(physical_register(image.status, index), image.st[index]);
  for (int index = 0; index < 16; ++index) context.read(UC_X86_REG_XMM0 + index, image.xmm[index]);
  std::memcpy(bytes.data(), &image, sizeof image);
}

bool X86Target::load_floating_point(UnicornContext& context, std::span<const std::byte> bytes) {
  FxsaveImage image;
  std::memcpy(&image, bytes.data(), sizeof image);
  if (image.mxcsr & ~mxcsr_mask) return false;
  context.write(UC_X86_REG_FPSW, uint64_t{image.status});
  context.write(UC_X86_REG_FPCW, uint64_t{image.control});
  for (unsigned index = 0; index < 8; ++index)
    context.write(physical_register(image.status, index), static_cast<const void*>(image.st[index]));
  uint64_t tags = 0;
  for (unsigned index = 0; index < 8; ++index)
    if (!(image.tags >> index & 1)) tags |= uint64_t{3} << 2 * index;
  context.write(UC_X86_REG_FPTAG, tags);
  context.write(UC_X86_REG_FOP, uint64_t{image.opcode});
  context.write(UC_X86_REG_FIP, image.instruction);
  context.write(UC_X86_REG_FDP, image.data);
  set_mxcsr(context, image.mxcsr);
  for (int index = 0; index < 16; ++index) context.write(UC_X86_REG_XMM0 + index, static_cast<const void*>(image.xmm[index]));
  return true;
}

void X86Target::reset_floating_point(UnicornContext& context) {
  FxsaveImage initial{};
  initial.control = x86_64::initial_x87_control;
  initial.mxcsr = x86_64::initial_mxcsr;
  load_floating_point(context, std::as_bytes(std::span(&initial, 1)));
}

std::unique_ptr<Target> make_x86_64_target(Engine& engine) { return std::make_unique<X86Target>(engine); }

}  // namespace halcyon::hal
