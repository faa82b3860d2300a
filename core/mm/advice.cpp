// mremap, madvise, msync, mlock, mincore: the rest of what a program may ask of a range of its memory.
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
  if (auto mapped = check_mapped(address, length); !mapped) return mapped;
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

Result<UserAddr> AddressSpace::remap(const RemapRequest& request) {
  uint64_t old_length = page_ceil(request.old_length);
  uint64_t new_length = page_ceil(request.new_length);
  if ((request.address & page_mask) || new_length == 0) return err::inval;
  // With MREMAP_DONTUNMAP the new address is a hint, but one that is looked at.
  bool has_target = request.fixed || request.dont_unmap;
  if (has_target && ((request.new_address & page_mask) || !request.may_move || !is_valid_range(request.new_address, new_length)))
    return err::inval;
  if (request.dont_unmap && old_length != new_length) return err::inval;
  if (!is_valid_range(request.address, old_length)) return err::inval;
  UserAddr old_end = request.address + old_length;
  if (has_target && request.new_address < old_end && request.address < request.new_address + new_length) return err::inval;
  Removed removed;
  LockGuard guard(lock_);
  Vma* vma = find(request.address);
  if (!vma) return err::fault;
  // What shrinks may end in other VMAs.
  if (new_length < old_length) {
    if (auto isolated = isolate(request.address + new_length, old_end); !isolated) return std::unexpected(isolated.error());
    remove(request.address + new_length, old_end, removed);
    old_length = new_length;
    old_end = request.address + old_length;
    vma = find(request.address);
  }
  if (!request.fixed && !request.dont_unmap && new_length == old_length) return request.address;
  if (old_length == 0 && !vma->is_shared) return err::inval;
  if (old_end > vma->end) return err::fault;
  if (vma->special != Special::none && request.dont_unmap) return err::inval;
  if (vma->special != Special::none && new_length > old_length) return err::fault;
  if (vma->is_locked && !request.may_lock_more) return err::again;
  if (old_length == 0 && !request.may_move) return err::nomem;

  if (!request.fixed && !request.dont_unmap && old_length != 0) {
    // Grow in place if nothing is behind.
    uint64_t more = new_length - old_length;
    bool has_room = vma->end == old_end && is_valid_range(old_end, more) && (!vma->next || vma->next->start >= old_end + more);
    if (has_room) {
      if (mapped_pages_ + (more >> page_shift) > limit_pages_) return err::nomem;
      // Shared anonymous memory does not grow: touching the new part is SIGBUS, as on Linux.
      vma->end += more;
      vmas_.note_bounds(*vma);
      add_mapped(more);
      merge_around(request.address, vma->end);
      return request.address;
    }
    if (!request.may_move) return err::nomem;
  }
  if (mapped_pages_ + (new_length >> page_shift) > limit_pages_) return err::nomem;
  Own<Vma> moved = TRY(vma->copy(request.address, request.address + new_length));
  UserAddr target = request.new_address;
  if (request.fixed) {
    if (target < layout_.min_address) return err::perm;
    if (auto isolated = isolate(target, target + new_length); !isolated) return std::unexpected(isolated.error());
    remove(target, target + new_length, removed);
  } else {
    target = TRY(find_gap(request.dont_unmap ? target : 0, new_length));
  }
  if (old_length != 0) {
    if (auto isolated = isolate(request.address, old_end); !isolated) return std::unexpected(isolated.error());
  }
  moved->start = target;
  moved->end = target + new_length;
  if (moved->special == Special::none) moved->name = nullptr;  // "[heap]" and "[stack]" are places
  if (moved->special == Special::vdso) vdso_.store(target, std::memory_order_relaxed);
  enter(*moved.release());
  add_mapped(new_length);
  uint64_t kept = std::min(old_length, new_length);
  if (kept != 0) {
    // Entries moved before a failure stay with their pages' new place; the rest fault in again there only if backed by a file.
    auto done = tables_->move(request.address, target, kept);
    machine_.shoot_down(root(), request.address, old_end);
    if (!done) {
      static_cast<void>(tables_->move(target, request.address, kept));
      remove(target, target + new_length, removed);
      return std::unexpected(done.error());
    }
    if (request.dont_unmap) find(request.address)->is_locked = false;  // the lock has gone with the pages
    else remove(request.address, old_end, removed);
  }
  merge_around(target, target + new_length);
  return target;
}

}  // namespace halcyon
