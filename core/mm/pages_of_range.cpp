// madvise(2) where it acts: pages that are dropped, punched out of a file, or fetched.
#include "core/base/lock_guard.h"
#include "core/mm/address_space.h"
#include "core/mm/for_each_in.h"
#include "core/mm/removed.h"
#include "core/task/thread.h"

namespace halcyon {

Result<> AddressSpace::discard(UserAddr address, uint64_t length, Discard how) {
  LockGuard guard(lock_);
  auto result = for_each_in(address, length, [&](Vma& vma) REQUIRES(lock_) -> Result<> {
    if (vma.is_locked && how != Discard::dont_need_locked) return err::inval;
    if (how == Discard::free && (vma.file || vma.is_shared || vma.special != Special::none)) return err::inval;
    if (vma.special == Special::vvar) return err::inval;
    clear_pages(vma.start, vma.end);
    return {};
  });
  merge_around(address, address + page_ceil(length));
  return result;
}

Result<> AddressSpace::punch_hole(UserAddr address, uint64_t length) {
  if (!is_valid_range(address, length)) return err::nomem;
  UserAddr end = address + page_ceil(length);
  bool has_hole = false;
  for (UserAddr at = address; at < end;) {
    Ref<File> file;
    Ref<SharedMemory> shared;
    uint64_t offset, size;
    {
      LockGuard guard(lock_);
      Vma* vma = find_from(at);
      if (!vma || vma->start >= end) return err::nomem;
      if (vma->start > at) has_hole = true, at = vma->start;
      if (vma->is_locked || !(vma->file || vma->shared)) return err::inval;
      if (!vma->is_shared || !(vma->protection & prot::write)) return err::acces;
      file = vma->file;
      shared = vma->shared;
      offset = vma->offset + (at - vma->start);
      size = std::min(end, vma->end) - at;
    }
    auto punched =
        file ? file->allocate(File::Allocation::punch_hole, offset, offset + size) : shared->pages().punch_hole(offset, offset + size);
    if (!punched) return punched;
    at += size;
  }
  return has_hole ? err::nomem : Result<>();
}

Result<> AddressSpace::fault_in(UserAddr start, UserAddr end, hal::Access access) {
  for (UserAddr page = page_floor(start); page < end; page += page_size) {
    TRY(fault(page, access));
    TRY(make_way());
  }
  return {};
}

Result<> AddressSpace::populate(UserAddr address, uint64_t length, hal::Access access) {
  if (!is_valid_range(address, length)) return err::nomem;
  uint32_t needed = access == hal::Access::write ? prot::write : prot::all;
  UserAddr end = address + page_ceil(length);
  for (UserAddr page = address; page < end; page += page_size) {
    TRY(make_way());
    {
      LockGuard guard(lock_);
      Vma* vma = find(page);
      if (!vma) return err::nomem;
      if (!(vma->protection & needed) || vma->special == Special::vvar) return err::inval;
    }
    auto done = fault(page, access);
    if (!done) return done.error() == Errno::nomem ? err::nomem : done.error() == Errno::io ? err::fault : err::inval;
  }
  return {};
}

}  // namespace halcyon
