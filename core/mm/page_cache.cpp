#include "core/mm/page_cache.h"

#include <cstring>

#include "core/mm/address_space.h"
#include "core/mm/frame_allocator.h"

namespace halcyon {

PageCache::PageCache(PageSource* source, uint64_t size) : source_(source), size_(size) {}

PageCache::~PageCache() { remove_from(0); }

void PageCache::count_pages(int64_t change) {
  resident_.fetch_add(static_cast<uint64_t>(change), std::memory_order_relaxed);
  std::atomic<uint64_t>& all = source_ ? frames().cached_pages : frames().memory_file_pages;
  all.fetch_add(static_cast<uint64_t>(change), std::memory_order_relaxed);
}

FrameRef PageCache::find(uint64_t index) {
  return pages_.with([&](RadixTree& pages) {
    PhysAddr frame = pages.find(index);
    return frame == RadixTree::none ? FrameRef() : FrameRef::share(frame);
  });
}

Result<FrameRef> PageCache::get(uint64_t index) {
  if (FrameRef frame = find(index)) return frame;
  FrameRef fresh = TRY(FrameRef::allocate());
  if (source_) {
    auto filled = source_->fill(index, {fresh.data(), page_size});
    if (!filled) return std::unexpected(filled.error());
  }
  return pages_.with([&](RadixTree& pages) -> Result<FrameRef> {
    PhysAddr other = pages.find(index);
    if (other != RadixTree::none) return FrameRef::share(other);
    auto inserted = pages.insert(index, fresh.address());
    if (!inserted) return std::unexpected(inserted.error());
    count_pages(1);
    FrameRef result = fresh;
    static_cast<void>(fresh.release());  // the tree's reference
    return result;
  });
}

// A page that is about to be overwritten as a whole need not be filled.
Result<FrameRef> PageCache::get_for_write(uint64_t index, bool whole_page) {
  bool is_new = source_ && (whole_page || index << page_shift >= size());
  if (!is_new) return get(index);
  if (FrameRef frame = find(index)) return frame;
  FrameRef fresh = TRY(FrameRef::allocate());
  return pages_.with([&](RadixTree& pages) -> Result<FrameRef> {
    PhysAddr other = pages.find(index);
    if (other != RadixTree::none) return FrameRef::share(other);
    auto inserted = pages.insert(index, fresh.address());
    if (!inserted) return std::unexpected(inserted.error());
    count_pages(1);
    FrameRef result = fresh;
    static_cast<void>(fresh.release());
    return result;
  });
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
        if (!filled) return done ? Result<size_t>(done) : std::unexpected(filled.error());
        frame = *std::move(filled);
      }
      written = out.write({frame.data() + in_page, count});
    }
    if (!written) return done ? Result<size_t>(done) : written;
    done += *written;
    offset += *written;
    if (*written < count) break;
  }
  return done;
}

Result<size_t> PageCache::write(uint64_t offset, Source& in) {
  size_t done = 0;
  while (in.remaining() > 0) {
    size_t in_page = offset & page_mask;
    size_t count = std::min<size_t>(page_size - in_page, in.remaining());
    uint64_t index = offset >> page_shift;
    auto frame = get_for_write(index, count == page_size);
    if (!frame) return done ? Result<size_t>(done) : std::unexpected(frame.error());
    auto copied = in.read({frame->data() + in_page, count});
    frames().note_kernel_write(frame->address());
    if (!copied || *copied < count) {
      // Nothing of a page that was taken in unfilled may stay if it was not overwritten as a whole.
      if (source_ && count == page_size) remove_from(index);
    }
    if (!copied) return done ? Result<size_t>(done) : copied;
    done += *copied;
    offset += *copied;
    if (source_) pages_.with([&](RadixTree& pages) { pages.set_dirty(index, true); });
    uint64_t old = size_.load(std::memory_order_relaxed);
    while (offset > old && !size_.compare_exchange_weak(old, offset, std::memory_order_release)) {
    }
    if (*copied < count) break;
  }
  return done;
}

Result<> PageCache::zero_tail(uint64_t size) {
  size_t in_page = size & page_mask;
  if (in_page == 0) return {};
  FrameRef frame = find(size >> page_shift);
  if (!frame) {
    if (!source_) return {};
    frame = TRY(get(size >> page_shift));
  }
  std::memset(frame.data() + in_page, 0, page_size - in_page);
  frames().note_kernel_write(frame.address());
  if (source_) pages_.with([&](RadixTree& pages) { pages.set_dirty(size >> page_shift, true); });
  return {};
}

Result<> PageCache::set_size(uint64_t size) {
  if (size < this->size()) {
    if (auto zeroed = zero_tail(size); !zeroed) return zeroed;
    size_.store(size, std::memory_order_release);
    uint64_t first = (size + page_mask) >> page_shift;
    remove_from(first);
    for_each_space([&](AddressSpace& space) { space.unmap_file_pages(*this, first); });
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
  for_each_space([&](AddressSpace& space) { space.protect_file_pages(*this); });
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
    auto written = source_->write_back(index, {frame.data(), static_cast<size_t>(std::min<uint64_t>(page_size, end - start))});
    if (!written) {
      pages_.with([&](RadixTree& pages) { pages.set_dirty(index, true); });
      return written;
    }
  }
}

void PageCache::add_mapper(Mapper& mapper, AddressSpace& space) {
  mapper.space = &space;
  mapper.mapped = this;
  mappers_.with([&](MapperList& mappers) { mappers.push_back(mapper); });
}

void PageCache::remove_mapper(Mapper& mapper) {
  mappers_.with([&](MapperList& mappers) { mappers.erase(mappers.iterator_to(mapper)); });
  mapper.mapped = nullptr;
}

// Calls action(space), without the lock, for every address space that maps a part of the file; perhaps more than once. A marker keeps the
// place in the list meanwhile.
template <class Action>
void PageCache::for_each_space(Action action) {
  Mapper marker;
  AddressSpace* last = nullptr;
  mappers_.with([&](MapperList& mappers) { mappers.push_front(marker); });
  for (;;) {
    Ref<AddressSpace> space;
    mappers_.with([&](MapperList& mappers) {
      auto next = std::next(mappers.iterator_to(marker));
      while (next != mappers.end() && (!next->space || next->space == last || !next->space->retain_if_alive())) ++next;
      mappers.erase(mappers.iterator_to(marker));
      if (next != mappers.end()) space = Ref<AddressSpace>::adopt(next->space), ++next;
      if (space) mappers.insert(next, marker);
    });
    if (!space) return;
    action(*space);
    last = space.get();
  }
}

void PageCache::invalidate(uint64_t new_size) {
  size_.store(new_size, std::memory_order_release);
  remove_from(0);
}

}  // namespace halcyon
