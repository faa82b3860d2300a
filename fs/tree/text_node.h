// TextNode: a regular file whose contents are made when somebody reads it (/proc, /sys), and whose writes are commands.
#pragma once

#include "core/file/change_counter.h"
#include "fs/files/text_file.h"
#include "fs/tree/node.h"

namespace halcyon::fs {

class TextNode : public Node {
 public:
  using Node::Node;

  // Makes the whole contents. May block. ENOMEM, and whatever the kind of text says.
  virtual Result<> write_text(Writer& out) = 0;
  // What a write(2) of `text` at `offset` does; returns how many characters it took.
  virtual Result<size_t> store(uint64_t offset, std::string_view text) {
    static_cast<void>(offset), static_cast<void>(text);
    return err::inval;
  }
  virtual bool is_storable() const { return false; }
  // Of a write(2) to a file that cannot be written to, though it was opened for it.
  virtual std::unexpected<Errno> write_error() const { return err::inval; }
  // What poll(2) tells changes by; null: nothing.
  virtual ChangeCounter* changes() { return nullptr; }
  // lseek(2) takes SEEK_END, and finds an empty file.
  virtual bool seeks_from_end() const { return false; }

  Result<Ref<File>> open_own(const Path& path, uint32_t flags) override { return make_ref<TextFile>(path, flags, *this); }
};

}  // namespace halcyon::fs
