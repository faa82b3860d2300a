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
    if (auto ready = lower().prepare_open(open_flag::read_only); !ready) return ready;
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

Result<> OverlayFile::fill(uint64_t index, std::span<std::byte> page) {
  uint64_t start = index << page_shift;
  uint64_t end = lower_end_.load(std::memory_order_relaxed);
  if (start >= end) return {};
  if (PageSource* source = lower().page_source()) {
    if (auto filled = source->fill(index, page); !filled) return filled;
  } else {
    FrameRef frame = TRY(lower().page_cache()->get(index));
    std::memcpy(page.data(), frame.data(), page_size);
  }
  if (end - start < page_size) std::memset(page.data() + (end - start), 0, page_size - (end - start));
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
