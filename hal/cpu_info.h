// What a machine's CPUs say about themselves: for /proc/cpuinfo. All of a machine's CPUs are equal.
#pragma once

#include <array>
#include <cstdint>

namespace halcyon::hal {

struct CpuInfo {
  // x86_64: registers of CPUID's leaves (Intel SDM vol. 2A, CPUID), as programs on this machine see them.
  struct X86_64 {
    std::array<char, 12> vendor{};
    std::array<char, 48> model_name{};
    uint32_t highest_leaf = 0, signature = 0;                       // leaf 0 EAX, leaf 1 EAX
    uint32_t features_edx = 0, features_ecx = 0;                    // leaf 1
    uint32_t structured_ebx = 0, structured_ecx = 0;                // leaf 7
    uint32_t extended_edx = 0, extended_ecx = 0;                    // leaf 0x80000001
    uint64_t state_components = 0;                                  // XCR0; 0: no XSAVE
    uint32_t physical_bits = 0, virtual_bits = 0, cache_line = 64;  // leaves 0x80000008, 1
  } x86_64;
  // riscv64: registers of machine mode (RISC-V privileged specification, 3.1.1 to 3.1.4), and how often a second the time counts.
  struct Riscv64 {
    uint64_t misa = 0, vendor = 0, architecture = 0, implementation = 0;
    uint64_t time_frequency = 0;
  } riscv64;
};

}  // namespace halcyon::hal
