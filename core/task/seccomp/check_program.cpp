// What bpf_check_classic and seccomp_check_filter of Linux refuse.
#include "core/base/vec.h"
#include "core/task/seccomp/bpf.h"
#include "core/task/seccomp/program.h"

namespace halcyon {

namespace {

// Whether seccomp(2) knows the instruction, and what it says about itself alone is right. There is no remainder, and of the data only whole
// words can be read.
bool is_valid(const BpfInstruction& instruction) {
  using namespace bpf;
  uint32_t value = instruction.value;
  switch (instruction.code) {
    case ld | abs: return value < sizeof(SeccompData) && value % sizeof(uint32_t) == 0;
    case ld | mem:
    case ldx | mem:
    case st:
    case stx: return value < memory_words;
    case alu | div | k: return value != 0;
    case alu | lsh | k:
    case alu | rsh | k: return value < 32;
    case ld | len:
    case ldx | len:
    case ld | imm:
    case ldx | imm:
    case ret | k:
    case ret | a:
    case misc | tax:
    case misc | txa:
    case alu | add | k:
    case alu | add | x:
    case alu | sub | k:
    case alu | sub | x:
    case alu | mul | k:
    case alu | mul | x:
    case alu | div | x:
    case alu | and_ | k:
    case alu | and_ | x:
    case alu | or_ | k:
    case alu | or_ | x:
    case alu | xor_ | k:
    case alu | xor_ | x:
    case alu | lsh | x:
    case alu | rsh | x:
    case alu | neg:
    case jmp | ja:
    case jmp | jeq | k:
    case jmp | jeq | x:
    case jmp | jgt | k:
    case jmp | jgt | x:
    case jmp | jge | k:
    case jmp | jge | x:
    case jmp | jset | k:
    case jmp | jset | x: return true;
    default: return false;
  }
}

// `left`: how many instructions follow.
bool stays_inside(const BpfInstruction& instruction, size_t left) {
  if (bpf::class_of(instruction.code) != bpf::jmp) return true;
  if (instruction.code == (bpf::jmp | bpf::ja)) return instruction.value < left;
  return instruction.if_true < left && instruction.if_false < left;
}

// Every word of memory that is read has been written on all ways that lead there.
Result<> check_memory(std::span<const BpfInstruction> program) {
  Vec<uint16_t> on_arrival;  // words that are written, as far as jumps to an instruction say
  TRY(on_arrival.resize(program.size()));
  std::fill(on_arrival.begin(), on_arrival.end(), uint16_t{0xffff});
  uint16_t written = 0;
  auto jump = [&](size_t to) { on_arrival[to] = on_arrival[to] & written; };
  for (size_t pc = 0; pc < program.size(); ++pc) {
    const BpfInstruction& instruction = program[pc];
    written = written & on_arrival[pc];
    switch (instruction.code) {
      case bpf::st:
      case bpf::stx: written = static_cast<uint16_t>(written | 1u << instruction.value); break;
      case bpf::ld | bpf::mem:
      case bpf::ldx | bpf::mem:
        if (!(written >> instruction.value & 1)) return err::inval;
        break;
      default:
        if (bpf::class_of(instruction.code) != bpf::jmp) break;
        if (instruction.code == (bpf::jmp | bpf::ja)) jump(pc + 1 + instruction.value);
        else jump(pc + 1 + instruction.if_true), jump(pc + 1 + instruction.if_false);
        written = 0xffff;  // the next one is reached by jumps only
    }
  }
  return {};
}

}  // namespace

Result<> check_seccomp_program(std::span<const BpfInstruction> program) {
  if (program.empty() || program.size() > max_seccomp_instructions) return err::inval;
  for (size_t pc = 0; pc < program.size(); ++pc)
    if (!is_valid(program[pc]) || !stays_inside(program[pc], program.size() - pc - 1)) return err::inval;
  if (bpf::class_of(program.back().code) != bpf::ret) return err::inval;
  return check_memory(program);
}

}  // namespace halcyon
