// TextFile: an open file whose contents are made when somebody reads from its start (/proc, /sys): a reader with a small buffer sees one
// consistent text, and one who seeks back to the start a new one.
//
// Lock: that of the offset protects the text, too: its makers take the process tree's.
#pragma once

#include "fs/files/paged_text.h"
#include "fs/files/placed_file.h"

namespace halcyon::fs {

class TextNode;

class TextFile : public PlacedFile {
 public:
  TextFile(Path path, uint32_t flags, TextNode& node);

  Result<size_t> read_at(uint64_t offset, Sink& out) override;
  Result<size_t> write_at(uint64_t offset, Source& in) override;
  // Ready always; says once that the text has changed since it was opened or asked, if its node knows.
  uint32_t poll(PollTable* table) override;

 protected:
  // Makes the whole contents.
  virtual Result<> make_text(Writer& out);
  TextNode& node() { return node_; }

 private:
  Result<size_t> read_locked(uint64_t* offset, Sink& out) override REQUIRES(offset_lock_);
  Result<size_t> write_locked(uint64_t* offset, Source& in) override REQUIRES(offset_lock_);
  // Nobody knows it before the text is made.
  Result<uint64_t> end_offset() override;

  TextNode& node_;  // the inode, which the path keeps
  PagedText text_ GUARDED_BY(offset_lock_);
  bool is_made_ GUARDED_BY(offset_lock_) = false;
  std::atomic<uint64_t> seen_changes_ = 0;  // of TextNode::changes
};

}  // namespace halcyon::fs
