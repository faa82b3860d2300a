// Walking a path (path_resolution(7)): component by component from the root or a start, through symlinks and mounts, within the caller's
// root. Cached names cost neither allocation nor copy.
#pragma once

#include <string_view>

#include "core/base/vec.h"
#include "fs/vfs/context.h"

namespace halcyon::fs {

namespace walk_flag {
inline constexpr uint32_t follow = 1;        // a symlink at the end is followed; it is anyway if the path ends in '/'
inline constexpr uint32_t allow_empty = 2;   // AT_EMPTY_PATH: "" is the start itself
inline constexpr uint32_t directory = 4;     // ENOTDIR unless the result is a directory
inline constexpr uint32_t no_automount = 8;  // accepted, without effect
inline constexpr uint32_t into_mounts = 16;  // what is mounted on "." counts, too (umount2)
}  // namespace walk_flag

// An object that exists, with whatever is mounted on it. ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG, ENOMEM.
Result<Path> resolve(const Caller& caller, const Start& start, std::string_view path, uint32_t flags);

// What the last component of a path is.
enum class LastKind : uint8_t { name, dot, dot_dot, root };

// A walk that stops before the last component, for calls that create, remove or rename it.
class Walk {
 public:
  explicit Walk(const Caller& caller) : caller_(caller) {}

  // Goes to the parent of the last component. Errors as resolve.
  Result<> to_parent(const Start& start, std::string_view path);
  // After to_parent: the directory, in which the caller may search.
  const Path& parent() const { return at_; }
  LastKind kind() const { return kind_; }
  std::string_view name() const { return last_; }
  bool has_trailing_slash() const { return trailing_slash_; }
  // The last name is of a file system that generates_names: look_up finds it, and look_up_locked is not for it.
  bool is_generated() const { return at_.mount->file_system().generates_names(); }

  // The last name's dentry, negative if it does not exist. The first form takes Vfs::tree when it must ask the file system, the second is
  // called with it held and may return null, too, for what does not exist unless `keep_negative`.
  Result<Ref<Dentry>> look_up();
  Result<Ref<Dentry>> look_up_locked(bool keep_negative = false);
  // With what is mounted on it.
  Path enter(Ref<Dentry> dentry);
  // After look_up found a symlink that is to be followed: goes on to the parent of where it leads. A magic link leads straight to its
  // target, and true is returned: the walk is over, see parent() and jumped_file().
  Result<bool> follow(Ref<Dentry> link);
  const Ref<File>& jumped_file() const { return jumped_file_; }

  // The whole path. Empty if a magic link led to a file without a path: jumped_file().
  Result<Path> finish(const Start& start, std::string_view path, uint32_t flags);

 private:
  const Path& root();
  Result<> begin(const Start& start, std::string_view path, bool keep_last);
  Result<> advance();
  Result<> step(std::string_view component);
  void step_up();
  Result<> check_searchable();
  Result<bool> read_link(Ref<Dentry> link);
  bool next_component(std::string_view* component);

  const Caller& caller_;
  Path root_;  // empty: root() has not been asked for
  Path at_;
  Vec<char> text_;  // what symlinks expanded to; rest_ and last_ may point into it
  std::string_view rest_;
  std::string_view last_;
  LastKind kind_ = LastKind::root;
  bool trailing_slash_ = false;
  unsigned links_ = 0;
  Ref<File> jumped_file_;
};

}  // namespace halcyon::fs
