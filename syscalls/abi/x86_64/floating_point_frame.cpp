#include "syscalls/abi/x86_64/floating_point_frame.h"

#include <array>
#include <cstring>

#include "core/mm/user_memory.h"
#include "core/task/kernel.h"

namespace halcyon {
namespace {

constexpr size_t legacy_size = 512, software_at = 464, header_end = 576;
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

template <class T>
T get(std::span<const std::byte> frame, size_t at) {
  T value;
  std::memcpy(&value, &frame[at], sizeof value);
  return value;
}
template <class T>
void set(std::span<std::byte> frame, size_t at, const T& value) {
  std::memcpy(&frame[at], &value, sizeof value);
}

uint64_t components() { return kernel().machine().cpu_info().x86_64.state_components; }

// How much of the area counts, by what the frame says. EFAULT if that is not there as a whole.
Result<size_t> size_in_frame(Thread& self, const Software& software, std::span<const std::byte> frame) {
  size_t whole = self.context().floating_point_size();
  if (components() == 0 || software.magic != first_magic || software.size < header_end || software.size > whole ||
      software.size > software.extended_size)
    return legacy_size;
  if (frame.size() < software.size + sizeof last_magic) return err::fault;
  return get<uint32_t>(frame, software.size) == last_magic ? software.size : legacy_size;
}

using Buffer = std::array<std::byte, floating_point_frame_most>;

// The whole area, where what the frame does not claim to hold has its initial state.
std::span<const std::byte> complete(Thread& self, const Software& software, std::span<const std::byte> frame, Buffer& buffer) {
  size_t whole = self.context().floating_point_size();
  if (software.size == whole && (components() & ~software.components) == 0) return frame.first(whole);
  auto state = std::span(buffer).first(whole);
  std::memmove(state.data(), frame.data(), software.size);
  std::memset(&state[software.size], 0, whole - software.size);
  set(state, legacy_size, get<uint64_t>(state, legacy_size) & (software.components | ~components()));
  return state;
}

}  // namespace

bool has_extended_state() { return components() != 0; }

size_t floating_point_frame_size(Thread& self) {
  return has_extended_state() ? self.context().floating_point_size() + sizeof last_magic : legacy_size;
}

void make_floating_point_frame(Thread& self, std::span<std::byte> frame) {
  size_t size = self.context().floating_point_size(), whole = frame.size();
  self.context().save_floating_point(frame.first(size));
  if (whole == size) return;
  set(frame, software_at, Software{first_magic, static_cast<uint32_t>(whole), components(), static_cast<uint32_t>(size), {}});
  set(frame, size, last_magic);
}

Result<> take_floating_point_frame(Thread& self, UserAddr at, std::span<const std::byte> frame) {
  if (at == 0) {
    self.context().reset_floating_point();
    return {};
  }
  // As the CPU's own instructions fault.
  if (at % (has_extended_state() ? 64 : 16) != 0) return err::inval;
  Buffer buffer;
  if (frame.empty()) {
    auto fetched = std::span(buffer).first(floating_point_frame_size(self));
    frame = fetched.first(copy_from_user(self.memory(), fetched, at));
  }
  if (frame.size() < legacy_size) return err::fault;
  auto software = get<Software>(frame, software_at);
  size_t size = TRY(size_in_frame(self, software, frame));
  auto state = size == legacy_size ? frame.first(legacy_size) : complete(self, software, frame, buffer);
  if (!self.context().load_floating_point(state)) return err::inval;
  return {};
}

}  // namespace halcyon
