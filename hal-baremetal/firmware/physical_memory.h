// PhysicalMemory: how tables of the firmware that refer to each other by physical addresses are read. Behind it is the direct map, or, in
// tests, a piece of the host's memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace halcyon::hal {

class PhysicalMemory {
 public:
  // Empty if not all of it can be read.
  virtual std::span<const std::byte> at(uint64_t address, size_t size) const = 0;

  // False: cannot be read.
  template <class T>
  bool read(uint64_t address, T* value) const {
    auto bytes = at(address, sizeof(T));
    if (bytes.size() < sizeof(T)) return false;
    std::memcpy(value, bytes.data(), sizeof(T));
    return true;
  }
  // Up to the zero byte, which lies within `limit` bytes; else empty.
  std::string_view text(uint64_t address, size_t limit) const;

 protected:
  ~PhysicalMemory() = default;
};

}  // namespace halcyon::hal
