// PageCache: the pages of one regular file in memory, and the only way to its contents: read, write, mmap and exec all go through it. Pages
// that are not there come from the PageSource (a host file, a disk); a cache without one is the file itself (ramfs), its holes read as
// zeros. Pages that came from a source, are not dirty and not mapped are given back when memory runs short.
//
// Lock: pages_ (rank page_cache, a spin lock). Filling happens without it; two fills of one page may race, the first to insert wins.
#pragma once

#include <atomic>

#include "core/base/result.h"
#include "core/base/types.h"
#include "core/file/io.h"
#include "core/mm/cache/mappers.h"
#include "core/mm/cache/page_budget.h"
#include "core/mm/cache/radix_tree.h"
#include "core/mm/cache/reclaim.h"
#include "core/mm/frames/frame.h"
#include "core/sync/guarded.h"

namespace halcyon {

// Where a cache's pages come from and go to. Calls may block.
class PageSource {
 public:
  // Fills pages, of page_size bytes each and not zeroed, with the contents from page number `index` on; zeros past the end.
  virtual Result<> fill(uint64_t index, std::span<std::byte* const> pages) = 0;
  // Writes bytes of one page through to where it came from.
  virtual Result<> write_back(uint64_t offset, std::span<const std::byte> bytes) = 0;

 protected:
  ~PageSource() = default;
};

class PageCache final : private Reclaimable {
 public:
  // `source` may be null and must outlive the cache; so must `budget`, out of which a cache without a source takes its pages.
  explicit PageCache(PageSource* source = nullptr, uint64_t size = 0, PageBudget* budget = nullptr);
  ~PageCache();

  uint64_t size() const { return size_.load(std::memory_order_acquire); }
  // truncate(2): frees the pages behind, takes them away from whoever maps them, zeroes the tail of the last. Blocks.
  Result<> set_size(uint64_t size);

  // The page's frame, filled from the source if need be, together with pages around it (a hole of a cache without a source gets a zeroed
  // frame). Blocks; ENOMEM, EIO, ENOSPC (the budget).
  Result<FrameRef> get(uint64_t index);
  // The page's frame if it is there: empty otherwise. Does not block.
  FrameRef find(uint64_t index);

  // Where data, or a hole, begins at or behind `offset`: the size if there is no more data; the end of the file is a hole. A cache with a
  // source knows of no holes.
  uint64_t find_next(uint64_t offset, bool data);
  // Makes the pages that lie wholly in [start, end) holes, and zeroes what else of the range there is. A page that a private mapping shows,
  // or that somebody copies from, stays and loses its contents. Blocks.
  Result<> punch_hole(uint64_t start, uint64_t end);
  // The same, without a source, of whole pages wherever the file ends.
  void drop(uint64_t start, uint64_t end);

  // Copies from `offset` on until the sink is full or the file ends; returns the bytes copied.
  Result<size_t> read(uint64_t offset, Sink& out);
  // Copies all of the source to `offset` on, growing the file; what was copied before an error counts. The caller checks limits.
  Result<size_t> write(uint64_t offset, Source& in);

  // A page was mapped writable and shared: its source may have to be told.
  void mark_dirty(uint64_t index) {
    if (source_) pages_.with([&](RadixTree& pages) { pages.set_dirty(index, true); });
  }
  bool is_dirty() {
    uint64_t index = 0;
    return pages_.with([&](RadixTree& pages) { return pages.next_dirty(&index) != RadixTree::none; });
  }
  // Writes dirty pages through to the source; a cache without one has nothing to do. Blocks.
  Result<> write_back();
  // Writes through exactly the bytes that write just put at `start`, instead of their pages. Blocks.
  Result<> write_through(uint64_t start, uint64_t length);
  // The source has changed behind the cache: drops what is here, dirty pages excepted. A page that is mapped gets the new contents.
  // Blocks.
  void invalidate(uint64_t new_size);

  Mappers& mappers() { return mappers_; }

  // False: it is the file itself.
  bool has_source() const { return source_ != nullptr; }

  // Frames held, for st_blocks and statistics.
  uint64_t resident_pages() const { return resident_.load(std::memory_order_relaxed); }

  // A number that changes whenever pages are removed: a fault that filled without locks revalidates by it.
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  // What is fetched at once where nothing speaks against it: so much is about as fast as one page.
  static constexpr unsigned cluster = 16;
  // As get, with at most `most` pages, a power of two; the page is not here.
  Result<FrameRef> fetch(uint64_t index, unsigned most);
  struct Written {
    FrameRef frame;
    size_t count;
  };
  Result<Written> write_page(uint64_t index, Source& in);
  Result<Written> write_part(uint64_t offset, size_t count, Source& in);
  // As get, for a cache without a source.
  Result<FrameRef> fill_hole(uint64_t index);
  // Makes a frame the page's, unless another was faster: returns the one that is.
  Result<FrameRef> insert(uint64_t index, FrameRef fresh);
  // Other pages make room if memory is short.
  void make_room();
  size_t reclaim(size_t pages) override;
  Result<> zero(uint64_t start, uint64_t end);
  void count_pages(int64_t change);
  void remove_from(uint64_t first_index);

  PageSource* source_;
  PageBudget* const budget_;
  std::atomic<uint64_t> size_;
  std::atomic<uint64_t> resident_ = 0;
  std::atomic<uint64_t> generation_ = 0;
  std::atomic<bool> is_listed_ = false;     // among the reclaimable
  std::atomic<uint64_t> reclaim_next_ = 0;  // the page at which reclaim goes on
  Guarded<RadixTree, SpinLock> pages_{Rank::page_cache};
  Mappers mappers_;
};

}  // namespace halcyon
