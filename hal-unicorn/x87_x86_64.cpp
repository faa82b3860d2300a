// x87: what Unicorn computes with 53 bits, by the host's x87 with 64.
#include <cstring>

#include "hal-unicorn/floating_x86_64.h"

#if defined(__x86_64__)

namespace halcyon::hal {
namespace {

// The assembly below knows where the members lie.
struct Operation {
  uint16_t control;
  uint16_t status = 0;
  alignas(16) std::byte top[16];  // ST(0)
  std::byte second[16];           // ST(1)
};
static_assert(offsetof(Operation, status) == 2 && offsetof(Operation, top) == 16 && offsetof(Operation, second) == 32);

// CPUX86State, from floating_layout.x87_top on.
struct Stack {
  uint32_t top;
  uint16_t status;
  uint16_t control;
  uint8_t is_empty[8];
};

constexpr uint16_t exceptions = 0x3f, condition = 0x4700, is_out_of_range = 0x400, summary = 0x8080;
constexpr size_t number_size = 10;

Stack& stack_of(CpuRegisters* registers) {
  return *reinterpret_cast<Stack*>(reinterpret_cast<std::byte*>(registers) + floating_layout.x87_top);
}
std::byte* number(CpuRegisters* registers, unsigned index) {
  unsigned physical = (stack_of(registers).top + index) & 7;
  return reinterpret_cast<std::byte*>(registers) + floating_layout.x87_registers + physical * size_t{16};
}

Operation begin(CpuRegisters* registers) {
  Operation operation{.control = static_cast<uint16_t>(stack_of(registers).control | exceptions), .top = {}, .second = {}};
  std::memcpy(operation.top, number(registers, 0), number_size);
  std::memcpy(operation.second, number(registers, 1), number_size);
  return operation;
}

void take_status(CpuRegisters* registers, const Operation& operation) {
  Stack& stack = stack_of(registers);
  stack.status = static_cast<uint16_t>((stack.status & ~condition) | (operation.status & (condition | exceptions)));
  if (stack.status & ~stack.control & exceptions) stack.status |= summary;
}

// ST(0) is replaced.
template <class Execute>
void replace(CpuRegisters* registers, Execute execute) {
  Operation operation = begin(registers);
  execute(&operation);
  std::memcpy(number(registers, 0), operation.top, number_size);
  take_status(registers, operation);
}

// ST(1) is replaced and ST(0) popped.
template <class Execute>
void replace_and_pop(CpuRegisters* registers, Execute execute) {
  Operation operation = begin(registers);
  execute(&operation);
  std::memcpy(number(registers, 1), operation.second, number_size);
  Stack& stack = stack_of(registers);
  stack.is_empty[stack.top] = 1;
  stack.top = (stack.top + 1) & 7;
  take_status(registers, operation);
}

// ST(0) is replaced by `second` and `top` pushed, unless it was out of range.
template <class Execute>
void replace_and_push(CpuRegisters* registers, Execute execute) {
  Operation operation = begin(registers);
  execute(&operation);
  if (!(operation.status & is_out_of_range)) {
    std::memcpy(number(registers, 0), operation.second, number_size);
    Stack& stack = stack_of(registers);
    stack.top = (stack.top - 1) & 7;
    stack.is_empty[stack.top] = 0;
    std::memcpy(number(registers, 0), operation.top, number_size);
  }
  take_status(registers, operation);
}

}  // namespace

// FNINIT before and after: the host's own code expects an empty stack and masked exceptions.
extern "C" {

void f2xm1(CpuRegisters* registers) asm("__wrap_helper_f2xm1_x86_64");
void f2xm1(CpuRegisters* registers) {
  replace(registers, [](Operation* operation) {
    asm volatile("fninit\n fldcw (%0)\n fldt 16(%0)\n f2xm1\n fnstsw 2(%0)\n fstpt 16(%0)\n fninit"
                 :
                 : "r"(operation)
                 : "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
  });
}
void sine(CpuRegisters* registers) asm("__wrap_helper_fsin_x86_64");
void sine(CpuRegisters* registers) {
  replace(registers, [](Operation* operation) {
    asm volatile("fninit\n fldcw (%0)\n fldt 16(%0)\n fsin\n fnstsw 2(%0)\n fstpt 16(%0)\n fninit"
                 :
                 : "r"(operation)
                 : "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
  });
}
void cosine(CpuRegisters* registers) asm("__wrap_helper_fcos_x86_64");
void cosine(CpuRegisters* registers) {
  replace(registers, [](Operation* operation) {
    asm volatile("fninit\n fldcw (%0)\n fldt 16(%0)\n fcos\n fnstsw 2(%0)\n fstpt 16(%0)\n fninit"
                 :
                 : "r"(operation)
                 : "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
  });
}
void fprem(CpuRegisters* registers) asm("__wrap_helper_fprem_x86_64");
void fprem(CpuRegisters* registers) {
  replace(registers, [](Operation* operation) {
    asm volatile("fninit\n fldcw (%0)\n fldt 32(%0)\n fldt 16(%0)\n fprem\n fnstsw 2(%0)\n fstpt 16(%0)\n fninit"
                 :
                 : "r"(operation)
                 : "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
  });
}
void fprem1(CpuRegisters* registers) asm("__wrap_helper_fprem1_x86_64");
void fprem1(CpuRegisters* registers) {
  replace(registers, [](Operation* operation) {
    asm volatile("fninit\n fldcw (%0)\n fldt 32(%0)\n fldt 16(%0)\n fprem1\n fnstsw 2(%0)\n fstpt 16(%0)\n fninit"
                 :
                 : "r"(operation)
                 : "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
  });
}
void fyl2x(CpuRegisters* registers) asm("__wrap_helper_fyl2x_x86_64");
void fyl2x(CpuRegisters* registers) {
  replace_and_pop(registers, [](Operation* operation) {
    asm volatile("fninit\n fldcw (%0)\n fldt 32(%0)\n fldt 16(%0)\n fyl2x\n fnstsw 2(%0)\n fstpt 32(%0)\n fninit"
                 :
                 : "r"(operation)
                 : "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
  });
}
void fyl2xp1(CpuRegisters* registers) asm("__wrap_helper_fyl2xp1_x86_64");
void fyl2xp1(CpuRegisters* registers) {
  replace_and_pop(registers, [](Operation* operation) {
    asm volatile("fninit\n fldcw (%0)\n fldt 32(%0)\n fldt 16(%0)\n fyl2xp1\n fnstsw 2(%0)\n fstpt 32(%0)\n fninit"
                 :
                 : "r"(operation)
                 : "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
  });
}
void fpatan(CpuRegisters* registers) asm("__wrap_helper_fpatan_x86_64");
void fpatan(CpuRegisters* registers) {
  replace_and_pop(registers, [](Operation* operation) {
    asm volatile("fninit\n fldcw (%0)\n fldt 32(%0)\n fldt 16(%0)\n fpatan\n fnstsw 2(%0)\n fstpt 32(%0)\n fninit"
                 :
                 : "r"(operation)
                 : "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
  });
}
void fptan(CpuRegisters* registers) asm("__wrap_helper_fptan_x86_64");
void fptan(CpuRegisters* registers) {
  replace_and_push(registers, [](Operation* operation) {
    asm volatile("fninit\n fldcw (%0)\n fldt 16(%0)\n fptan\n fnstsw 2(%0)\n fstpt 16(%0)\n fstpt 32(%0)\n fninit"
                 :
                 : "r"(operation)
                 : "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
  });
}
void fsincos(CpuRegisters* registers) asm("__wrap_helper_fsincos_x86_64");
void fsincos(CpuRegisters* registers) {
  replace_and_push(registers, [](Operation* operation) {
    asm volatile("fninit\n fldcw (%0)\n fldt 16(%0)\n fsincos\n fnstsw 2(%0)\n fstpt 16(%0)\n fstpt 32(%0)\n fninit"
                 :
                 : "r"(operation)
                 : "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
  });
}

}  // extern "C"

}  // namespace halcyon::hal

#endif
