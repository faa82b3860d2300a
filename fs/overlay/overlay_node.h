// OverlayNode<Base>: a node that covers an object of the lower layer: its attributes are the lower ones until they change.
#pragma once

#include "fs/overlay/overlay_file_system.h"
#include "fs/tree/file_node.h"

namespace halcyon::fs {

template <class Base>
class OverlayNode : public Base, public Cover {
 public:
  template <class... More>
  OverlayNode(OverlayFileSystem& overlay, Ref<Inode> covered, const Attributes& known, More&&... more)
      : Base(overlay, NodeStart{known.type, known.permissions, known.uid, known.gid, known.inode}, std::forward<More>(more)...),
        Cover(*this, std::move(covered), known.inode) {
    this->copy_attributes(known);
    overlay.add(*this);
  }
  ~OverlayNode() override { overlay().forget(*this); }

  Result<> prepare_change() override {
    overlay().keep(*this);
    return {};
  }

 protected:
  OverlayFileSystem& overlay() { return static_cast<OverlayFileSystem&>(this->file_system()); }
  void no_name_left() override { overlay().let_go(*this); }
  void take(const Attributes& known) override { this->copy_attributes(known); }
};

class OverlayDirectory final : public OverlayNode<TreeDirectory>, public LayerBelow {
 public:
  OverlayDirectory(OverlayFileSystem& overlay_system, Ref<Inode> covered, const Attributes& known)
      : OverlayNode<TreeDirectory>(overlay_system, std::move(covered), known, static_cast<LayerBelow*>(this)),
        lower_size_(known.size),
        lower_blocks_(known.blocks) {}

  Result<Ref<Inode>> look_up_below(std::string_view name) override;
  Result<> list_below(uint64_t* position, DirectoryVisitor& visitor) override { return lower().list(position, visitor); }

 protected:
  uint64_t own_size() override { return lower_size_ + TreeDirectory::own_size(); }
  uint64_t blocks() override { return lower_blocks_; }

 private:
  const uint64_t lower_size_;
  const uint64_t lower_blocks_;
};

// A regular file: the pages that were touched are here, the others still in the lower file.
class OverlayFile final : public OverlayNode<FileNode>, public PageSource {
 public:
  OverlayFile(OverlayFileSystem& overlay_system, Ref<Inode> covered, const Attributes& known)
      : OverlayNode<FileNode>(overlay_system, std::move(covered), known, static_cast<PageSource*>(this), known.size),
        lower_blocks_(known.blocks),
        lower_end_(known.size) {}

  PageSource* page_source() override { return this; }
  Result<> prepare_open(uint32_t flags) override;

  Result<> fill(uint64_t index, std::span<std::byte* const> pages) override;
  // What is written stays here.
  Result<> write_back(uint64_t, std::span<const std::byte>) override { return err::rofs; }

 protected:
  void take(const Attributes& known) override;
  Result<> resize(uint64_t size) override;
  uint64_t blocks() override;

 private:
  Result<> fill_from_below(uint64_t index, std::span<std::byte* const> pages);

  std::atomic<uint64_t> lower_blocks_;
  // What of the lower file is still behind the pages that are not here: a file that is cut and grows again has zeros there.
  std::atomic<uint64_t> lower_end_;
};

}  // namespace halcyon::fs
