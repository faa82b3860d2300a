// HostObject: where a node is on the host. HostNode<Base>: a node whose attributes are the host's.
#pragma once

#include "fs/hostfs/host_file_system.h"
#include "fs/tree/file_node.h"

namespace halcyon::fs {

class HostObject {
 public:
  HostObject(HostFileSystem& host, HostIdentity& identity) : host_(host), identity_(identity) {}

  HostFileSystem& host() const { return host_; }
  HostIdentity& identity() const { return identity_; }
  const hal::HostId& id() const { return identity_.id; }
  // The name that it had is gone, or leads to something else, and no other was found: its attributes live in memory from then on.
  bool is_gone() const { return host_.is_gone(*this); }
  // Takes over what the host says now.
  virtual void take(const hal::HostAttributes& attributes) = 0;
  // Looks again. ESTALE if the object is not in its place any more.
  Result<> refresh();

 protected:
  ~HostObject();
  virtual FileType host_type() const = 0;
  // chmod, chown, utimens on the host, then refresh. EROFS.
  Result<> change_host(const AttributeChange& change);

 private:
  friend class HostFileSystem;
  HostFileSystem& host_;
  HostIdentity& identity_;
  Ref<HostDirectory> parent_;  // null: the root; under the host lock, as the next two
  NameText name_;
  bool is_gone_ = false;
};

Attributes to_attributes(const hal::HostAttributes& from);

template <class Base>
class HostNode : public Base, public HostObject {
 public:
  template <class... More>
  HostNode(HostFileSystem& host_system, HostIdentity& host_identity, const NodeStart& start, More&&... more)
      : Base(host_system, start, std::forward<More>(more)...), HostObject(host_system, host_identity) {}
  ~HostNode() override { host().forget(identity(), *this); }

  Result<Attributes> attributes() override {
    if (host().is_writable()) {
      if (auto looked = refresh(); !looked && looked.error() != Errno::stale) return std::unexpected(looked.error());
    }
    return Base::attributes();
  }
  Result<> change(const AttributeChange& wanted) override { return is_gone() ? Base::change(wanted) : change_host(wanted); }
  void note_access(Nanoseconds, bool) override {}  // atime is mtime

  void take(const hal::HostAttributes& from) override {
    this->copy_attributes(to_attributes(from));
    size_.store(from.size, std::memory_order_relaxed);
    blocks_.store(from.blocks, std::memory_order_relaxed);
  }

 protected:
  FileType host_type() const override { return this->type(); }
  uint64_t own_size() override { return size_.load(std::memory_order_relaxed); }
  uint64_t blocks() override { return blocks_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> size_ = 0;
  std::atomic<uint64_t> blocks_ = 0;
};

class HostSymlink final : public HostNode<Node> {
 public:
  using HostNode<Node>::HostNode;
  Result<> read_link(Sink& out) override;
};

// A regular file: its page cache pulls from the host, and, where the tree is writable, is written through after every write.
class HostFile final : public HostNode<FileNode>, public PageSource {
 public:
  HostFile(HostFileSystem& host_system, HostIdentity& host_identity, const NodeStart& start, const hal::HostAttributes& now)
      : HostNode<FileNode>(host_system, host_identity, start, static_cast<PageSource*>(this), now.size), cached_(now.modified) {}
  ~HostFile() override;

  Result<Attributes> attributes() override;
  PageSource* page_source() override { return this; }
  // Looks whether the host's file is still what the cache holds, by size and mtime, and whether the host lets us open it. ESTALE, EACCES.
  Result<> prepare_open(uint32_t flags) override;
  Result<> prepare_write(uint64_t) override { return {}; }
  Result<> note_change(Nanoseconds now, uint64_t start, uint64_t length) override;
  // The host's times change when what was written gets there.
  void note_mapped_write(Nanoseconds now) override {
    if (is_gone()) touch_modified(now);
  }
  Result<> change(const AttributeChange& wanted) override;
  Result<> sync() override;

  Result<> fill(uint64_t index, std::span<std::byte* const> pages) override;
  Result<> write_back(uint64_t offset, std::span<const std::byte> bytes) override;

  // Before its name goes: keeps it open on the host.
  Result<> hold();

 private:
  Result<> take_over_own_change();
  Result<> truncate(uint64_t size);

  bool is_held_ = false;             // under Vfs::tree
  std::atomic<Nanoseconds> cached_;  // the host's mtime that the cache's contents belong to
};

}  // namespace halcyon::fs
