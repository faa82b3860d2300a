// Fetching what many calls take: paths, vectors of buffers, the caller as the VFS wants it.
#pragma once

#include <array>
#include <string_view>

#include "core/base/vec.h"
#include "core/mm/user_memory.h"
#include "core/task/thread.h"
#include "fs/vfs/walk.h"
#include "syscalls/types.h"

namespace halcyon {

inline constexpr int at_cwd = -100;
inline DirFd cwd() { return DirFd{at_cwd}; }

namespace at_flag {
inline constexpr uint32_t symlink_nofollow = 0x100, removedir = 0x200, eaccess = 0x200, symlink_follow = 0x400, no_automount = 0x800;
inline constexpr uint32_t empty_path = 0x1000, statx_sync_type = 0x6000;
}  // namespace at_flag

// A path argument, copied from user memory. Lives on the kernel stack during the call.
class PathArgument {
 public:
  // EFAULT, ENAMETOOLONG.
  Result<> fetch(Thread& self, UserPtr<const char> from) {
    size_t length = TRY(get_user_string(self.memory(), from.address(), buffer_));
    length_ = length;
    return {};
  }
  std::string_view view() const { return {buffer_.data(), length_}; }

 private:
  std::array<char, fs::path_max> buffer_;
  size_t length_ = 0;
};

inline fs::Caller caller_of(Thread& self) { return {fs::context_of(self.fs()), self.credentials()}; }

// Where a relative path starts. EBADF for a bad descriptor, unless the path is absolute, or empty without AT_EMPTY_PATH: that is ENOENT.
inline Result<fs::Start> start_at(Thread& self, DirFd dir, std::string_view path, uint32_t at_flags = 0) {
  if (dir == at_cwd || path.starts_with('/') || (path.empty() && !(at_flags & at_flag::empty_path))) return fs::Start{};
  Ref<File> file = TRY(self.files().get(dir));
  return fs::Start{std::move(file)};
}

// The file that a call for one kind of files is about. EBADF; EINVAL: of another kind.
template <class T>
Result<Ref<T>> file_of_kind(Thread& self, Fd fd) {
  Ref<File> file = TRY(self.files().get(fd));
  if (file->is_path()) return err::badf;
  if (T* one = file->as<T>()) return Ref<T>(*one);
  return err::inval;
}

// AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH as the walk's flags.
constexpr uint32_t walk_flags(uint32_t at_flags) {
  uint32_t flags = at_flags & at_flag::symlink_nofollow ? 0 : fs::walk_flag::follow;
  if (at_flags & at_flag::empty_path) flags |= fs::walk_flag::allow_empty;
  return flags;
}

// The elements of an iovec. Up to eight need no allocation. EINVAL (count, or a total beyond SSIZE_MAX), EFAULT, ENOMEM.
class VectorArgument {
 public:
  Result<> fetch(Thread& self, UserPtr<const Iovec> from, int count);
  std::span<const IoVector> vectors() const { return {large_.is_empty() ? small_.data() : large_.data(), count_}; }
  size_t total() const { return total_; }

 private:
  std::array<IoVector, 8> small_;
  Vec<IoVector> large_;
  size_t count_ = 0;
  size_t total_ = 0;
};

// Returns the count, or the error, of something that yields a Result<size_t>.
inline Result<uint64_t> as_result(Result<size_t> result) {
  if (!result) return std::unexpected(result.error());
  return *result;
}
inline Result<uint64_t> as_result(const Result<>& result) {
  if (!result) return std::unexpected(result.error());
  return 0;
}

// Fetches a path and its start, then runs action(caller, start, path).
template <class Action>
Result<uint64_t> with_path(Thread& self, DirFd dir, UserPtr<const char> from, Action action, uint32_t at_flags = 0) {
  PathArgument path;
  TRY(path.fetch(self, from));
  fs::Start start = TRY(start_at(self, dir, path.view(), at_flags));
  fs::Caller caller = caller_of(self);
  return as_result(action(caller, start, path.view()));
}

// At most this much moves in one call (MAX_RW_COUNT).
inline constexpr size_t max_io = 0x7fff'f000;

}  // namespace halcyon
