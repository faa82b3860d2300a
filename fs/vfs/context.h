// Context: a process's view of the tree (FsContext): root, working directory, umask. Caller: who asks for something by a path.
//
// Lock: places_ (rank fs_context, a spin lock) protects root and working directory.
#pragma once

#include <atomic>

#include "core/file/fs_context.h"
#include "core/sync/guarded.h"
#include "core/task/process/credentials.h"
#include "fs/vfs/path.h"
#include "fs/vfs/vfs.h"

namespace halcyon::fs {

class Context final : public FsContext {
 public:
  Context(Vfs& vfs, Path root, Path working_directory, uint32_t umask);

  Result<Ref<FsContext>> copy() override;

  Vfs& vfs() const { return vfs_; }
  Path root() const;
  Path working_directory() const;
  // Runs action(place), for a walk to begin there. A process of one thread needs no reference for that, and all CPUs would count theirs to
  // the same few places.
  template <class Action>
  void with_root(Action&& action) const {
    with(&Places::root, action);
  }
  template <class Action>
  void with_working_directory(Action&& action) const {
    with(&Places::working_directory, action);
  }
  void set_root(Path root);
  void set_working_directory(Path path);
  uint32_t umask() const { return umask_.load(std::memory_order_relaxed); }
  // umask(2): returns the old one.
  uint32_t set_umask(uint32_t umask) { return umask_.exchange(umask & 0777, std::memory_order_relaxed); }

 private:
  struct Places {
    Path root;
    Path working_directory;
  };
  template <class Action>
  void with(Path Places::* which, Action&& action) const {
    if (reference_count() == 1) return places_.with([&](const Places& places) { action(places.*which); });
    Path place = places_.with([&](const Places& places) { return places.*which; });
    action(place);
  }

  Vfs& vfs_;
  Guarded<Places, SpinLock> places_;
  std::atomic<uint32_t> umask_;
};

// The only FsContext that this kernel has.
inline Context& context_of(FsContext& context) { return static_cast<Context&>(context); }

struct Caller {
  Context& context;
  const Credentials& who;
  Vfs& vfs() const { return context.vfs(); }
};

// Where a path begins that does not begin with '/': the directory that a dirfd refers to, or the working directory (AT_FDCWD).
struct Start {
  Ref<File> file;  // null: the working directory
};

}  // namespace halcyon::fs
