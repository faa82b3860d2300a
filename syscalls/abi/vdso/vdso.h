// What programs find mapped of the kernel's (vdso(7)): a page of code, an ELF image of functions that need no system call, right above the
// page of data that it reads. The image is its ISA's: syscalls/abi/<isa>/vdso, compiled and linked by itself (cmake/vdso.cmake).
#pragma once

#include "core/mm/address_space.h"
#include "hal/vdso_data.h"

namespace halcyon {

class Vdso {
 public:
  Result<> initialize(std::span<const uint8_t> image);  // ENOMEM
  // Returns where the image begins: AT_SYSINFO_EHDR. ENOMEM.
  Result<UserAddr> map(AddressSpace& memory) const { return memory.map_vdso(data_, code_); }
  // What the image reads. Others write it: the machine, the clock, the ABI.
  hal::VdsoData& data() const { return *shown_; }
  // The image's entry point, from where it begins on: what signal handlers return to, on an ISA without SA_RESTORER.
  uint64_t entry() const { return entry_; }

 private:
  Ref<SharedMemory> code_, data_;
  FrameRef frame_;  // of the data
  hal::VdsoData* shown_ = nullptr;
  uint64_t entry_ = 0;
};

}  // namespace halcyon
