// FsContext: a process's view of the tree: root, working directory, umask (clone(2), CLONE_FS). Implemented by fs/vfs/context.h; the core
// only shares and copies it.
#pragma once

#include "core/base/ref.h"

namespace halcyon {

class FsContext : public RefCounted {
 public:
  virtual ~FsContext() = default;
  // A copy of its own, for fork without CLONE_FS and for unshare.
  virtual Result<Ref<FsContext>> copy() = 0;
};

}  // namespace halcyon
