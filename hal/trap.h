// What crosses the line between user code and the kernel: the trap that ended a stretch of user code, and the user registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace halcyon::hal {

enum class Isa : uint8_t { x86_64, riscv64 };

// The physical address of the frame at the top of a tree of page tables.
using Root = uint64_t;

enum class Access : uint8_t { read, write, execute };

// Why an instruction could not be executed, in terms that both ISAs share; the raw vector or cause stays in Trap::vector.
enum class Exception : uint8_t {
  illegal_instruction,  // riscv 2
  illegal_operand,      // x86 #UD, as Linux calls it there
  breakpoint,           // riscv 3; x86 #DB by INT1
  int3,                 // x86 #BP, which Linux tells without an address
  single_step,          // x86 #DB
  divide,               // x86 #DE
  floating_point,       // x86 #MF, #XM: Trap::floating_fault says which
  protection,           // x86 #GP: a privileged instruction, a non-canonical address
  segment,              // x86 #NP, #SS: a non-canonical stack pointer
  misaligned,           // x86 #AC; riscv 0, 4, 6
  other,
};

// Why floating-point arithmetic could not go on.
enum class FloatingFault : uint8_t { unknown, invalid, divide, overflow, underflow, inexact };

// Which it is by the exception flags that are set and not masked, as the x87 and vector units of x86_64 both order them; the first counts.
constexpr FloatingFault floating_fault(uint32_t flags) {
  enum : uint32_t { invalid = 1, denormal = 2, divide = 4, overflow = 8, underflow = 16, inexact = 32 };
  if (flags & invalid) return FloatingFault::invalid;
  if (flags & divide) return FloatingFault::divide;
  if (flags & overflow) return FloatingFault::overflow;
  if (flags & (underflow | denormal)) return FloatingFault::underflow;
  return flags & inexact ? FloatingFault::inexact : FloatingFault::unknown;
}

struct Trap {
  enum class Kind : uint8_t {
    syscall,      // the registers hold a system call; pc is behind the instruction
    page_fault,   // address, access; pc is at the instruction, which restarts
    exception,    // exception, vector; pc is at the instruction (int3, single_step, x86_64's breakpoint: behind it)
    interrupted,  // the CPU's pending word may say why; pc is at the next instruction
  };
  Kind kind;
  Access access = Access::read;
  Exception exception = Exception::other;
  FloatingFault floating_fault = FloatingFault::unknown;
  // Of page faults too: x86_64's vector with the error code that the CPU stored (0 where it stores none; page_fault_code names the bits of
  // a page fault's), riscv64's cause. Signal frames show them.
  uint8_t vector = 0;
  uint16_t error_code = 0;
  uint64_t address = 0;
};
static_assert(sizeof(Trap) == 16);  // two registers hold it

// Bits of x86_64's error code of a page fault (Intel SDM vol. 3A, 4.7).
namespace page_fault_code {
inline constexpr uint16_t present = 1, write = 2, user = 4, fetch = 16;
}

// A register of the user program. The first ones are roles, equal on every ISA; general(n) counts as the ISA encodes its registers
// (x86_64: rax rcx rdx rbx rsp rbp rsi rdi r8..r15; riscv64: x0..x31, x0 reads 0).
enum class Reg : uint8_t {
  pc,
  sp,
  number,  // of the system call (rax; a7)
  result,  // of the system call (rax; a0)
  arg0,    // rdi rsi rdx r10 r8 r9; a0..a5
  arg1,
  arg2,
  arg3,
  arg4,
  arg5,
  tls,      // FS base; tp
  gs_base,  // x86_64 only; reads 0 elsewhere
  flags,    // x86_64 rflags, of which only the bits that a user may change are written; reads 0 elsewhere
  general0 = 32,
};

constexpr Reg general(unsigned index) { return static_cast<Reg>(static_cast<unsigned>(Reg::general0) + index); }
constexpr Reg argument(unsigned index) { return static_cast<Reg>(static_cast<unsigned>(Reg::arg0) + index); }

// The registers of one user thread. Made by Machine::new_context(). After Cpu::run they may still be in the CPU: accessors fetch and
// write single registers wherever they are. Kernel code never sees a register file as a whole. Used by one thread at a time; the
// context of a thread that runs on another CPU must not be touched. Nothing here blocks. Destroying a live context detaches it.
class UserContext {
 public:
  virtual ~UserContext() = default;

  virtual uint64_t get(Reg reg) = 0;
  // set(Reg::pc) says where the next run starts.
  virtual void set(Reg reg, uint64_t value) = 0;

  // Stores a system call's result and does to the registers whatever else the ISA's return from a system call does (x86_64: rcx = pc,
  // r11 = rflags).
  virtual void finish_syscall(uint64_t result) = 0;
  // Moves pc back onto the trap instruction of the system call that just trapped, so that it is executed again.
  virtual void rewind_trap() = 0;

  // fork, clone: takes over all registers, the floating-point state included. Puts the parent back first.
  virtual void copy_from(UserContext& parent) = 0;
  // execve: the ISA's initial state (x86_64: x87 control 0x37f, MXCSR 0x1f80; all general registers 0).
  virtual void reset() = 0;

  // The floating-point state in the ISA's signal-frame layout: x86_64 the 512-byte FXSAVE image, or, with XSAVE
  // (CpuInfo::state_components), the XSAVE area in standard format, at most 832 bytes; riscv64 f0..f31 and fcsr (264 bytes). `image` has
  // floating_point_size() bytes; load also takes x86_64's first 512 alone, with the initial state for the rest. The image may lie where
  // user code changes it meanwhile. load returns false if it holds reserved bits; the state is then either the old or the initial one.
  virtual size_t floating_point_size() const = 0;
  virtual void save_floating_point(std::span<std::byte> image) = 0;
  virtual bool load_floating_point(std::span<const std::byte> image) = 0;
  // Back to the state that reset() gives.
  virtual void reset_floating_point() = 0;

  // x86_64 (prctl(2), PR_SET_TSC): whether RDTSC and RDTSCP end in Exception::protection; without effect elsewhere. copy_from takes it
  // over, reset leaves it.
  virtual void forbid_time_stamps(bool forbidden) { forbids_time_stamps_ = forbidden; }
  bool forbids_time_stamps() const { return forbids_time_stamps_; }

 protected:
  bool forbids_time_stamps_ = false;
};

}  // namespace halcyon::hal
