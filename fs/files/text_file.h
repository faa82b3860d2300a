// TextFile: an open file whose contents are made when somebody reads from its start (/proc, /sys): a reader with a small buffer sees one
// consistent text, and one who seeks back to the start a new one.
//
// Lock: lock_ protects text and position. A mutex of the first rank, for the makers of texts take the process tree's.
#pragma once

#include "core/sync/mutex.h"
#include "fs/files/paged_text.h"
#include "fs/files/placed_file.h"

namespace halcyon::fs {

class TextNode;

class TextFile : public PlacedFile {
 public:
  TextFile(Path path, uint32_t flags, TextNode& node);

  Result<size_t> read(Sink& out) override;
  Result<size_t> read_at(uint64_t offset, Sink& out) override;
  Result<size_t> write(Source& in) override;
  Result<size_t> write_at(uint64_t offset, Source& in) override;
  // EINVAL relative to the end, which nobody knows before the text is made.
  Result<uint64_t> seek(int64_t offset, Whence whence) override;
  // Ready always; says once that the text has changed since it was opened or asked, if its node knows.
  uint32_t poll(PollTable* table) override;

 protected:
  // Makes the whole contents.
  virtual Result<> make_text(Writer& out);
  TextNode& node() { return node_; }

 private:
  Result<size_t> read_locked(uint64_t offset, Sink& out);
  Result<size_t> write_locked(uint64_t offset, Source& in);

  TextNode& node_;  // the inode, which the path keeps
  Mutex lock_{Rank::open_file};
  PagedText text_;  // under lock_, as all below
  bool is_made_ = false;
  uint64_t position_ = 0;
  std::atomic<uint64_t> seen_changes_ = 0;  // of TextNode::changes
};

}  // namespace halcyon::fs
