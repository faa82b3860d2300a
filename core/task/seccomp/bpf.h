// The parts of a classic BPF instruction's code (Documentation/networking/filter.rst).
#pragma once

#include <cstdint>

namespace halcyon::bpf {

// The class; loads and stores name their place in the word of memory, arithmetic and jumps their operation; both say where the operand is.
inline constexpr uint16_t ld = 0, ldx = 1, st = 2, stx = 3, alu = 4, jmp = 5, ret = 6, misc = 7;
inline constexpr uint16_t imm = 0, abs = 0x20, mem = 0x60, len = 0x80;
inline constexpr uint16_t add = 0, sub = 0x10, mul = 0x20, div = 0x30, or_ = 0x40, and_ = 0x50, lsh = 0x60, rsh = 0x70, neg = 0x80,
                          xor_ = 0xa0;
inline constexpr uint16_t ja = 0, jeq = 0x10, jgt = 0x20, jge = 0x30, jset = 0x40;
inline constexpr uint16_t k = 0, x = 8, a = 0x10;  // the operand: the instruction's value, X; of a return also A
inline constexpr uint16_t tax = 0, txa = 0x80;

inline constexpr unsigned memory_words = 16;

constexpr uint16_t class_of(uint16_t code) { return code & 7; }

}  // namespace halcyon::bpf
