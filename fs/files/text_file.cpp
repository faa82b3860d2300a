#include "fs/files/text_file.h"

#include "core/base/lock_guard.h"
#include "fs/tree/text_node.h"

namespace halcyon::fs {

TextFile::TextFile(Path path, uint32_t flags, TextNode& node) : PlacedFile(std::move(path), flags), node_(node) {
  if (ChangeCounter* changes = node_.changes()) seen_changes_ = changes->value();
}

uint32_t TextFile::poll(PollTable* table) {
  uint32_t ready = poll::in | poll::rdnorm | (node_.is_storable() ? poll::out | poll::wrnorm : 0);
  ChangeCounter* changes = node_.changes();
  if (!changes) return ready;
  if (table) table->watch(changes->queue());
  uint64_t now = changes->value();
  if (seen_changes_.exchange(now, std::memory_order_relaxed) == now) return ready;
  return poll::in | poll::rdnorm | poll::err | poll::pri;
}

Result<> TextFile::make_text(Writer& out) { return node_.write_text(out); }

Result<size_t> TextFile::read_at(uint64_t offset, Sink& out) {
  LockGuard guard(offset_lock_);
  return read_locked(&offset, out);
}

Result<size_t> TextFile::read_locked(uint64_t* offset, Sink& out) {
  if (out.remaining() == 0) return 0;
  if (*offset == 0 || !is_made_) {
    text_.clear();
    is_made_ = false;
    TRY(make_text(text_));
    if (text_.has_failed()) return err::nomem;
    is_made_ = true;
  }
  size_t done = TRY(text_.read(*offset, out));
  *offset += done;
  return done;
}

Result<size_t> TextFile::write_at(uint64_t offset, Source& in) {
  LockGuard guard(offset_lock_);
  return write_locked(&offset, in);
}

Result<size_t> TextFile::write_locked(uint64_t* offset, Source& in) {
  if (!node_.is_storable()) return node_.write_error();
  if (in.remaining() == 0) return 0;
  Vec<char> text;
  size_t count = std::min(in.remaining(), page_size - 1);
  TRY(text.resize(count));
  size_t got = TRY(in.read(std::as_writable_bytes(text.span())));
  if (got < count) return err::fault;
  size_t stored = TRY(node_.store(*offset, {text.data(), count}));
  *offset += stored;
  return stored;
}

Result<uint64_t> TextFile::end_offset() { return node_.seeks_from_end() ? Result<uint64_t>(0) : err::inval; }

}  // namespace halcyon::fs
