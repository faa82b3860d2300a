#include "hal-baremetal/x86_64/cpu/floating_point.h"

#include <algorithm>
#include <cstring>

#include "hal-baremetal/x86_64/cpu/instructions.h"

namespace halcyon::hal::x86_64 {
namespace {

struct Unit {
  bool is_known = false;
  uint64_t components = 0;           // 0: no XSAVE
  size_t size = legacy_size;         // of the area with these components
  bool has_xsaveopt = false;         // which leaves out what has not changed since the area was loaded
  uint32_t vector_control = 0xffbf;  // the bits of MXCSR that exist
};
constinit Unit unit{};

constexpr uint32_t all = ~uint32_t{0};

void set_enabled_components(uint64_t components) {
  __asm__ volatile("xsetbv" : : "c"(0), "a"(static_cast<uint32_t>(components)), "d"(static_cast<uint32_t>(components >> 32)));
}

// With XCR0 set: the area's size depends on it.
void find_unit(uint64_t components) {
  constexpr uint32_t state_leaf = 13, xsaveopt = 1;
  unit.components = components;
  if (components != 0) {
    unit.size = components & component::avx ? sizeof(FloatingPoint) : offsetof(FloatingPoint, ymm);
    unit.has_xsaveopt = cpuid(state_leaf, 1).eax & xsaveopt;
  }
  FloatingPoint state{};
  __asm__ volatile("clts\n fxsave64 %0" : "+m"(state) : : "memory");
  if (state.vector_control_mask != 0) unit.vector_control = state.vector_control_mask;
  unit.is_known = true;
}

// The components that the kernel knows and the CPU has. AVX's part must lie where the standard format of every CPU has it.
uint64_t usable_components() {
  constexpr uint32_t state_leaf = 13, xsave = 1 << 26;
  if (!(cpuid(1).ecx & xsave) || cpuid(0).eax < state_leaf) return 0;
  uint64_t components = cpuid(state_leaf).eax & (component::x87 | component::sse | component::avx);
  if (components & component::avx) {
    CpuidResult place = cpuid(state_leaf, 2);
    if (place.eax != sizeof(FloatingPoint::ymm) || place.ebx != offsetof(FloatingPoint, ymm)) components &= ~component::avx;
  }
  return components;
}

}  // namespace

void enable_floating_point() {
  uint64_t components = usable_components();
  write_cr4(read_cr4() | cr4::fxsave | cr4::vector_exceptions | (components ? cr4::xsave : 0));
  if (components != 0) set_enabled_components(components);
  if (!unit.is_known) find_unit(components);
}

uint64_t floating_point_components() { return unit.components; }

size_t floating_point_size() { return unit.size; }

void save_floating_point(FloatingPoint* state) {
  if (unit.has_xsaveopt) __asm__ volatile("xsaveopt64 %0" : "+m"(*state) : "a"(all), "d"(all) : "memory");
  else if (unit.components != 0) __asm__ volatile("xsave64 %0" : "+m"(*state) : "a"(all), "d"(all) : "memory");
  else __asm__ volatile("fxsave64 %0" : "+m"(*state) : : "memory");
}

void load_floating_point(const FloatingPoint& state) {
  if (unit.components != 0) __asm__ volatile("xrstor64 %0" : : "m"(state), "a"(all), "d"(all) : "memory");
  else __asm__ volatile("fxrstor64 %0" : : "m"(state) : "memory");
}

void load_initial_floating_point() {
  static constexpr FloatingPoint initial;
  load_floating_point(initial);
}

bool save_image_of_cpu(std::span<std::byte> image) {
  if (unit.components == 0 || reinterpret_cast<uintptr_t>(image.data()) % alignof(FloatingPoint) != 0) return false;
  auto* state = reinterpret_cast<FloatingPoint*>(image.data());
  // XSAVE stores every component, also what is in its initial state, but of the header only one word.
  state->present = state->compaction = 0;
  state->reserved = {};
  __asm__ volatile("xsave64 %0" : "+m"(*state) : "a"(all), "d"(all) : "memory");
  state->present |= component::x87 | component::sse;
  return true;
}

void save_image(const FloatingPoint& state, std::span<std::byte> image) {
  static constexpr FloatingPoint initial;
  std::memcpy(image.data(), &state, image.size());
  auto put = [&](size_t at, const auto& part) { std::memcpy(&image[at], &part, sizeof part); };
  put(offsetof(FloatingPoint, vector_control_mask), unit.vector_control);
  if (unit.components == 0) return;
  if (!(state.present & component::x87)) {
    std::memcpy(image.data(), &initial, offsetof(FloatingPoint, vector_control));
    put(offsetof(FloatingPoint, x87), initial.x87);
  }
  if (!(state.present & component::sse)) put(offsetof(FloatingPoint, xmm), initial.xmm);
  if (!(state.present & component::avx) && image.size() == sizeof state) put(offsetof(FloatingPoint, ymm), initial.ymm);
  // As Linux has it, for programs that look only at the first part.
  put(offsetof(FloatingPoint, present), state.present | component::x87 | component::sse);
}

bool load_image(FloatingPoint* state, std::span<const std::byte> image) {
  size_t size = std::min(image.size(), sizeof *state);
  if (size < sizeof *state) *state = FloatingPoint{};
  std::memcpy(static_cast<void*>(state), image.data(), size);
  if (size == legacy_size) state->present = component::x87 | component::sse;
  bool is_good = !(state->vector_control & ~unit.vector_control) && state->compaction == 0 &&
                 std::ranges::all_of(state->reserved, [](uint64_t word) { return word == 0; }) &&
                 (unit.components == 0 || !(state->present & ~unit.components));
  if (!is_good) *state = FloatingPoint{};
  return is_good;
}

}  // namespace halcyon::hal::x86_64
