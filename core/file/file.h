// File: an open file description (open(2)): what descriptors refer to. Shared by dup and fork; destroyed with the last reference.
//
// Implementations: regular files and directories (fs/vfs), devices (fs/devfs), pipes (core/ipc), ttys (core/tty), and so on.
#pragma once

#include <atomic>
#include <string_view>
#include <type_traits>

#include "core/base/own.h"
#include "core/base/print.h"
#include "core/base/ref.h"
#include "core/file/attributes.h"
#include "core/file/io.h"
#include "core/file/poll.h"

namespace halcyon {

class Inode;
class EpollFile;
class AsyncFiles;
struct AsyncState;
struct EpollItem;
class Thread;
class DirectoryVisitor;
namespace fs {
struct Path;  // fs/vfs/path.h: a place in the tree of mounts and names
}

// Flags of open(2) that stay with the description, numbered as in the generic ABI.
namespace open_flag {
inline constexpr uint32_t access_mode = 3, read_only = 0, write_only = 1, read_write = 2;
inline constexpr uint32_t create = 0100, exclusive = 0200, no_ctty = 0400, truncate = 01000, append = 02000, nonblock = 04000;
inline constexpr uint32_t dsync = 010000, async = 020000, direct = 040000, large_file = 0100000, directory = 0200000, no_follow = 0400000;
inline constexpr uint32_t no_atime = 01000000, close_on_exec = 02000000, sync = 04010000, path = 010000000, tmp_file = 020200000;
// What F_SETFL may change.
inline constexpr uint32_t changeable = append | nonblock | async | direct | no_atime;
}  // namespace open_flag

// The kinds of files that some system calls are about. A class whose objects are one passes its kind to File's constructor, and names it
// as `T::file_kind` for File::as<T>().
enum class FileKind : uint8_t { other, pipe, epoll, timer, signals, inotify, pidfd };

enum class Whence : uint32_t { set = 0, current = 1, end = 2, data = 3, hole = 4 };

class File;

// Where in the tree a file was opened. Implemented by fs; owned by the file.
class FilePlace {
 public:
  virtual ~FilePlace() = default;
  virtual const fs::Path& path() const = 0;
  virtual Inode& inode() const = 0;
  virtual void describe(Writer& out) const = 0;
  // The file that was opened there goes.
  virtual void closed(const File& file) = 0;
};

class File : public RefCounted {
 public:
  explicit File(uint32_t flags, FileKind kind = FileKind::other) : flags_(flags), kind_(kind) {}
  virtual ~File();
  // Hides RefCounted's: nobody watches a file any more when it is destroyed.
  [[nodiscard]] bool drop() const {
    if (!RefCounted::drop()) return false;
    if (epoll_items_.load(std::memory_order_acquire)) forget_in_epoll();
    if (async_.load(std::memory_order_acquire)) forget_async();  // and leases and notices: who has them is an owner
    return true;
  }

  FileKind kind() const { return kind_; }
  // This file as what it is: timerfd_settime(2) asks for a TimerFile. Null if it is of another kind. Each kind is one final class, so that
  // the kind says which.
  template <class T>
  T* as() {
    static_assert(std::is_final_v<T> && T::file_kind != FileKind::other);
    return kind_ == T::file_kind ? static_cast<T*>(this) : nullptr;
  }

  uint32_t flags() const { return flags_.load(std::memory_order_relaxed); }
  // Replaces the changeable flags by those of `flags`.
  void change_flags(uint32_t flags) {
    uint32_t old = flags_.load(std::memory_order_relaxed);
    while (!flags_.compare_exchange_weak(old, (old & ~open_flag::changeable) | (flags & open_flag::changeable))) {
    }
  }
  // An access mode of 3 asks for both permissions and gives neither (open(2)).
  bool is_readable() const { return !is_path() && (flags() & 1) == 0; }
  bool is_writable() const {
    uint32_t mode = flags() & open_flag::access_mode;
    return !is_path() && (mode == open_flag::write_only || mode == open_flag::read_write);
  }
  bool is_nonblocking() const { return (flags() & open_flag::nonblock) != 0; }
  bool is_path() const { return (flags() & open_flag::path) != 0; }

  // read(2), write(2) at the description's own offset, if it has one. The caller has checked is_readable, is_writable. Block unless
  // O_NONBLOCK is set (EAGAIN then); an interrupted wait that moved nothing returns Errno::restart. 0 from read means end of file.
  virtual Result<size_t> read(Sink& out) = 0;
  virtual Result<size_t> write(Source& in) = 0;
  // pread(2), pwrite(2): ESPIPE where there is no offset.
  virtual Result<size_t> read_at(uint64_t offset, Sink& out) {
    static_cast<void>(offset), static_cast<void>(out);
    return err::spipe;
  }
  virtual Result<size_t> write_at(uint64_t offset, Source& in) {
    static_cast<void>(offset), static_cast<void>(in);
    return err::spipe;
  }
  // A write to the end, whatever the description's flags say (RWF_APPEND of pwritev2(2)); `moves`: the offset is there afterwards.
  virtual Result<size_t> append(Source& in, bool moves) {
    static_cast<void>(moves);
    return write(in);
  }
  virtual Result<uint64_t> seek(int64_t offset, Whence whence) {
    static_cast<void>(offset), static_cast<void>(whence);
    return err::spipe;
  }

