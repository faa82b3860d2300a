// Inode: one file-system object, as the core and the VFS see it. Implemented by the file systems in fs/.
//
// The VFS (fs/vfs) has checked names, permissions, read-only mounts and types before it calls an operation here; an inode keeps its own
// state consistent under its own locks. All operations may block. Defaults answer as Linux does for a type that lacks the operation.
#pragma once

#include <atomic>
#include <string_view>
#include <utility>

#include "core/base/ref.h"
#include "core/file/attributes.h"
#include "core/file/file.h"
#include "core/file/io.h"

namespace halcyon {

class Mutex;
class PageCache;
class PageSource;
class Process;
class FifoSlot;  // core/ipc/pipe/pipe.h
class DirectoryVisitor;
class Watch;  // core/file/watch/notifications.h
namespace fs {
class MagicLink;  // fs/vfs/path.h
struct Path;
}  // namespace fs

namespace seal {  // F_SEAL_* of fcntl(2)
inline constexpr uint32_t seal = 1, shrink = 2, grow = 4, write = 8, future_write = 0x10;
inline constexpr uint32_t all = 0x1f;
inline constexpr uint32_t has_seals = 0x80000000;  // the file can have some
}  // namespace seal

class Inode : public RefCounted {
 public:
  virtual ~Inode() = default;

  virtual FileType type() const = 0;
  virtual Result<Attributes> attributes() = 0;
  virtual Result<> change(const AttributeChange& change) = 0;
  // What permission checks look at. Takes no lock and does not block: path walks call it under the dentry lock.
  virtual Ownership ownership() = 0;

  // The contents of a regular file; null for everything else.
  virtual PageCache* page_cache() { return nullptr; }
  // An open description of the inode's own kind, for what is neither directory, device, FIFO nor page cache; null: it has none. Called
  // after the permission checks.
  virtual Result<Ref<File>> open_own(const fs::Path& path, uint32_t flags) {
    static_cast<void>(path), static_cast<void>(flags);
    return Ref<File>();
  }
  // Before a file or directory is opened with the access mode and flags `flags`: checks that its contents are still what the cache holds,
  // gets ready for writes, refuses what permissions cannot tell.
  virtual Result<> prepare_open(uint32_t flags) {
    static_cast<void>(flags);
    return {};
  }
  // Where page_cache() gets its pages; null if nowhere. A layer above fills its own cache from it.
  virtual PageSource* page_source() { return nullptr; }
  // Held by whoever writes to the contents or changes their size; regular files have one.
  virtual Mutex* contents_lock() { return nullptr; }
  // Before bytes up to `end` are written; after it, `length` bytes at `start` changed (mtime, ctime). Under contents_lock. ENOSPC, EIO.
  virtual Result<> prepare_write(uint64_t end) {
    static_cast<void>(end);
    return {};
  }
  virtual Result<> note_change(Nanoseconds now, uint64_t start, uint64_t length) {
    static_cast<void>(now), static_cast<void>(start), static_cast<void>(length);
    return {};
  }
  // A page was written to through a mapping, for the first time since it was last in step with where it comes from. Called by page faults,
  // even while the file is being written to: takes no lock that a copy from or to user memory may be made under.
  virtual void note_mapped_write(Nanoseconds now) { static_cast<void>(now); }
  // The contents were read: updates atime, always or as relatime says.
  virtual void note_access(Nanoseconds now, bool always) { static_cast<void>(now), static_cast<void>(always); }
  // fsync(2): writes changed contents through to where they belong.
  virtual Result<> sync() { return {}; }

  // Device nodes: the device they name.
  virtual uint64_t special_device() { return 0; }
  // FIFOs: where their pipe hangs.
  virtual FifoSlot* fifo_slot() { return nullptr; }
  // Symlinks of procfs that lead straight to an object.
  virtual fs::MagicLink* magic_link() { return nullptr; }

  // /proc/PID: the process.
  virtual Process* named_process() { return nullptr; }

