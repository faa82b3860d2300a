#include "fs/overlay/overlay_file_system.h"

#include "core/base/lock_guard.h"
#include "core/mm/frames/frame_allocator.h"
#include "fs/overlay/overlay_node.h"
#include "fs/tree/special_node.h"

namespace halcyon::fs {

OverlayFileSystem::OverlayFileSystem(Vfs& vfs, Ref<FileSystem> lower)
    : TreeFileSystem(vfs, "overlay", overlayfs_magic), lower_(std::move(lower)) {
  space()->inodes.set_limit(frames().total_pages() / 2);
}

Result<Ref<OverlayFileSystem>> OverlayFileSystem::create(Vfs& vfs, Ref<FileSystem> lower) {
  return make_ref<OverlayFileSystem>(vfs, std::move(lower));
}

Result<Ref<Inode>> OverlayFileSystem::make_root() {
  Ref<Inode> root = TRY(lower_->make_root());
  return cover(std::move(root));
}

// A directory that is kept may hold others that are: one at a time, without the lock.
void OverlayFileSystem::shut_down() {
  for (;;) {
    Ref<Inode> node;
    {
      LockGuard guard(table_lock_);
      if (kept_.empty()) break;
      Cover& cover = kept_.front();
      kept_.pop_front();
      node = Ref<Inode>::adopt(&cover.node_);
    }
  }
  lower_->shut_down();
}

Result<FileSystemStatistics> OverlayFileSystem::statistics() {
  FileSystemStatistics statistics = TRY(FileSystem::statistics());
  FrameAllocator& memory = frames();
  statistics.blocks = memory.total_pages();
  statistics.blocks_free = statistics.blocks_available = memory.free_pages();
  statistics.files = space()->inodes.limit();
  statistics.files_free = space()->inodes.left();
  return statistics;
}

Result<Ref<Inode>> OverlayFileSystem::make_cover(Ref<Inode> lower, const Attributes& known) {
  switch (known.type) {
    case FileType::directory: return make_ref<OverlayDirectory>(*this, std::move(lower), known);
    case FileType::regular: return make_ref<OverlayFile>(*this, std::move(lower), known);
    case FileType::fifo: return make_ref<OverlayNode<FifoNode>>(*this, std::move(lower), known);
    case FileType::symlink: {
      Vec<char> text;
      TRY(text.resize(path_max));
      KernelSink sink(std::as_writable_bytes(text.span()));
      TRY(lower->read_link(sink));
      String target = TRY(String::copy({text.data(), sink.done()}));
      return make_ref<OverlayNode<SymlinkNode>>(*this, std::move(lower), known, std::move(target));
    }
    default: return make_ref<OverlayNode<SpecialNode>>(*this, std::move(lower), known, known.special_device);
  }
}

// An old node of the same number that is on its way out, or of another type, is replaced.
Ref<Inode> OverlayFileSystem::find(const Attributes& lower) {
  Cover* cover = nullptr;
  {
    LockGuard guard(table_lock_);
    auto found = table_.find(lower.inode);
    if (found == table_.end()) return nullptr;
    if (found->node_.type() == lower.type && found->node_.retain_if_alive()) cover = &*found;
    else table_.erase(found);
  }
  if (!cover) return nullptr;
  Ref<Inode> node = Ref<Inode>::adopt(&cover->node_);
  if (!cover->is_changed()) cover->take(lower);
  return node;
}

void OverlayFileSystem::add(Cover& cover) {
  LockGuard guard(table_lock_);
  table_.insert(cover);
}

void OverlayFileSystem::forget(Cover& cover) {
  LockGuard guard(table_lock_);
  if (cover.CoverTableHook::is_linked()) table_.erase(table_.iterator_to(cover));
}

void OverlayFileSystem::keep(Cover& cover) {
  LockGuard guard(table_lock_);
  if (cover.is_changed_.exchange(true, std::memory_order_acq_rel) || cover.node_.links() == 0) return;
  cover.node_.retain();
  kept_.push_back(cover);
}

// Whoever takes the last name holds a reference of his own.
void OverlayFileSystem::let_go(Cover& cover) {
  Ref<Inode> node;
  LockGuard guard(table_lock_);
  if (!cover.CoverKeptHook::is_linked()) return;
  kept_.erase(kept_.iterator_to(cover));
  node = Ref<Inode>::adopt(&cover.node_);
}

Result<Ref<Inode>> OverlayFileSystem::cover(Ref<Inode> lower) {
  Attributes known = TRY(lower->attributes());
  if (Ref<Inode> node = find(known)) return node;
  return make_cover(std::move(lower), known);
}

}  // namespace halcyon::fs
