#include "fs/overlay/overlay_node.h"

#include <cstring>

namespace halcyon::fs {

Result<Ref<Inode>> OverlayDirectory::look_up_below(std::string_view name) {
  Ref<Inode> found = TRY(lower().lookup(name));
  return overlay().cover(std::move(found));
}

// Whoever may write, if only through a mapping, has changed the file, which is then no longer compared with the lower one.
Result<> OverlayFile::prepare_open(uint32_t flags) {
  if (!is_changed()) {
    TRY(lower().prepare_open(open_flag::read_only));
    Attributes now = TRY(lower().attributes());
    take(now);
  }
  bool may_write = (flags & open_flag::access_mode) != open_flag::read_only || (flags & open_flag::truncate);
  return may_write ? prepare_change() : Result<>{};
}

void OverlayFile::take(const Attributes& known) {
  if (known.size != cache().size() || known.modified != modified()) {
    cache().invalidate(known.size);
    lower_end_ = known.size;
    lower_blocks_ = known.blocks;
  }
  copy_attributes(known);
}

Result<> OverlayFile::fill(uint64_t index, std::span<std::byte* const> pages) {
  uint64_t end = lower_end_.load(std::memory_order_relaxed);
  uint64_t lower_pages = (end + page_mask) >> page_shift;
  size_t below = std::min<uint64_t>(pages.size(), index < lower_pages ? lower_pages - index : 0);
  if (below > 0) {
    TRY(fill_from_below(index, pages.first(below)));
  }
  if (below > 0 && index + below == lower_pages && (end & page_mask))
    std::memset(pages[below - 1] + (end & page_mask), 0, page_size - (end & page_mask));
  for (std::byte* page : pages.subspan(below)) std::memset(page, 0, page_size);
  return {};
}

Result<> OverlayFile::fill_from_below(uint64_t index, std::span<std::byte* const> pages) {
  if (PageSource* source = lower().page_source()) return source->fill(index, pages);
  for (std::byte* page : pages) {
    FrameRef frame = TRY(lower().page_cache()->get(index++));
    std::memcpy(page, frame.data(), page_size);
  }
  return {};
}

Result<> OverlayFile::resize(uint64_t size) {
  if (size < lower_end_.load(std::memory_order_relaxed)) lower_end_ = size;
  return FileNode::resize(size);
}

uint64_t OverlayFile::blocks() {
  constexpr uint64_t block_size = 512;
  uint64_t below = std::min(lower_blocks_.load(), (lower_end_.load() + block_size - 1) / block_size);
  return is_changed() ? std::max(below, FileNode::blocks()) : lower_blocks_.load();
}

}  // namespace halcyon::fs
