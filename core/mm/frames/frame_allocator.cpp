#include "core/mm/frames/frame_allocator.h"

#include <cstring>

#include "core/base/assert.h"
#include "core/base/lock_guard.h"
#include "core/mm/frames/frame.h"
#include "core/task/schedule/per_cpu.h"

namespace halcyon {

namespace {

Frame* metadata_at(std::byte* memory) { return static_cast<Frame*>(static_cast<void*>(memory)); }

}  // namespace

FrameAllocator::FrameAllocator(hal::Machine* machine, std::byte* direct_map, const hal::Machine::Memory& memory)
    : machine_(machine),
      direct_map_(direct_map),
      start_(memory.start),
      page_count_(static_cast<uint32_t>(memory.size >> page_shift)),
      frames_(metadata_at(direct_map + memory.start)),
      is_zeroed_(memory.is_zeroed),
      watermark_(0),
      holes_(memory.holes) {
  ASSERT(page_count_ <= FrameCache::max_index);
  static_assert(page_size / sizeof(Frame) >= hal::Machine::Memory::solid_part);
  uint64_t metadata_pages = page_ceil(page_count_ * sizeof(Frame)) >> page_shift;
  move_watermark(static_cast<uint32_t>(std::min<uint64_t>(metadata_pages, page_count_)));
  uint64_t total = page_count_;
  for (const auto& hole : holes_) total -= hole.size >> page_shift;
  total_ = total;
  free_count_ = total - watermark_;
}

void FrameAllocator::push(uint32_t index, unsigned order) {
  Frame& first = frames_[index];
  first.order = static_cast<uint8_t>(order);
  first.is_free = true;
  first.previous = 0;
  first.next = heads_[order];
  if (first.next) frames_[first.next - 1].previous = index + 1;
  heads_[order] = index + 1;
}

void FrameAllocator::unlink(uint32_t index) {
  Frame& first = frames_[index];
  if (first.next) frames_[first.next - 1].previous = first.previous;
  if (first.previous) frames_[first.previous - 1].next = first.next;
  else heads_[first.order] = first.next;
  first.is_free = false;
}

uint32_t FrameAllocator::pop(unsigned order) {
  uint32_t index = heads_[order] - 1;
  unlink(index);
  return index;
}

void FrameAllocator::move_watermark(uint32_t to) {
  if (!is_zeroed_) std::memset(static_cast<void*>(&frames_[watermark_]), 0, (to - watermark_) * sizeof(Frame));
  watermark_ = to;
}

// Puts the pages from the watermark up to `end` into the free lists (they lose their zero knowledge).
void FrameAllocator::pass_until(uint32_t end) {
  while (watermark_ < end) {
    uint32_t index = watermark_;
    unsigned order = std::min(static_cast<unsigned>(__builtin_ctz(index)), max_order);
    while ((1u << order) > end - index) --order;
    move_watermark(index + (1u << order));
    push(index, order);
  }
}

// The first page of the next hole; without one, the end.
uint32_t FrameAllocator::next_hole() const { return holes_.empty() ? page_count_ : index_of(holes_.front().start); }

void FrameAllocator::pass_hole() {
  pass_until(next_hole());
  move_watermark(watermark_ + static_cast<uint32_t>(holes_.front().size >> page_shift));
  holes_ = holes_.subspan(1);
}

// Hands out a naturally aligned block above the watermark.
bool FrameAllocator::grow_watermark(unsigned order, uint32_t* index) {
  uint32_t size = 1u << order;
  for (;;) {
    uint64_t aligned = align_up(watermark_, size);
    if (aligned + size <= next_hole()) {
      pass_until(static_cast<uint32_t>(aligned));
      *index = watermark_;
      move_watermark(watermark_ + size);
      return true;
    }
    if (holes_.empty()) return false;
    pass_hole();
  }
}

void FrameAllocator::add(PhysAddr start, uint64_t size) {
  {
    LockGuard guard(lock_);
    while (watermark_ < index_of(start) + (size >> page_shift)) pass_hole();
  }
  total_.fetch_add(size >> page_shift, std::memory_order_relaxed);
  while (size > 0) {
    unsigned order = std::min(static_cast<unsigned>(__builtin_ctz(index_of(start) | 1u << max_order)), max_order);
    while ((page_size << order) > size) --order;
    free(start, order);
    start += page_size << order;
    size -= page_size << order;
  }
}

// Under lock_: the smallest block that is large enough, cut to size.
bool FrameAllocator::take_block(unsigned order, uint32_t* index, bool* is_zero) {
  unsigned found = order;
  while (found <= max_order && heads_[found] == 0) ++found;
  *is_zero = false;
  if (found <= max_order) {
    *index = pop(found);
    while (found > order) {
      --found;
      push(*index + (1u << found), found);
    }
  } else if (grow_watermark(order, index)) {
    *is_zero = is_zeroed_;
  } else {
    return false;
  }
  free_count_.store(pages_in_blocks() - (uint64_t{1} << order), std::memory_order_relaxed);
  return true;
}

bool FrameAllocator::take_block_locked(unsigned order, uint32_t* index, bool* is_zero) {
  LockGuard guard(lock_);
  return take_block(order, index, is_zero);
}

// Under lock_: merges the block with its buddies, as far as they are free.
void FrameAllocator::put_block(uint32_t index, unsigned order) {
  free_count_.store(pages_in_blocks() + (uint64_t{1} << order), std::memory_order_relaxed);
  while (order < max_order) {
    uint32_t buddy = index ^ (1u << order);
    if (static_cast<uint64_t>(buddy) + (1u << order) > watermark_) break;
    if (!frames_[buddy].is_free || frames_[buddy].order != order) break;
    unlink(buddy);
    index = std::min(index, buddy);
    ++order;
  }
  push(index, order);
}

// One page, or a batch. What is taken first is used first.
void FrameAllocator::fill(FrameCache& cache) {
  std::array<FrameCache::Page, batch> pages;
  unsigned count = 0, wanted = is_short() ? 1 : batch;
  {
    LockGuard guard(lock_);
    uint32_t index;
    bool is_zero;
    while (count < wanted && take_block(0, &index, &is_zero)) pages[count++] = {index, is_zero};
  }
  while (count > 0) cache.put(pages[--count]);
}

void FrameAllocator::empty(FrameCache& cache, unsigned number) {
  std::array<FrameCache::Page, FrameCache::capacity> pages;
  std::span<FrameCache::Page> taken(pages.data(), number);
  cache.take_oldest(taken);
  LockGuard guard(lock_);
  for (FrameCache::Page page : taken) put_block(page.index(), 0);
}

Result<FrameCache::Page> FrameAllocator::allocate_page() {
  FrameCache& cache = own_cache();
  if (cache.count() == 0) [[unlikely]] {
    fill(cache);
    if (cache.count() == 0) return err::nomem;
  }
  return cache.take();
}

Result<FrameAllocator::Block> FrameAllocator::allocate(unsigned order) {
  ASSERT(order <= max_order);
  uint32_t index = 0;
  bool is_zero = false;
  if (order == 0) {
    FrameCache::Page page = TRY(allocate_page());
    index = page.index(), is_zero = page.is_zero();
  } else if (!take_block_locked(order, &index, &is_zero)) {
    // What this CPU keeps may make it whole.
    empty(own_cache(), own_cache().count());
    if (!take_block_locked(order, &index, &is_zero)) return err::nomem;
  }
  Frame& first = frames_[index];
  first.order = static_cast<uint8_t>(order);
  for (uint32_t page = 0; page < 1u << order; ++page) frames_[index + page].references.store(1, std::memory_order_relaxed);
  return Block{start_ + (static_cast<PhysAddr>(index) << page_shift), is_zero};
}

void FrameAllocator::free(PhysAddr address, unsigned order) {
  uint32_t index = index_of(address);
  for (uint32_t page = 0; page < 1u << order; ++page) {
    Frame& frame = frames_[index + page];
    if (frame.was_executable) [[unlikely]] {
      if (machine_) machine_->sync_code(start_ + (static_cast<PhysAddr>(index + page) << page_shift));
      frame.was_executable = false;
    }
    frame.references.store(0, std::memory_order_relaxed);
    frame.slab = nullptr;
    frame.is_slab = false;
  }
  if (order == 0) {
    FrameCache& cache = own_cache();
    if (cache.is_full()) [[unlikely]]
      empty(cache, batch);
    cache.put({index, false});
    if (is_short()) [[unlikely]]
      empty(cache, cache.count());
  } else {
    LockGuard guard(lock_);
    put_block(index, order);
  }
}

uint64_t FrameAllocator::free_pages() const {
  uint64_t free = pages_in_blocks();
  unsigned cpus = machine_ ? machine_->cpu_count() : hal::Machine::max_cpus;
  for (unsigned cpu = 0; cpu < cpus; ++cpu) free += caches_[cpu].count();
  return free;
}

void FrameAllocator::release(PhysAddr address) { free(address, 0); }

void FrameAllocator::mark_executable(PhysAddr address) {
  Frame& entry = frame(address);
  if (entry.was_executable) return;
  entry.was_executable = true;
  if (machine_) machine_->sync_code(address);
}

void FrameAllocator::sync_code(PhysAddr address) {
  if (machine_) machine_->sync_code(page_floor(address));
}

FrameAllocator& frames() { return *per_cpu().frames; }

Result<FrameRef> FrameRef::allocate() {
  FrameAllocator& allocator = frames();
  auto block = TRY(allocator.allocate(0));
  if (!block.is_zero) std::memset(allocator.data(block.address), 0, page_size);
  return FrameRef(block.address);
}

Result<FrameRef> FrameRef::allocate_uninitialized() {
  auto block = TRY(frames().allocate(0));
  return FrameRef(block.address);
}

Result<FrameRef> FrameRef::allocate_or_reclaim() {
  constexpr size_t batch = 32;
  assert_no_spin_lock();
  auto frame = allocate();
  while (!frame && frames().reclaimable().reclaim(batch) > 0) frame = allocate();
  return frame;
}

std::byte* FrameRef::data() const { return frames().data(address_); }
bool FrameRef::is_unique() const { return frames().frame(address_).references.load(std::memory_order_acquire) == 1; }
void FrameRef::retain(PhysAddr address) { frames().retain(address); }
void FrameRef::drop(PhysAddr address) { frames().drop(address); }

}  // namespace halcyon
