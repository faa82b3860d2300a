#include "syscalls/abi/vdso/vdso.h"

#include <cstring>
#include <new>

namespace halcyon {

Result<> Vdso::initialize(std::span<const uint8_t> image) {
  constexpr size_t entry_at = 24;  // Elf64_Ehdr::e_entry
  code_ = TRY(make_ref<SharedMemory>(page_ceil(image.size())));
  KernelSource source(std::as_bytes(image));
  static_cast<void>(TRY(code_->pages().write(0, source)));
  std::memcpy(&entry_, image.data() + entry_at, sizeof entry_);

  static_assert(sizeof(hal::VdsoData) <= page_size);
  data_ = TRY(make_ref<SharedMemory>(page_size));
  frame_ = TRY(data_->pages().get(0));
  shown_ = new (frame_.data()) hal::VdsoData;
  return {};
}

}  // namespace halcyon
