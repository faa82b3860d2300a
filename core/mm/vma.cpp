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

Result<Own<Vma>> Vma::copy(UserAddr from, UserAddr to) const {
  Own<Vma> made = TRY(make<Vma>());
  static_cast<VmaMembers&>(*made) = static_cast<const VmaMembers&>(*this);
  made->start = from;
  made->end = to;
  made->offset += from - start;
  return made;
}

bool Vma::can_merge(const Vma& behind) const {
  if (end != behind.start || protection != behind.protection || is_shared != behind.is_shared || grows_down != behind.grows_down)
    return false;
  if (is_locked != behind.is_locked || dont_fork != behind.dont_fork || wipe_on_fork != behind.wipe_on_fork || name != behind.name)
    return false;
  if (allowed != behind.allowed || special != behind.special) return false;
  if (file != behind.file || shared != behind.shared) return false;
  return (!file && !shared) || offset + length() == behind.offset;
}

}  // namespace halcyon
