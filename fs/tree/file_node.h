// FileNode: a regular file with its page cache.
//
// Lock: contents (rank inode, a mutex) is held by whoever writes, truncates or allocates.
#pragma once

#include "core/mm/cache/page_cache.h"
#include "core/sync/mutex.h"
#include "fs/tree/node.h"
#include "fs/tree/space.h"

namespace halcyon::fs {

class FileNode : public Node {
 public:
  FileNode(FileSystem& file_system, const NodeStart& start, PageSource* source = nullptr, uint64_t size = 0)
      : Node(file_system, start), cache_(source, size, file_system.space()) {}
  PageCache* page_cache() override { return &cache_; }
  Mutex* contents_lock() override { return &contents_; }
  void note_mapped_write(Nanoseconds now) override { touch_modified(now); }
  // ENOSPC when memory is short: files that are only there must leave some for programs.
  Result<> prepare_write(uint64_t end) override;

 protected:
  PageCache& cache() { return cache_; }

 private:
  Mutex contents_{Rank::inode};
  PageCache cache_;
};

}  // namespace halcyon::fs
