// HostFileSystem: a directory tree of the host as a file system, through hal/host_files.h: read only (below the overlay) or written
// through.
//
// Objects are known by the host's device, inode number and time of birth: two names of one object lead to one node, and each object gets an
// inode number of ours when it is first seen, so that the same run sees the same numbers. FIFOs, sockets and devices appear as what they
// are, but opening one is the kernel's business, never the host's.
//
// Locks: table_lock_ (rank inode, a spin lock) protects the table of identities; host_lock_ (rank device, a mutex) lets one host call
// happen at a time and protects its buffers and where nodes are.
#pragma once

#include <boost/intrusive/set.hpp>
#include <memory>

#include "core/base/lock_guard.h"
#include "core/sync/mutex.h"
#include "fs/tree/node.h"
#include "fs/vfs/vfs.h"
#include "hal/host_files.h"

namespace halcyon::fs {

inline constexpr uint64_t hostfs_magic = 0x00c0ffee;

class HostObject;
class HostDirectory;

// One object of the host that was seen.
struct HostIdentity
    : boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>, boost::intrusive::optimize_size<true>> {
  hal::HostId id;  // its time of birth is unknown as long as only a listing mentioned it
  uint64_t number = 0;
  bool is_retired = false;       // another object has its place in the table, and it goes with its node
  Node* node = nullptr;          // not counted; null when nobody uses the object; under the table's lock
  HostObject* object = nullptr;  // the same
};

class HostFileSystem final : public FileSystem {
 public:
  HostFileSystem(Vfs& vfs, std::unique_ptr<hal::HostFiles> files, bool is_writable);
  ~HostFileSystem() override;
  static Result<Ref<HostFileSystem>> create(Vfs& vfs, std::unique_ptr<hal::HostFiles> files, bool is_writable);

  Result<Ref<Inode>> make_root() override;
  Result<FileSystemStatistics> statistics() override;
  // What was stored through mappings goes to the host; all else went there at once. Then the host is to keep it.
  Result<> sync() override;
  bool is_writable() const { return is_writable_; }

  // The node of an object that was just looked at under `name` in `parent` (null: the root). Under Vfs::tree. ENOMEM.
  Result<Ref<Inode>> node_for(const hal::HostAttributes& attributes, Ref<HostDirectory> parent, std::string_view name);
  // Our number for an object. ENOMEM.
  Result<HostIdentity*> identity_for(const hal::HostId& id);
  // A node goes.
  void forget(HostIdentity& identity, const Node& node);

  // Runs call(files, path) for the name `child` in `object`, or for the object itself if `child` is empty. ENAMETOOLONG, and what the call
  // returns.
  template <class Call>
  auto on_host(const HostObject& object, std::string_view child, Call call) {
    LockGuard guard(host_lock_);
    using Outcome = decltype(call(*files_, std::string_view()));
    auto path = path_of(object, child, path_);
    if (!path) return Outcome(std::unexpected(path.error()));
    return call(*files_, *path);
  }
  // The same for two names.
  template <class Call>
  auto on_host(const HostObject& object, std::string_view child, const HostObject& other, std::string_view other_child, Call call) {
    return on_host(object, child, [&](hal::HostFiles& files, std::string_view first) REQUIRES(host_lock_) {
      using Outcome = decltype(call(files, first, first));
      auto second = path_of(other, other_child, other_path_);
      if (!second) return Outcome(std::unexpected(second.error()));
      return call(files, first, *second);
    });
  }
  // Where an object is from now on.
  void move(HostObject& object, Ref<HostDirectory> parent, NameText& name);
  // The name goes: if the object is where it leads, it has no place any more.
  void take_name(HostObject& object, const HostDirectory& parent, std::string_view name);
  bool is_gone(const HostObject& object);
  bool is_at(const HostObject& object, const HostDirectory& parent, std::string_view name);

 private:
  struct Key {
    uint64_t device, inode;
    auto operator<=>(const Key&) const = default;
  };
  struct KeyOf {
    using type = Key;
    type operator()(const HostIdentity& identity) const { return {identity.id.device, identity.id.inode}; }
  };
  using PathBuffer = std::array<char, path_max>;
  Result<std::string_view> path_of(const HostObject& object, std::string_view child, PathBuffer& buffer) REQUIRES(host_lock_);
  // The object in use with the lowest key behind *after, which becomes its; null at the end.
  Ref<Inode> next_in_use(Key* after);
  HostIdentity* find_locked(const hal::HostId& id) REQUIRES(table_lock_);
  Result<Ref<Inode>> make_node(const hal::HostAttributes& attributes, HostIdentity& identity);

  std::unique_ptr<hal::HostFiles> files_;
  const bool is_writable_;
  SpinLock table_lock_{Rank::inode};
  boost::intrusive::set<HostIdentity, boost::intrusive::key_of_value<KeyOf>, boost::intrusive::constant_time_size<false>> table_
      GUARDED_BY(table_lock_);
  uint64_t next_number_ GUARDED_BY(table_lock_) = 1;
  Mutex host_lock_{Rank::device};
  PathBuffer path_ GUARDED_BY(host_lock_);
  PathBuffer other_path_ GUARDED_BY(host_lock_);
};

}  // namespace halcyon::fs
