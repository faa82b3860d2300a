// Page faults: demand paging, copy-on-write, stack growth. Also the walk by which the kernel itself reaches user memory.
#include <cstring>

#include "core/base/lock_guard.h"
#include "core/file/inode.h"
#include "core/mm/address_space.h"
#include "core/mm/frames/frame_allocator.h"
#include "core/task/kernel.h"

namespace halcyon {

namespace {

// File pages mapped around a fault if the cache has them. They share a table, so that none has to be made for them.
constexpr unsigned cached_around = 16;

bool permits(const Vma& vma, hal::Access access) {
  switch (access) {
    case hal::Access::read: return vma.protection != prot::none;
    case hal::Access::write: return (vma.protection & prot::write) != 0;
    case hal::Access::execute: return (vma.protection & prot::execute) != 0;
  }
  return false;
}

unsigned anonymous_around(const Vma& vma, UserAddr page) {
  if (!frames().is_plenty()) return 1;
  uint64_t left = (vma.end - page) >> page_shift;
  unsigned around = per_cpu().kernel ? kernel().options().fault_around : 1;
  return static_cast<unsigned>(std::min<uint64_t>(left, around));
}

}  // namespace

// A stack's VMA grows down to an address that lies within its limit and keeps a gap of 256 pages to what lies below (stack_guard_gap).
Vma* AddressSpace::grow_stack(UserAddr address) {
  constexpr uint64_t guard_gap = 256 * page_size;
  Vma* vma = find_from(address);
  if (!vma || !vma->grows_down || address < layout_.min_address) return nullptr;
  UserAddr start = page_floor(address);
  if (vma->end - start > stack_limit_) return nullptr;
  uint64_t pages = (vma->start - start) >> page_shift;
  if (mapped_pages_ + pages > limit_pages_) return nullptr;
  Vma* below = vma->previous;
  if (below && below->end + guard_gap > start && !below->grows_down) return nullptr;
  if (below && below->end > start) return nullptr;
  vma->start = start;
  vmas_.note_bounds(*vma);
  add_mapped(pages << page_shift);
  return vma;
}

Result<> AddressSpace::fault_anonymous(Vma& vma, UserAddr page, hal::Access) {
  PageFlags flags = flags_for(vma);
  // Fresh frames belong to nobody else: no copy on write.
  flags.write = (vma.protection & prot::write) != 0;
  flags.copy_on_write = false;
  return tables_->map_zeroed(page, anonymous_around(vma, page), flags);
}

Result<> AddressSpace::break_copy_on_write(Vma& vma, UserAddr page, const Translation& old) {
  PageFlags flags = flags_for(vma);
  flags.write = true;
  flags.copy_on_write = false;
  FrameRef shared = FrameRef::share(old.frame);
  FrameBatch batch;
  // The entry's reference and ours: nobody else can take one, because sharing a private page needs this lock and a cache holds its own.
  if (frames().frame(old.frame).references.load(std::memory_order_acquire) == 2) {
    tables_->replace(page, std::move(shared), flags, batch);
    hal::this_cpu().flush_local(page);
    return {};
  }
  FrameRef copy = TRY(FrameRef::allocate_uninitialized());
  std::memcpy(copy.data(), shared.data(), page_size);
  tables_->replace(page, std::move(copy), flags, batch);
  machine_.shoot_down(root(), page, page + page_size);
  return {};
}

Result<> AddressSpace::fault_cached(Vma& vma, UserAddr page, hal::Access access, FrameRef frame) {
  PageFlags flags = flags_for(vma);
  if (access == hal::Access::write && !vma.is_shared) {
    FrameRef copy = TRY(FrameRef::allocate_uninitialized());
    std::memcpy(copy.data(), frame.data(), page_size);
    flags.write = true;
    flags.copy_on_write = false;
    return tables_->map(page, std::move(copy), flags);
  }
  if (access == hal::Access::write) flags.write = true, flags.copy_on_write = false;
  TRY(tables_->map(page, std::move(frame), flags));
  if (access == hal::Access::write) vma.cache()->mark_dirty(vma.page_index(page));
  if (!vma.is_shared || !flags.write) map_around(vma, page, flags);
  return {};
}

// The other pages of the aligned stretch around `page` that the cache has.
void AddressSpace::map_around(Vma& vma, UserAddr page, const PageFlags& flags) {
  PageCache& cache = *vma.cache();
  constexpr uint64_t stretch = cached_around * page_size;
  UserAddr end = std::min(vma.end, (page & ~(stretch - 1)) + stretch);
  for (UserAddr at = std::max(vma.start, page & ~(stretch - 1)); at < end; at += page_size) {
    Translation present;
    if (at == page || tables_->find(at, &present)) continue;
    if (vma.page_index(at) << page_shift >= cache.size()) return;
    FrameRef neighbour = cache.find(vma.page_index(at));
    if (neighbour && !tables_->map(at, std::move(neighbour), flags)) return;
  }
}

// The first write to a page of a shared file mapping.
void AddressSpace::make_writable(Vma& vma, UserAddr page, const Translation& old) {
  PageFlags flags = flags_for(vma);
  flags.write = true;
  flags.copy_on_write = false;
  FrameBatch batch;
  tables_->replace(page, FrameRef::share(old.frame), flags, batch);
  hal::this_cpu().flush_local(page);
  vma.cache()->mark_dirty(vma.page_index(page));
}

namespace {

// mmap(2): the file's times change when a page is written to for the first time.
void note_write(File& file) {
  if (Inode* inode = file.mappable(); inode && per_cpu().kernel) inode->note_mapped_write(kernel().clock().realtime());
}

}  // namespace

Result<> AddressSpace::fault(UserAddr address, hal::Access access) {
  constexpr size_t batch = 64;
  for (;;) {
    Ref<File> written;
    Result<> result = try_fault(address, access, &written);
    if (written) note_write(*written);
    if (result || result.error() != Errno::nomem || frames().reclaimable().reclaim(batch) == 0) return result;
  }
}

// Leaves in *written the file of a shared mapping that is about to be written to.
Result<> AddressSpace::try_fault(UserAddr address, hal::Access access, Ref<File>* written) {
  UserAddr page = page_floor(address);
  if (page >= layout_.user_end) return err::fault;
  UniqueLock guard(lock_);
  for (;;) {
    Vma* vma = find(page);
    if (!vma) vma = grow_stack(page);
    if (!vma) return err::fault;
    Translation old;
    bool is_there = tables_->find(page, &old);
    if (!permits(*vma, access)) {
      // As Linux does on x86_64, where the second fault's error code shows it: a fetch brings in what can be read, and fails when it is
      // there.
      if (access != hal::Access::execute || is_there || !permits(*vma, hal::Access::read)) return err::acces;
      access = hal::Access::read;
    }
    if (is_there) {
      if (access == hal::Access::write && !old.flags.write) {
        if (!vma->is_shared) return break_copy_on_write(*vma, page, old);
        make_writable(*vma, page, old);
        *written = vma->file;
        return {};
      }
      // Spurious: the CPU used an older translation.
      hal::this_cpu().flush_local(page);
      PhysAddr touched;
      static_cast<void>(tables_->translate(page, access, &touched));
      return {};
    }
    PageCache* cache = vma->cache();
    if (!cache) return fault_anonymous(*vma, page, access);

    uint64_t index = vma->page_index(page);
    if (index << page_shift >= cache->size()) return err::io;
    if (FrameRef frame = cache->find(index)) {
      if (access == hal::Access::write && vma->tracks_writes()) *written = vma->file;
      return fault_cached(*vma, page, access, std::move(frame));
    }
    // Filling may block: do it without the lock, then look at everything again.
    Ref<File> file = vma->file;
    Ref<SharedMemory> shared = vma->shared;
    guard.unlock();
    auto filled = cache->get(index);
    file = nullptr;
    shared = nullptr;
    if (!filled) {
      if (filled.error() == Errno::nomem) return err::nomem;
      return err::io;
    }
    guard.lock();
  }
}

bool AddressSpace::pin(FrameAllocator& allocator, UserAddr address, hal::Access access, PhysAddr* frame) {
  assert_may_touch_user_memory();
  UserAddr page = page_floor(address);
  if (page >= layout_.user_end) return false;
  do {
    {
      LockGuard guard(lock_);
      if (tables_->translate(page, access, frame)) [[likely]] {
        allocator.retain(*frame);
        return true;
      }
    }
  } while (fault(address, access));
  return false;
}

Result<FrameRef> AddressSpace::pin(UserAddr address, hal::Access access) {
  PhysAddr frame;
  if (!pin(frames(), address, access, &frame)) return err::fault;
  return FrameRef::adopt(frame);
}

}  // namespace halcyon
