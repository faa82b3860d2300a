#include "core/mm/vma.h"

#include "core/file/inode.h"
#include "core/task/kernel.h"

namespace halcyon {

SharedMemory::SharedMemory(uint64_t size) : id_(per_cpu().kernel ? kernel().next_anonymous_inode() : 0), pages_(nullptr, size) {}

PageCache* Vma::cache() const {
  if (shared) return &shared->pages();
  if (!file) return nullptr;
  Inode* inode = file->mappable();
  return inode ? inode->page_cache() : nullptr;
}

bool Vma::can_merge(const Vma& next) const {
  if (end != next.start || protection != next.protection || is_shared != next.is_shared || grows_down || next.grows_down) return false;
  if (is_locked != next.is_locked || dont_fork != next.dont_fork || wipe_on_fork != next.wipe_on_fork || name != next.name) return false;
  if (allowed != next.allowed) return false;
  if (file != next.file || shared != next.shared) return false;
  return (!file && !shared) || offset + length() == next.offset;
}

}  // namespace halcyon
