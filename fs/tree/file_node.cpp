#include "fs/tree/file_node.h"

#include "core/mm/frames/frame_allocator.h"

namespace halcyon::fs {

Result<> FileNode::prepare_write(uint64_t) {
  constexpr size_t batch = 256;
  while (frames().is_short())
    if (frames().reclaimable().reclaim(batch) == 0) return err::nospc;
  return {};
}

}  // namespace halcyon::fs
