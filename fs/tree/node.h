// Node: an inode whose attributes live in memory: what ramfs, devfs, procfs, hostfs and overlay are made of.
//
// Attributes are single atomics, so that stat and permission checks take no lock; changes that belong together are made under Vfs::tree or
// contents_lock, and a reader in between may see one of them before the other, as on Linux.
#pragma once

#include <atomic>

#include "core/file/inode.h"
#include "fs/vfs/mount.h"

namespace halcyon::fs {

struct NodeStart {
  FileType type = FileType::regular;
  uint32_t permissions = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint64_t number = 0;  // st_ino
};

class EntryTable;

class Node : public Inode {
 public:
  Node(FileSystem& file_system, const NodeStart& start);
  ~Node() override;

  FileType type() const override { return type_; }
  Ownership ownership() override;
  Result<Attributes> attributes() override;
  Result<> change(const AttributeChange& change) override;
  Result<FileSystemStatistics> statistics() override { return file_system_.statistics(); }
  void note_access(Nanoseconds now, bool always) override;
  Result<> note_change(Nanoseconds now, uint64_t start, uint64_t length) override;

  FileSystem& file_system() const { return file_system_; }
  uint64_t number() const { return number_; }
  uint32_t links() const { return links_.load(std::memory_order_relaxed); }
  // Names come and go, under Vfs::tree; a directory gains and loses the ".." of its subdirectories. `drop_link` with a file's last name
  // calls no_name_left. A directory with one link does not count them: file systems of hosts do that.
  void add_link();
  void drop_link();
  // Takes what an inode, or one more name of it, costs out of the file system's space; it goes back with the name or the node. ENOSPC.
  Result<> charge();
  // A directory is removed.
  void drop_all_links();
  void touch_changed(Nanoseconds now) { changed_.store(now, std::memory_order_relaxed); }
  // A directory gained or lost an entry.
  void touch_modified(Nanoseconds now);
  // Before anything about the node changes: a layer makes sure that it keeps the node. ENOMEM.
  virtual Result<> prepare_change() { return {}; }
  // A directory's whose entries are in memory.
  virtual EntryTable* entry_table() { return nullptr; }

 protected:
  virtual void no_name_left() {}
  // st_size where there is no page cache, and st_blocks.
  virtual uint64_t own_size() { return 0; }
  virtual uint64_t blocks();
  // Truncates or extends; under contents_lock. The caller updates the times.
  virtual Result<> resize(uint64_t size);
  // Takes over all that another file system says about an object.
  void copy_attributes(const Attributes& from);
  void set_links(uint32_t links) { links_.store(links, std::memory_order_relaxed); }
  Nanoseconds modified() const { return modified_.load(std::memory_order_relaxed); }

 private:
  FileSystem& file_system_;
  const uint64_t number_;
  const FileType type_;
  std::atomic<uint32_t> permissions_;
  std::atomic<uint32_t> uid_, gid_;
  std::atomic<uint32_t> links_;
  uint32_t charged_ = 0;  // inodes of the file system's space; under Vfs::tree, or while nobody else sees the node
  std::atomic<Nanoseconds> accessed_, modified_, changed_, born_;
};

// A symlink with its text in memory.
class SymlinkNode : public Node {
 public:
  SymlinkNode(FileSystem& file_system, const NodeStart& start, String target) : Node(file_system, start), target_(std::move(target)) {}
  Result<> read_link(Sink& out) override;

 protected:
  uint64_t own_size() override { return target_.size(); }

 private:
  String target_;
};

}  // namespace halcyon::fs
