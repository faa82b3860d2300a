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
  // Takes over what the host says now.
  virtual void take(const hal::HostAttributes& attributes) = 0;
  // Looks again. ESTALE if another object stands in the place.
  Result<> refresh();

 protected:
  ~HostObject() = default;
  // chmod, chown, utimens on the host, then refresh. EROFS.
  Result<> change_host(const AttributeChange& change);

 private:
  friend class HostFileSystem;
  HostFileSystem& host_;
  HostIdentity& identity_;
  Ref<HostDirectory> parent_;  // null: the root; under the host lock, as the name
  NameText name_;
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
      if (auto looked = refresh(); !looked && looked.error() != Errno::noent && looked.error() != Errno::stale)
        return std::unexpected(looked.error());
    }
    return Base::attributes();
  }
  Result<> change(const AttributeChange& wanted) override { return change_host(wanted); }
  void note_access(Nanoseconds) override {}  // atime is mtime

  void take(const hal::HostAttributes& from) override {
    this->copy_attributes(to_attributes(from));
    size_.store(from.size, std::memory_order_relaxed);
    blocks_.store(from.blocks, std::memory_order_relaxed);
  }

 protected:
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

  PageSource* page_source() override { return this; }
  // Looks whether the host's file is still what the cache holds, by size and mtime.
  Result<> prepare_open(uint32_t flags) override;
  Result<> note_change(Nanoseconds now) override;
  Result<> change(const AttributeChange& wanted) override;
  Result<> sync() override;

  Result<> fill(uint64_t index, std::span<std::byte> page) override;
  Result<> write_back(uint64_t index, std::span<const std::byte> bytes) override;

  // Its last name goes while it is in use.
  Result<> hold();

 private:
  Result<> refresh_unchanged();

  bool is_held_ = false;             // under Vfs::tree
  std::atomic<Nanoseconds> cached_;  // the host's mtime that the cache's contents belong to
};

}  // namespace halcyon::fs
