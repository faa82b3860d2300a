// FrameAllocator: the buddy allocator over the machine's RAM.
//
// Free blocks of 2^order pages hang in one list per order, linked by page numbers in the frames' metadata. Pages above the watermark were
// never handed out: they are neither in a list nor touched (nor is their metadata), and where the machine says so they are known to be
// zero. Metadata lies at the start of the range, one 32-byte Frame per page, valid when all zero. The watermark jumps over the holes of the
// machine's memory, whose frames are in use for good, unless add() gives them away.
//
// In front of the lists each CPU keeps some single pages in a FrameCache, which needs no lock: kernel code is not preempted, and interrupts
// allocate nothing. It is filled and emptied by many pages at a time, so that CPUs seldom meet, and so that neighbouring frames, whose
// metadata share a cache line, seldom go to different CPUs. When memory is short, pages go past the caches.
//
// Lock: lock_ (rank frames). Reference counts are atomic and need no lock.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "core/base/annotations.h"
#include "core/base/result.h"
#include "core/base/types.h"
#include "core/mm/cache/reclaim.h"
#include "core/sync/spin_lock.h"
#include "hal/machine.h"

namespace halcyon {

struct Frame {
  std::atomic<uint32_t> references;
  uint32_t next;  // in a free list, as page number + 1; 0 ends it
  uint32_t previous;
  uint8_t order;        // of the free or allocated block whose first page this is
  bool is_free;         // first page of a free block
  bool was_executable;  // mapped executable since it was allocated: sync_code when it is written or freed
  bool is_slab;
  void* slab;  // the heap's, for any page of a slab or large block
  uint64_t unused;
};
static_assert(sizeof(Frame) == 32);

// One CPU's free pages. Only that CPU changes it; any may read how many there are.
class alignas(64) FrameCache {
 public:
  static constexpr unsigned capacity = 62;
  static constexpr uint32_t max_index = INT32_MAX;

  class Page {
   public:
    Page() = default;
    Page(uint32_t index, bool is_zero) : bits_(index << 1 | uint32_t{is_zero}) {}
    uint32_t index() const { return bits_ >> 1; }
    bool is_zero() const { return (bits_ & 1) != 0; }

   private:
    uint32_t bits_;
  };

  unsigned count() const { return count_.load(std::memory_order_relaxed); }
  bool is_full() const { return count() == capacity; }
  // The page that came last. Not empty.
  Page take() {
    unsigned left = count() - 1;
    count_.store(left, std::memory_order_relaxed);
    return pages_[left];
  }
  // Not full.
  void put(Page page) {
    unsigned before = count();
    pages_[before] = page;
    count_.store(before + 1, std::memory_order_relaxed);
  }
  // Takes out those that came first.
  void take_oldest(std::span<Page> taken) {
    size_t number = taken.size();
    unsigned left = count() - static_cast<unsigned>(number);
    std::copy_n(pages_.begin(), number, taken.begin());
    std::copy_n(pages_.begin() + number, left, pages_.begin());
    count_.store(left, std::memory_order_relaxed);
  }

 private:
  std::atomic<uint32_t> count_ = 0;
  std::array<Page, capacity> pages_;
};

class FrameAllocator {
 public:
  static constexpr unsigned max_order = 10;

  FrameAllocator(hal::Machine* machine, std::byte* direct_map, const hal::Machine::Memory& memory);

  // A block of 2^order pages, each with one reference; RAM is not touched. `is_zero` tells if all of it was never used. ENOMEM.
  struct Block {
    PhysAddr address;
    bool is_zero;
  };
  Result<Block> allocate(unsigned order);
  // Takes over a part of one of the memory's holes, page aligned.
  void add(PhysAddr start, uint64_t size);
  // Gives a block back without looking at reference counts.
  void free(PhysAddr address, unsigned order);

  void retain(PhysAddr address) { frame(address).references.fetch_add(1, std::memory_order_relaxed); }
  void drop(PhysAddr address) {
    if (frame(address).references.fetch_sub(1, std::memory_order_acq_rel) == 1) release(address);
  }

  Frame& frame(PhysAddr address) { return frames_[(address - start_) >> page_shift]; }
  std::byte* data(PhysAddr address) const { return direct_map_ + address; }
  PhysAddr address_of(const void* data) const { return static_cast<PhysAddr>(static_cast<const std::byte*>(data) - direct_map_); }

  // Tells the machine that the kernel writes to a frame that may be executed.
  void mark_executable(PhysAddr address);
  void note_kernel_write(PhysAddr address) {
    if (frame(address).was_executable) [[unlikely]]
      sync_code(address);
  }

  // Who holds how many pages, for /proc/meminfo: counted by page caches (with a source behind them, or none) and page tables.
  std::atomic<uint64_t> cached_pages{0}, memory_file_pages{0}, table_pages{0};

  uint64_t total_pages() const { return total_.load(std::memory_order_relaxed); }
  // Who could give frames back.
  ReclaimList& reclaimable() { return reclaimable_; }
  // So few are free that what grows only to save work should rather shrink.
  bool is_short() const { return pages_in_blocks() < total_pages() / 16; }
  // At least a quarter is free.
  bool is_plenty() const { return pages_in_blocks() >= total_pages() / 4; }
  // With those in the CPUs' caches, whose lines it reads.
  uint64_t free_pages() const;

 private:
  static constexpr unsigned batch = 32;  // pages that a cache takes or gives back at once

  uint64_t pages_in_blocks() const { return free_count_.load(std::memory_order_relaxed); }
  FrameCache& own_cache() { return caches_[hal::this_cpu().id()]; }
  Result<FrameCache::Page> allocate_page();
  void fill(FrameCache& cache);
  void empty(FrameCache& cache, unsigned number);
  bool take_block_locked(unsigned order, uint32_t* index, bool* is_zero);
  bool take_block(unsigned order, uint32_t* index, bool* is_zero) REQUIRES(lock_);
  void put_block(uint32_t index, unsigned order) REQUIRES(lock_);
  uint32_t index_of(PhysAddr address) const { return static_cast<uint32_t>((address - start_) >> page_shift); }
  void release(PhysAddr address);
  void sync_code(PhysAddr address);
  void push(uint32_t index, unsigned order) REQUIRES(lock_);
  uint32_t pop(unsigned order) REQUIRES(lock_);
  void unlink(uint32_t index) REQUIRES(lock_);
  bool grow_watermark(unsigned order, uint32_t* index) REQUIRES(lock_);
  void move_watermark(uint32_t to) REQUIRES(lock_);
  void pass_until(uint32_t end) REQUIRES(lock_);
  uint32_t next_hole() const REQUIRES(lock_);
  void pass_hole() REQUIRES(lock_);

  hal::Machine* machine_;  // null in unit tests
  std::byte* direct_map_;
  PhysAddr start_;
  uint32_t page_count_;  // from the first page to the last, holes included
  Frame* frames_;
  bool is_zeroed_;
  std::atomic<uint64_t> total_;  // pages that can be allocated or hold metadata
  ReclaimList reclaimable_;

  std::array<FrameCache, hal::Machine::max_cpus> caches_;

  alignas(64) SpinLock lock_{Rank::frames};
  std::atomic<uint64_t> free_count_;                                    // pages above the watermark and in the lists; changed under lock_
  uint32_t watermark_ GUARDED_BY(lock_);                                // first page never handed out
  std::span<const hal::Machine::MemoryRange> holes_ GUARDED_BY(lock_);  // those above the watermark
  std::array<uint32_t, max_order + 1> heads_ GUARDED_BY(lock_){};       // page number + 1
};

}  // namespace halcyon
