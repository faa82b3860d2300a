// DmaMemory: memory that devices read and write by themselves, as a driver sees it: where it comes from and what address a device knows it
// by. Behind it are the region for objects of the start and the direct map, or, in tests, the host's memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace halcyon::hal {

class DmaMemory {
 public:
  // Zero-filled, and for good. Null: there is none left.
  virtual std::byte* allocate(size_t size, size_t alignment) = 0;
  // The device's address of what lies in such memory, or in a frame of RAM.
  virtual uint64_t address_of(const void* place) const = 0;

 protected:
  ~DmaMemory() = default;
};

}  // namespace halcyon::hal