  // Directories. Names are single components without '/', never "." or "..".
  virtual Result<Ref<Inode>> lookup(std::string_view name) {
    static_cast<void>(name);
    return err::notdir;
  }
  // Creates an object of any type but symlink; `device` counts for device nodes. EEXIST, ENOSPC, EPERM.
  virtual Result<Ref<Inode>> create(std::string_view, FileType, uint32_t permissions, uint32_t uid, uint32_t gid, uint64_t device) {
    static_cast<void>(permissions), static_cast<void>(uid), static_cast<void>(gid), static_cast<void>(device);
    return err::perm;
  }
  virtual Result<Ref<Inode>> symlink(std::string_view, std::string_view target, uint32_t uid, uint32_t gid) {
    static_cast<void>(target), static_cast<void>(uid), static_cast<void>(gid);
    return err::perm;
  }
  // A regular file without a name (O_TMPFILE), which link may name later.
  virtual Result<Ref<Inode>> create_unnamed(uint32_t permissions, uint32_t uid, uint32_t gid) {
    static_cast<void>(permissions), static_cast<void>(uid), static_cast<void>(gid);
    return err::opnotsupp;
  }
  virtual Result<> link(std::string_view, Inode& target) {
    static_cast<void>(target);
    return err::perm;
  }
  virtual Result<> unlink(std::string_view, Inode& child) {
    static_cast<void>(child);
    return err::perm;
  }
  virtual Result<> rmdir(std::string_view, Inode& child) {
    static_cast<void>(child);
    return err::perm;
  }
  // Moves `child` to `to_name` in `to`, a directory of the same file system. `replaced` (may be null) is what stood there and goes.
  virtual Result<> rename(std::string_view, Inode& child, Inode& to, std::string_view to_name, Inode* replaced) {
    static_cast<void>(child), static_cast<void>(to), static_cast<void>(to_name), static_cast<void>(replaced);
    return err::perm;
  }
  // Swaps two entries (RENAME_EXCHANGE).
  virtual Result<> exchange(std::string_view, Inode& child, Inode& to, std::string_view to_name, Inode& other) {
    static_cast<void>(child), static_cast<void>(to), static_cast<void>(to_name), static_cast<void>(other);
    return err::inval;
  }
  // Calls visitor.entry for the entries from position `*position` on, "." and ".." excluded (the VFS adds them), until it says stop; leaves
  // in *position where to go on. A position stays meaningful while entries come and go.
  virtual Result<> list(uint64_t* position, DirectoryVisitor& visitor) {
    static_cast<void>(position), static_cast<void>(visitor);
    return err::notdir;
  }

  // Symlinks: appends the target.
  virtual Result<> read_link(Sink& out) {
    static_cast<void>(out);
    return err::inval;
  }

  virtual Result<FileSystemStatistics> statistics() { return err::nosys; }

  // Somebody holds a lease on it (Leases). Looked at after whoever asks has counted itself by an InodeUse, see there.
  bool has_leases() const { return has_leases_.load(std::memory_order_seq_cst); }
  // What may not be done to its contents any more (memfd_create(2)), of seal::; 0 where there are no seals. Changes under contents_lock.
  uint32_t seals() const { return seals_.load(std::memory_order_relaxed); }
  void set_seals(uint32_t seals) { seals_.store(seals, std::memory_order_relaxed); }
  // RWH_WRITE_* of fcntl(2): kept, without effect.
  std::atomic<uint8_t> write_hint = 0;

  // Somebody wants to hear what happens to it (Notifications).
  bool is_watched() const { return watches_.load(std::memory_order_acquire) != nullptr; }

 private:
  friend class InodeUse;
  friend class Leases;
  friend class Notifications;
  std::atomic<int32_t> uses_ = 0;     // above 0: that many descriptions write; below: that many programs execute it
  std::atomic<int32_t> readers_ = 0;  // descriptions that only read
  std::atomic<bool> has_leases_ = false;
  std::atomic<uint32_t> seals_ = 0;
  std::atomic<Watch*> watches_ = nullptr;  // changes under Notifications::lock
};

// What a regular file is open for. Writing to it and executing it exclude each other (ETXTBSY of open(2) and execve(2)), and a lease wants
// to know of everybody: who opens counts itself before it looks for leases, who takes a lease shows it before it looks at the counts, all
// in one order (seq_cst); so one of them sees the other.
class InodeUse {
 public:
  InodeUse() = default;
  InodeUse(InodeUse&& other) noexcept : count_(std::exchange(other.count_, nullptr)), step_(other.step_) {}
  InodeUse& operator=(InodeUse other) noexcept {
    std::swap(count_, other.count_);
    std::swap(step_, other.step_);
    return *this;
  }
  ~InodeUse() {
    if (count_) count_->fetch_sub(step_, std::memory_order_release);
  }
  // ETXTBSY. The inode must outlive what is returned.
  static Result<InodeUse> write(Inode& inode) { return begin(inode, 1); }
  static Result<InodeUse> execute(Inode& inode) { return begin(inode, -1); }
  static InodeUse read(Inode& inode) {
    inode.readers_.fetch_add(1, std::memory_order_seq_cst);
    return InodeUse(&inode.readers_, 1);
  }

 private:
  InodeUse(std::atomic<int32_t>* count, int32_t step) : count_(count), step_(step) {}
  static Result<InodeUse> begin(Inode& inode, int32_t step) {
    int32_t uses = inode.uses_.load(std::memory_order_relaxed);
    do {
      if (step > 0 ? uses < 0 : uses > 0) return err::txtbsy;
    } while (!inode.uses_.compare_exchange_weak(uses, uses + step, std::memory_order_seq_cst));
    return InodeUse(&inode.uses_, step);
  }

  std::atomic<int32_t>* count_ = nullptr;
  int32_t step_ = 0;
};

// Called by Inode::list for each entry.
class DirectoryVisitor {
 public:
  // `next` is the position behind this entry (d_off). False: stop before this entry, it is not taken. May touch user memory.
  virtual bool entry(std::string_view name, uint64_t inode, FileType type, uint64_t next) = 0;

 protected:
  ~DirectoryVisitor() = default;
};

}  // namespace halcyon
