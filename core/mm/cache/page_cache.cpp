#include "core/mm/cache/page_cache.h"

#include <cstring>

#include "core/mm/address_space.h"
#include "core/mm/frames/frame_allocator.h"

namespace halcyon {

namespace {

// Besides the one that holds the frame's address nobody has a reference, and nobody can get one while that one's lock is held.
bool has_only_user(PhysAddr frame) { return frames().frame(frame).references.load(std::memory_order_acquire) == 1; }

}  // namespace

PageCache::PageCache(PageSource* source, uint64_t size, PageBudget* budget)
    : source_(source), budget_(source ? nullptr : budget), size_(size) {}

PageCache::~PageCache() {
  if (is_listed_.load(std::memory_order_relaxed)) frames().reclaimable().remove(*this);
  remove_from(0);
}

void PageCache::count_pages(int64_t change) {
  resident_.fetch_add(static_cast<uint64_t>(change), std::memory_order_relaxed);
  std::atomic<uint64_t>& all = source_ ? frames().cached_pages : frames().memory_file_pages;
  all.fetch_add(static_cast<uint64_t>(change), std::memory_order_relaxed);
  if (budget_ && change < 0) budget_->give_pages(static_cast<uint64_t>(-change));
}

FrameRef PageCache::find(uint64_t index) {
  return pages_.with([&](RadixTree& pages) {
    PhysAddr frame = pages.find(index);
    return frame == RadixTree::none ? FrameRef() : FrameRef::share(frame);
  });
}

Result<FrameRef> PageCache::insert(uint64_t index, FrameRef fresh) {
  auto result = pages_.with([&](RadixTree& pages) -> Result<FrameRef> {
    PhysAddr other = pages.find(index);
    if (other != RadixTree::none) return FrameRef::share(other);
    TRY(pages.insert(index, fresh.address()));
    count_pages(1);
    FrameRef shared = fresh;
    static_cast<void>(fresh.release());  // the tree's reference
    return shared;
  });
  if (source_ && result && !is_listed_.exchange(true, std::memory_order_relaxed)) frames().reclaimable().add(*this);
  return result;
}

void PageCache::make_room() {
  constexpr size_t batch = 32;
  if (source_ && frames().is_short()) [[unlikely]]
    frames().reclaimable().reclaim(batch);
}

Result<FrameRef> PageCache::get(uint64_t index) {
  if (FrameRef frame = find(index)) return frame;
  return source_ ? fetch(index, cluster) : fill_hole(index);
}

// What it takes of the budget goes back with the page (count_pages), or at once if there is none.
Result<FrameRef> PageCache::fill_hole(uint64_t index) {
  if (budget_) {
    TRY(budget_->take_pages(1));
  }
  auto fresh = FrameRef::allocate_or_reclaim();
  PhysAddr own = fresh ? fresh->address() : 0;
  auto inserted = fresh ? insert(index, *std::move(fresh)) : std::move(fresh);
  if (budget_ && (!inserted || inserted->address() != own)) budget_->give_pages(1);
  return inserted;
}

// Of the cluster that the page is in, the missing pages around it.
Result<FrameRef> PageCache::fetch(uint64_t index, unsigned most) {
  make_room();
  if (frames().is_short()) most = 1;
  uint64_t first = index;
  uint64_t last = index;
  uint64_t from = index & ~uint64_t{most - 1};
  uint64_t to = std::min<uint64_t>(from + most - 1, size() == 0 ? 0 : (size() - 1) >> page_shift);
  pages_.with([&](RadixTree& pages) {
    while (first > from && pages.find(first - 1) == RadixTree::none) --first;
    while (last < to && pages.find(last + 1) == RadixTree::none) ++last;
  });
  FrameRef fresh[cluster];
  std::byte* bytes[cluster];
  size_t count = last - first + 1;
  for (size_t i = 0; i < count; ++i) {
    auto frame = count == 1 ? FrameRef::allocate_or_reclaim() : FrameRef::allocate_uninitialized();
    if (!frame) return count == 1 ? std::move(frame) : fetch(index, 1);
    fresh[i] = *std::move(frame);
    bytes[i] = fresh[i].data();
  }
  if (auto filled = source_->fill(first, {bytes, count}); !filled) return count == 1 ? std::unexpected(filled.error()) : fetch(index, 1);
  Result<FrameRef> wanted = err::nomem;
  for (size_t i = 0; i < count; ++i) {
    auto inserted = insert(first + i, std::move(fresh[i]));
    if (first + i == index) wanted = std::move(inserted);
  }
  return wanted;
}

Result<size_t> PageCache::read(uint64_t offset, Sink& out) {
  size_t done = 0;
  while (out.remaining() > 0) {
    uint64_t end = size();
    if (offset >= end) break;
    size_t in_page = offset & page_mask;
    size_t count = std::min<uint64_t>({page_size - in_page, end - offset, out.remaining()});
    uint64_t index = offset >> page_shift;
    FrameRef frame = find(index);
    Result<size_t> written = 0;
    if (!frame && !source_) {
      written = out.write_zeros(count);
    } else {
      if (!frame) {
        auto filled = get(index);
        if (!filled) return moved_or(done, filled.error());
        frame = *std::move(filled);
      }
      written = out.write({frame.data() + in_page, count});
    }
    if (!written) return moved_or(done, written.error());
    done += *written;
    offset += *written;
    if (*written < count) break;
  }
  return done;
}

// A page that is overwritten as a whole need not be filled; it becomes visible when it is complete.
Result<PageCache::Written> PageCache::write_page(uint64_t index, Source& in) {
  make_room();
  FrameRef fresh = TRY(FrameRef::allocate_or_reclaim());
  size_t count = TRY(in.read({fresh.data(), page_size}));
  if (count == 0) return Written{FrameRef(), 0};
  PhysAddr own = fresh.address();
  FrameRef source = fresh;
  FrameRef frame = TRY(count == page_size ? insert(index, std::move(fresh)) : fetch(index, 1));
  if (frame.address() != own) std::memcpy(frame.data(), source.data(), count);
  return Written{std::move(frame), count};
}

Result<PageCache::Written> PageCache::write_part(uint64_t offset, size_t count, Source& in) {
  uint64_t index = offset >> page_shift;
  FrameRef frame = find(index);
  bool is_new = source_ && !frame && index << page_shift >= size();
  if (is_new) {
    FrameRef fresh = TRY(FrameRef::allocate_or_reclaim());
    frame = TRY(insert(index, std::move(fresh)));
  } else if (!frame) {
    frame = source_ ? TRY(fetch(index, 1)) : TRY(get(index));
  }
  size_t copied = TRY(in.read({frame.data() + (offset & page_mask), count}));
  return Written{std::move(frame), copied};
}

Result<size_t> PageCache::write(uint64_t offset, Source& in) {
  size_t done = 0;
  while (in.remaining() > 0) {
    size_t count = std::min<size_t>(page_size - (offset & page_mask), in.remaining());
    uint64_t index = offset >> page_shift;
    bool overwrites = source_ && count == page_size && !find(index);
    auto written = overwrites ? write_page(index, in) : write_part(offset, count, in);
    if (!written) return moved_or(done, written.error());
    if (written->count == 0) break;
    frames().note_kernel_write(written->frame.address());
    done += written->count;
    offset += written->count;
    if (source_) pages_.with([&](RadixTree& pages) { pages.set_dirty(index, true); });
    uint64_t old = size_.load(std::memory_order_relaxed);
    while (offset > old && !size_.compare_exchange_weak(old, offset, std::memory_order_release)) {
    }
    if (written->count < count) break;
  }
  return done;
}

// Of bytes within one page.
Result<> PageCache::zero(uint64_t start, uint64_t end) {
  if (start >= end) return {};
  uint64_t index = start >> page_shift;
  FrameRef frame = find(index);
  if (!frame) {
    if (!source_) return {};
    frame = TRY(fetch(index, 1));
  }
  std::memset(frame.data() + (start & page_mask), 0, end - start);
  frames().note_kernel_write(frame.address());
  if (source_) pages_.with([&](RadixTree& pages) { pages.set_dirty(index, true); });
  return {};
}

uint64_t PageCache::find_next(uint64_t offset, bool data) {
  uint64_t end = size();
  if (source_) return data ? offset : end;
  return pages_.with([&](RadixTree& pages) {
    for (uint64_t at = offset; at < end; at = page_floor(at) + page_size) {
      uint64_t index = at >> page_shift;
      bool is_present = pages.next(&index) != RadixTree::none;
      if (data) return is_present ? std::min(std::max(at, index << page_shift), end) : end;
      if (!is_present || index != at >> page_shift) return at;
    }
    return end;
  });
}

Result<> PageCache::punch_hole(uint64_t start, uint64_t end) {
  end = std::min(end, size());
  if (start >= end) return {};
  uint64_t first = page_ceil(start), last = page_floor(end);
  TRY(zero(start, std::min(first, end)));
  if (last >= first) {
    TRY(zero(last, end));
  }
  if (source_) {
    // What is taken out would come back from the source.
    for (uint64_t at = first; at < last; at += page_size) TRY(zero(at, at + page_size));
    return {};
  }
  drop(first, last);
  return {};
}

void PageCache::drop(uint64_t start, uint64_t end) {
  uint64_t first = start >> page_shift, last = end >> page_shift;
  for (Mappers::Walk walk(mappers_); Ref<AddressSpace> space = walk.next();)
    space->unmap_file_pages(*this, first, last, AddressSpace::OfFile::shared);
  for (uint64_t index = first; index < last; ++index) {
    FrameRef taken;
    FrameRef used = pages_.with([&](RadixTree& pages) {
      PhysAddr frame = pages.next(&index);
      if (frame == RadixTree::none || index >= last) return FrameRef();
      if (!has_only_user(frame)) return FrameRef::share(frame);
      taken = FrameRef::adopt(pages.take_from(&index));
      return FrameRef();
    });
    if (taken) count_pages(-1);
    else if (!used) return;
    if (used) std::memset(used.data(), 0, page_size), frames().note_kernel_write(used.address());
  }
}

Result<> PageCache::set_size(uint64_t size) {
  if (size < this->size()) {
    TRY(zero(size, page_ceil(size)));
    size_.store(size, std::memory_order_release);
    uint64_t first = (size + page_mask) >> page_shift;
    remove_from(first);
    for (Mappers::Walk walk(mappers_); Ref<AddressSpace> space = walk.next();)
      space->unmap_file_pages(*this, first, ~uint64_t{0}, AddressSpace::OfFile::all);
  } else {
    size_.store(size, std::memory_order_release);
  }
  return {};
}

void PageCache::remove_from(uint64_t first_index) {
  generation_.fetch_add(1, std::memory_order_acq_rel);
  for (uint64_t index = first_index;;) {
    // A few at a time, so that the lock is never held for long.
    FrameRef removed[16];
    size_t count = pages_.with([&](RadixTree& pages) {
      size_t taken = 0;
      while (taken < std::size(removed)) {
        PhysAddr frame = pages.take_from(&index);
        if (frame == RadixTree::none) break;
        removed[taken++] = FrameRef::adopt(frame);
      }
      return taken;
    });
    count_pages(-static_cast<int64_t>(count));
    if (count < std::size(removed)) return;
  }
}

Result<> PageCache::write_back() {
  if (!source_) return {};
  // What programs write from here on makes its page dirty again.
  for (Mappers::Walk walk(mappers_); Ref<AddressSpace> space = walk.next();) space->protect_file_pages(*this);
  for (uint64_t index = 0;; ++index) {
    FrameRef frame = pages_.with([&](RadixTree& pages) {
      PhysAddr found = pages.next_dirty(&index);
      if (found == RadixTree::none) return FrameRef();
      pages.set_dirty(index, false);
      return FrameRef::share(found);
    });
    if (!frame) return {};
    uint64_t start = index << page_shift;
    uint64_t end = size();
    if (start >= end) continue;
    auto written = source_->write_back(start, {frame.data(), static_cast<size_t>(std::min<uint64_t>(page_size, end - start))});
    if (!written) {
      pages_.with([&](RadixTree& pages) { pages.set_dirty(index, true); });
      return written;
    }
  }
}

Result<> PageCache::write_through(uint64_t start, uint64_t length) {
  for (uint64_t end = start + length; start < end;) {
    uint64_t index = start >> page_shift;
    size_t in_page = start & page_mask;
    size_t count = std::min<uint64_t>(page_size - in_page, end - start);
    FrameRef frame = pages_.with([&](RadixTree& pages) {
      PhysAddr found = pages.find(index);
      if (found == RadixTree::none) return FrameRef();
      if (has_only_user(found)) pages.set_dirty(index, false);
      return FrameRef::share(found);
    });
    if (!frame) return err::io;
    TRY(source_->write_back(start, {frame.data() + in_page, count}));
    start += count;
  }
  return {};
}

// What is still mapped goes back in with its new contents, so that mappings and descriptors go on seeing one file.
void PageCache::invalidate(uint64_t new_size) {
  size_.store(new_size, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_acq_rel);
  for (uint64_t index = 0;; ++index) {
    PhysAddr found = pages_.with([&](RadixTree& pages) {
      while (pages.next(&index) != RadixTree::none && pages.is_dirty(index)) ++index;
      return pages.take_from(&index);
    });
    if (found == RadixTree::none) return;
    FrameRef frame = FrameRef::adopt(found);
    count_pages(-1);
    if (has_only_user(found) || index << page_shift >= new_size || !source_) continue;
    FrameRef fresh = frame;
    auto room = FrameRef::allocate_or_reclaim();
    if (!room) continue;
    std::byte* contents = room->data();
    if (!source_->fill(index, {&contents, 1})) continue;
    std::memcpy(fresh.data(), room->data(), page_size);
    frames().note_kernel_write(fresh.address());
    static_cast<void>(insert(index, std::move(fresh)));
  }
}

size_t PageCache::reclaim(size_t pages) {
  constexpr size_t look_at_most = 256;
  size_t freed = 0;
  uint64_t index = reclaim_next_.load(std::memory_order_relaxed);
  for (size_t looked = 0; freed < pages && looked < look_at_most; ++looked) {
    // The frame goes without the lock.
    FrameRef gone;
    bool found = pages_.with([&](RadixTree& tree) {
      PhysAddr frame = tree.next(&index);
      if (frame == RadixTree::none) return false;
      if (!tree.is_dirty(index) && has_only_user(frame)) gone = FrameRef::adopt(tree.take_from(&index));
      return true;
    });
    if (!found) {
      index = 0;
      break;
    }
    if (gone) {
      ++freed;
      count_pages(-1);
    }
    ++index;
  }
  reclaim_next_.store(index, std::memory_order_relaxed);
  return freed;
}

}  // namespace halcyon
