#include "syscalls/abi/x86_64/floating_point_frame.h"

#include <array>
#include <cstring>
#include <span>

#include "core/mm/user_memory.h"
#include "core/task/kernel.h"

namespace halcyon {
namespace {

constexpr size_t legacy_size = 512, software_at = 464, header_end = 576, most = 832;
constexpr size_t control_at = 0, vector_control_at = 24;
constexpr uint16_t initial_control = 0x37f;
constexpr uint32_t initial_vector_control = 0x1f80;
constexpr uint32_t first_magic = 0x4650'5853, last_magic = 0x4650'5845;

// struct _fpx_sw_bytes.
struct Software {
  uint32_t magic;
  uint32_t extended_size;  // with the last magic number
  uint64_t components;     // as XCR0 numbers them
  uint32_t size;           // of the XSAVE area
  std::array<uint32_t, 7> padding;
};
static_assert(sizeof(Software) == legacy_size - software_at);

struct alignas(64) Image {
  std::array<std::byte, most + sizeof last_magic> bytes{};

  template <class T>
  T get(size_t at) const {
    T value;
    std::memcpy(&value, &bytes[at], sizeof value);
    return value;
  }
  template <class T>
  void set(size_t at, const T& value) {
    std::memcpy(&bytes[at], &value, sizeof value);
  }
};

uint64_t components() { return kernel().machine().cpu_info().x86_64.state_components; }

// How much of the area at `at` counts, by the 512 bytes that are in the image already.
Result<size_t> size_in_frame(Thread& self, const Image& image, UserAddr at) {
  auto software = image.get<Software>(software_at);
  size_t whole = self.context().floating_point_size();
  if (components() == 0 || software.magic != first_magic || software.size < header_end || software.size > whole ||
      software.size > software.extended_size)
    return legacy_size;
  uint32_t last = TRY(get_user(self.memory(), UserPtr<const uint32_t>(at + software.size)));
  return last == last_magic ? software.size : legacy_size;
}

}  // namespace

bool has_extended_state() { return components() != 0; }

size_t floating_point_frame_size(Thread& self) {
  return has_extended_state() ? self.context().floating_point_size() + sizeof last_magic : legacy_size;
}

Result<> put_floating_point_frame(Thread& self, UserAddr at) {
  Image image;
  size_t size = self.context().floating_point_size(), whole = floating_point_frame_size(self);
  auto frame = std::span(image.bytes).first(whole);
  self.context().save_floating_point(frame.first(size));
  if (whole > size) {
    image.set(software_at, Software{first_magic, static_cast<uint32_t>(whole), components(), static_cast<uint32_t>(size), {}});
    image.set(size, last_magic);
  }
  if (copy_to_user(self.memory(), at, frame) != whole) return err::fault;
  return {};
}

Result<> get_floating_point_frame(Thread& self, UserAddr at) {
  Image image;
  size_t whole = self.context().floating_point_size(), size = legacy_size;
  if (at == 0) {
    image.set(control_at, initial_control);
    image.set(vector_control_at, initial_vector_control);
  } else {
    // As the CPU's own instructions fault.
    if (at % (has_extended_state() ? 64 : 16) != 0) return err::inval;
    auto legacy = std::span(image.bytes).first(legacy_size);
    if (copy_from_user(self.memory(), legacy, at) != legacy_size) return err::fault;
    size = TRY(size_in_frame(self, image, at));
  }
  if (size == legacy_size) {
    if (!self.context().load_floating_point(std::span(image.bytes).first(legacy_size))) return err::inval;
    return {};
  }
  auto rest = std::span(image.bytes).subspan(legacy_size, size - legacy_size);
  if (copy_from_user(self.memory(), rest, at + legacy_size) != rest.size()) return err::fault;
  // What the frame does not claim to hold gets its initial state.
  auto software = image.get<Software>(software_at);
  uint64_t present = image.get<uint64_t>(legacy_size);
  image.set(legacy_size, present & (software.components | ~components()));
  if (!self.context().load_floating_point(std::span<const std::byte>(image.bytes).first(whole))) return err::inval;
  return {};
}

}  // namespace halcyon
