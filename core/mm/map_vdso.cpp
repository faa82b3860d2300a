// The code and data that the kernel shows to every program (vdso(7)).
#include "core/base/lock_guard.h"
#include "core/mm/address_space.h"

namespace halcyon {

Result<UserAddr> AddressSpace::map_vdso(const Ref<SharedMemory>& data, const Ref<SharedMemory>& code) {
  Own<Vma> below = TRY(make<Vma>());
  Own<Vma> above = TRY(make<Vma>());
  uint64_t data_length = data->pages().size(), length = data_length + code->pages().size();
  LockGuard guard(lock_);
  if (vmas_.size() + 2 > max_map_count || mapped_pages_ + (length >> page_shift) > limit_pages_) return err::nomem;
  below->start = TRY(find_gap(0, length));
  below->end = above->start = below->start + data_length;
  above->end = below->start + length;
  below->protection = prot::read;
  below->special = Special::vvar;
  below->allowed = prot::read;
  below->name = "[vvar]";
  below->shared = data;
  above->protection = prot::read | prot::execute;
  above->special = Special::vdso;
  above->name = "[vdso]";
  above->shared = code;
  vdso_.store(above->start, std::memory_order_relaxed);
  enter(*below.release());
  enter(*above.release());
  add_mapped(length);
  return vdso();
}

}  // namespace halcyon
