// The floating-point state of user code, of which the kernel makes no other use. CPUs with XSAVE keep x87, SSE and AVX in one area (Intel
// SDM vol. 1, chapter 13, standard format); others have FXSAVE, whose 512 bytes are that area's beginning.
//
// What a program hands in, in a signal frame, is checked for all that would make XRSTOR or FXRSTOR fault.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "hal/isa/x86_64/floating_point.h"

namespace halcyon::hal::x86_64 {

struct alignas(64) FloatingPoint {
  // What FXSAVE stores (10.5.1).
  uint16_t control = initial_x87_control;
  uint16_t status = 0;
  uint32_t tags_and_opcode = 0;
  uint64_t instruction = 0;
  uint64_t data = 0;
  uint32_t vector_control = initial_mxcsr;  // MXCSR
  uint32_t vector_control_mask = 0;
  std::array<std::byte, 128> x87{};
  std::array<std::byte, 256> xmm{};
  std::array<std::byte, 96> unused{};
  // XSAVE's header: which components are there (XSTATE_BV); the others are in their initial state, whatever their part of the area holds.
  uint64_t present = 0;
  uint64_t compaction = 0;
  std::array<uint64_t, 6> reserved{};
  std::array<std::byte, 256> ymm{};  // upper halves
};
inline constexpr size_t legacy_size = 512;
static_assert(offsetof(FloatingPoint, present) == legacy_size && offsetof(FloatingPoint, ymm) == 576 && sizeof(FloatingPoint) == 832);

// Bits of XCR0 and XSTATE_BV.
namespace component {
inline constexpr uint64_t x87 = 1, sse = 2, avx = 4;
}

// Makes the CPU that calls allow user code its floating-point instructions. The first call finds out what there is.
void enable_floating_point();
// Of the components that the CPU keeps by XSAVE; 0: it has only FXSAVE.
uint64_t floating_point_components();
// Of what save_image() stores and load_image() may take.
size_t floating_point_size();

// Between the CPU and memory, by the CPU whose CR0.TS is clear.
void save_floating_point(FloatingPoint* state);
void load_floating_point(const FloatingPoint& state);
void load_initial_floating_point();

// `image` has floating_point_size() bytes; parts in their initial state are filled in.
void save_image(const FloatingPoint& state, std::span<std::byte> image);
// The same, from the CPU at once. False, with nothing done: it has no XSAVE, or the image is not aligned for it.
bool save_image_of_cpu(std::span<std::byte> image);
// `image` has as many bytes, or legacy_size: then the rest gets its initial state. False: it holds reserved bits; the state is the initial
// one.
bool load_image(FloatingPoint* state, std::span<const std::byte> image);

}  // namespace halcyon::hal::x86_64
