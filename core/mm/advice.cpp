// madvise, msync, mlock, mincore: the rest of what a program may ask of a range of its memory.
#include "core/base/lock_guard.h"
#include "core/file/inode.h"
#include "core/mm/address_space.h"
#include "core/mm/for_each_in.h"
#include "core/mm/removed.h"

namespace halcyon {

Result<> AddressSpace::advise_fork(UserAddr address, uint64_t length, ForkAdvice advice) {
  LockGuard guard(lock_);
  return for_each_in(address, length, [&](Vma& vma) -> Result<> {
    bool is_anonymous = !vma.file && !vma.is_shared;
    switch (advice) {
      case ForkAdvice::dont_fork: vma.dont_fork = true; break;
      case ForkAdvice::do_fork:
        if (vma.special == Special::vvar) return err::inval;
        vma.dont_fork = false;
        break;
      case ForkAdvice::wipe_on_fork:
        if (!is_anonymous) return err::inval;
        vma.wipe_on_fork = true;
        break;
      case ForkAdvice::keep_on_fork: vma.wipe_on_fork = false; break;
    }
    return {};
  });
}

Result<> AddressSpace::check_mapped(UserAddr address, uint64_t length, bool refuses_locked) {
  if (!is_valid_range(address, length)) return err::nomem;
  length = page_ceil(length);
  LockGuard guard(lock_);
  UserAddr covered = address;
  UserAddr end = address + length;
  for (Vma* vma = find_from(address); vma && vma->start <= covered && covered < end;) {
    if (refuses_locked && vma->is_locked) return err::busy;
    covered = vma->end;
    vma = vma->next;
  }
  if (covered < end) return err::nomem;
  return {};
}

Result<> AddressSpace::sync(UserAddr address, uint64_t length) {
  length = page_ceil(length);
  TRY(check_mapped(address, length));
  UserAddr at = address;
  while (at < address + length) {
    Ref<File> file;
    {
      LockGuard guard(lock_);
      Vma* vma = find(at);
      if (!vma) return err::nomem;
      if (vma->is_shared) file = vma->file;
      at = vma->end;
    }
    if (!file) continue;
    if (auto synced = file->sync(); !synced && synced.error() != Errno::inval) return err::io;
  }
  return {};
}

Result<> AddressSpace::lock(UserAddr address, uint64_t length, bool locked) {
  LockGuard guard(lock_);
  auto result = for_each_in(page_floor(address), length + (address & page_mask), [&](Vma& vma) -> Result<> {
    vma.is_locked = locked;
    return {};
  });
  merge_around(page_floor(address), page_ceil(address + length));
  return result;
}

void AddressSpace::lock_all(bool locked) {
  LockGuard guard(lock_);
  for (Vma& vma : vmas_) vma.is_locked = locked;
}

void AddressSpace::sync_code(UserAddr start, UserAddr end) {
  end = std::min(end, layout_.user_end);
  if (start >= end) return;
  LockGuard guard(lock_);
  tables_->sync_code(page_floor(start), page_ceil(end));
}

uint64_t AddressSpace::locked_pages_with(UserAddr address, uint64_t length) {
  LockGuard guard(lock_);
  UserAddr start = page_floor(address);
  UserAddr end = page_ceil(address + length);
  uint64_t bytes = end - start;
  for (const Vma& vma : vmas_) {
    if (!vma.is_locked) continue;
    UserAddr from = std::max(vma.start, start);
    UserAddr to = std::min(vma.end, end);
    bytes += vma.length() - (from < to ? to - from : 0);
  }
  return bytes >> page_shift;
}

bool AddressSpace::is_resident(UserAddr page) {
  LockGuard guard(lock_);
  Translation translation;
  if (tables_->find(page, &translation)) return true;
  Vma* vma = find(page);
  PageCache* cache = vma ? vma->cache() : nullptr;
  return cache && cache->find(vma->page_index(page));
}

void AddressSpace::unmap_file_pages(PageCache& cache, uint64_t first_page, uint64_t end_page, OfFile which) {
  LockGuard guard(lock_);
  for (Vma& vma : vmas_) {
    if (vma.cache() != &cache || (which == OfFile::shared && !vma.is_shared)) continue;
    uint64_t offset = vma.offset >> page_shift, end = offset + (vma.length() >> page_shift);
    uint64_t from = std::max(offset, first_page), to = std::min(end, end_page);
    if (from < to) clear_pages(vma.start + ((from - offset) << page_shift), vma.start + ((to - offset) << page_shift));
  }
}

void AddressSpace::protect_file_pages(PageCache& cache) {
  LockGuard guard(lock_);
  for (Vma& vma : vmas_) {
    if (vma.cache() != &cache || !vma.tracks_writes()) continue;
    PageFlags flags = flags_for(vma);
    flags.copy_on_write = false;
    if (tables_->protect(vma.start, vma.end, flags)) machine_.shoot_down(root(), vma.start, vma.end);
  }
}

}  // namespace halcyon