  // The events of poll(2) that hold now. With a table, first watches the queues on which a change will be announced.
  virtual uint32_t poll(PollTable* table) {
    static_cast<void>(table);
    return poll::in | poll::out | poll::rdnorm | poll::wrnorm;
  }

  // False for files that are always ready, which epoll_ctl(2) refuses.
  virtual bool is_pollable() const { return true; }
  // Whether O_ASYNC does anything: pipes, FIFOs and terminals.
  virtual bool has_async() const { return false; }

  // ioctl(2) for requests that only this kind of file knows; `argument` is a number or a user address. ENOTTY if unknown.
  virtual Result<uint64_t> control(Thread& self, uint32_t request, uint64_t argument) {
    static_cast<void>(self), static_cast<void>(request), static_cast<void>(argument);
    return err::notty;
  }

  // getdents64(2): visits entries from the description's position on, "." and ".." included.
  virtual Result<> list(DirectoryVisitor& visitor) {
    static_cast<void>(visitor);
    return err::notdir;
  }

  // What mmap maps: null where the file cannot be mapped (ENODEV).
  virtual Inode* mappable() { return nullptr; }
  // Whether a shared mapping may change it, if the description is for writing.
  virtual bool takes_mapped_writes() { return true; }
  // A program that was opened for execution may be written to again.
  virtual void allow_writes() {}
  // /dev/zero: mapping it gives anonymous memory.
  virtual bool maps_zeroes() { return false; }
  // The inode behind; null only for files that have none of their own (they override attributes()).
  virtual Inode* inode() { return place_ ? &place_->inode() : nullptr; }
  // Where in the tree it was opened, for *at() calls and /proc/PID/fd; null for a file that has no name there.
  virtual const fs::Path* location() const { return place_ ? &place_->path() : nullptr; }
  // The VFS calls it once on a file that a device or FIFO made, before anybody else sees the file.
  void set_place(Own<FilePlace> place) { place_ = std::move(place); }
  virtual Result<Attributes> attributes();

  virtual Result<> truncate(uint64_t size) {
    static_cast<void>(size);
    return err::inval;
  }
  // fallocate(2): takes the pages of [offset, end), or gives them back. The caller has checked that it is writable.
  enum class Allocation : uint8_t { grow, keep_size, punch_hole };
  virtual Result<> allocate(Allocation, uint64_t offset, uint64_t end) {
    static_cast<void>(offset), static_cast<void>(end);
    return kind_ == FileKind::pipe ? err::spipe : err::nodev;
  }
  // fsync(2); EINVAL where the file has nothing to write through to.
  virtual Result<> sync() { return err::inval; }

  // A new description of a file that has no name in the tree, for open(2) of /proc/PID/fd/N; `flags` as a description keeps them. The
  // caller has checked permission. ENXIO where there can be no other.
  virtual Result<Ref<File>> reopen(uint32_t flags) {
    static_cast<void>(flags);
    return err::nxio;
  }

  // The text of /proc/PID/fd/N and of the last column of /proc/PID/maps: a path, or "pipe:[7]".
  virtual void describe(Writer& out) {
    if (place_) place_->describe(out);
    else out.write("anon_inode:[file]");
  }

  // More lines for /proc/PID/fdinfo/N.
  virtual void write_details(Writer& out) { static_cast<void>(out); }

  // As Inode::write_hint, for a file without an inode.
  std::atomic<uint8_t> write_hint = 0;

  // What advisory locks on it are locks of: the inode, if it has one.
  virtual const void* lock_object() {
    if (Inode* behind = inode()) return behind;
    return this;
  }
  // FileLocks: this description owns locks, which go with it.
  void set_has_locks() { has_locks_.store(true, std::memory_order_relaxed); }
  // Directory notices were asked for through it.
  void set_has_notices() { has_notices_.store(true, std::memory_order_relaxed); }
  bool has_notices() const { return has_notices_.load(std::memory_order_relaxed); }

 private:
  friend class EpollFile;
  friend class AsyncFiles;
  friend class Leases;
  void forget_in_epoll() const;
  void forget_async() const;

  std::atomic<uint32_t> flags_;
  const FileKind kind_;
  mutable std::atomic<EpollItem*> epoll_items_{nullptr};  // which watch this file; under Kernel::epoll_lock
  mutable std::atomic<AsyncState*> async_{nullptr};       // signal-driven I/O; null until a program asks for it
  std::atomic<bool> has_locks_{false};
  std::atomic<bool> has_lease_{false}, has_notices_{false};  // it had some once
  Own<FilePlace> place_;
};

}  // namespace halcyon
