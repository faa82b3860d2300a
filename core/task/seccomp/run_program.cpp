#include <bit>

#include "core/task/seccomp/bpf.h"
#include "core/task/seccomp/program.h"

namespace halcyon {

namespace {

uint32_t compute(uint16_t operation, uint32_t a, uint32_t operand) {
  switch (operation) {
    case bpf::add: return a + operand;
    case bpf::sub: return a - operand;
    case bpf::mul: return a * operand;
    case bpf::div: return a / operand;
    case bpf::and_: return a & operand;
    case bpf::or_: return a | operand;
    case bpf::xor_: return a ^ operand;
    case bpf::lsh: return a << (operand & 31);
    case bpf::rsh: return a >> (operand & 31);
    default: return 0 - a;  // neg
  }
}

bool holds(uint16_t condition, uint32_t a, uint32_t operand) {
  switch (condition) {
    case bpf::jeq: return a == operand;
    case bpf::jgt: return a > operand;
    case bpf::jge: return a >= operand;
    default: return (a & operand) != 0;  // jset
  }
}

}  // namespace

uint32_t run_seccomp_program(std::span<const BpfInstruction> program, const SeccompData& data) {
  using namespace bpf;
  constexpr uint16_t operation = 0xf0;
  // Little-endian, as both ISAs are: the low half of an argument comes first.
  auto words = std::bit_cast<std::array<uint32_t, sizeof(SeccompData) / sizeof(uint32_t)>>(data);
  std::array<uint32_t, memory_words> memory{};
  uint32_t a_register = 0, x_register = 0;
  for (size_t pc = 0;; ++pc) {
    const BpfInstruction& instruction = program[pc];
    uint16_t code = instruction.code;
    uint32_t operand = code & x ? x_register : instruction.value;
    switch (class_of(code)) {
      case ld:
        if (code == (ld | abs)) a_register = words[operand / sizeof(uint32_t)];
        else a_register = code == (ld | len) ? sizeof data : code == (ld | mem) ? memory[operand] : operand;
        break;
      case ldx: x_register = code == (ldx | len) ? sizeof data : code == (ldx | mem) ? memory[operand] : operand; break;
      case st: memory[operand] = a_register; break;
      case stx: memory[operand] = x_register; break;
      case alu:
        if ((code & operation) == div && operand == 0) return 0;
        a_register = compute(code & operation, a_register, operand);
        break;
      case jmp:
        if ((code & operation) == ja) pc += instruction.value;
        else pc += holds(code & operation, a_register, operand) ? instruction.if_true : instruction.if_false;
        break;
      case ret: return code == (ret | a) ? a_register : instruction.value;
      default:  // misc
        if (code == (misc | tax)) x_register = a_register;
        else a_register = x_register;
    }
  }
}

}  // namespace halcyon
