// OverlayFileSystem: a file system that may be read only (hostfs), with every change kept in memory and gone with the mount.
//
// There is no copying up. An object of the lower layer is covered by one node here as long as somebody uses it, found again by the lower
// inode number, whatever name leads to it. Before a node changes for the first time it is kept: from then on the file system holds it, so
// that what it has on top of the lower object (attributes, pages, entries, whiteouts) is not lost when nobody uses it. The node that a
// descriptor was opened on before a change is therefore the one that changes; st_ino never does; and names of one lower object stay names
// of one object. A file's pages come from the lower one when they are touched, so a change costs the pages that it changes.
//
// What is only here counts as inodes, of which there may be as many as tmpfs would have; what is written takes memory as long as there is
// enough for programs.
//
// The lower layer is taken to change rarely: names once found, or found missing, stay cached (Caching::all), and listings and lookups of
// what is not cached show what the lower layer says then. A file that has not changed is compared with the lower one whenever it is opened.
//
// Lock: table_lock_ (rank inode, a spin lock) protects which nodes cover what, and which are kept.
#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include "core/base/annotations.h"
#include "fs/tree/directory.h"
#include "fs/vfs/vfs.h"

namespace halcyon::fs {

inline constexpr uint64_t overlayfs_magic = 0x794c7630;

struct CoverTableTag;
struct CoverKeptTag;
using CoverTableHook =
    boost::intrusive::set_base_hook<boost::intrusive::tag<CoverTableTag>, boost::intrusive::link_mode<boost::intrusive::safe_link>,
                                    boost::intrusive::optimize_size<true>>;
using CoverKeptHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<CoverKeptTag>, boost::intrusive::link_mode<boost::intrusive::safe_link>>;

// What ties a node to the lower object that it covers.
class Cover : public CoverTableHook, public CoverKeptHook {
 public:
  Inode& lower() const { return *lower_; }
  // It has, or is about to have, something that the lower object has not.
  bool is_changed() const { return is_changed_.load(std::memory_order_acquire); }

 protected:
  Cover(Node& node, Ref<Inode> lower, uint64_t number) : node_(node), lower_(std::move(lower)), number_(number) {}
  ~Cover() = default;
  // The lower object was looked at again. Not called once the node has changed.
  virtual void take(const Attributes& lower) = 0;

 private:
  friend class OverlayFileSystem;
  Node& node_;
  const Ref<Inode> lower_;
  const uint64_t number_;  // the lower inode's
  std::atomic<bool> is_changed_ = false;
};

class OverlayFileSystem final : public TreeFileSystem {
 public:
  OverlayFileSystem(Vfs& vfs, Ref<FileSystem> lower);
  static Result<Ref<OverlayFileSystem>> create(Vfs& vfs, Ref<FileSystem> lower);

  Result<Ref<Inode>> make_root() override;
  void shut_down() override;
  Result<FileSystemStatistics> statistics() override;
  uint64_t new_number() override { return next_number_.fetch_add(1, std::memory_order_relaxed); }

  // The node that covers `lower`. Under Vfs::tree. ENOMEM, and what the lower layer says.
  Result<Ref<Inode>> cover(Ref<Inode> lower);
  // For Cover's makers: a node exists.
  void add(Cover& cover);
  // The node is about to change: it is held from now on, unless it has lost its last name.
  void keep(Cover& cover);
  // Its last name went.
  void let_go(Cover& cover);
  // It is being destroyed.
  void forget(Cover& cover);

 private:
  struct NumberOf {
    using type = uint64_t;
    type operator()(const Cover& cover) const { return cover.number_; }
  };
  // Objects that are only here are numbered from here on; no lower layer has as many.
  static constexpr uint64_t first_number = uint64_t{1} << 31;
  Ref<Inode> find(const Attributes& lower);
  Result<Ref<Inode>> make_cover(Ref<Inode> lower, const Attributes& known);

  Ref<FileSystem> lower_;
  std::atomic<uint64_t> next_number_ = first_number;
  SpinLock table_lock_{Rank::inode};
  boost::intrusive::set<Cover, boost::intrusive::base_hook<CoverTableHook>, boost::intrusive::key_of_value<NumberOf>,
                        boost::intrusive::constant_time_size<false>>
      table_ GUARDED_BY(table_lock_);
  boost::intrusive::list<Cover, boost::intrusive::base_hook<CoverKeptHook>, boost::intrusive::constant_time_size<false>> kept_
      GUARDED_BY(table_lock_);
};

}  // namespace halcyon::fs
