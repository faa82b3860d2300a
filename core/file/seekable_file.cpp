#include "core/file/seekable_file.h"

#include "core/base/lock_guard.h"

namespace halcyon {

Result<size_t> SeekableFile::read(Sink& out) {
  LockGuard guard(offset_lock_);
  return read_locked(&offset_, out);
}

Result<size_t> SeekableFile::write(Source& in) {
  LockGuard guard(offset_lock_);
  return write_locked(&offset_, in);
}

Result<size_t> SeekableFile::read_locked(uint64_t* offset, Sink& out) {
  size_t done = TRY(read_at(*offset, out));
  *offset += done;
  return done;
}

Result<size_t> SeekableFile::write_locked(uint64_t* offset, Source& in) {
  size_t done = TRY(write_at(*offset, in));
  *offset += done;
  return done;
}

Result<uint64_t> SeekableFile::target_of(int64_t offset, Whence whence) {
  uint64_t base = 0;
  switch (whence) {
    case Whence::set: break;
    case Whence::current: base = offset_; break;
    case Whence::end: base = TRY(end_offset()); break;
    case Whence::data: return find_data(offset);
    case Whence::hole: return find_hole(offset);
    default: return err::inval;
  }
  int64_t target;
  if (__builtin_add_overflow(static_cast<int64_t>(base), offset, &target) || target < 0) return err::inval;
  return static_cast<uint64_t>(target);
}

Result<uint64_t> SeekableFile::seek(int64_t offset, Whence whence) {
  LockGuard guard(offset_lock_);
  uint64_t target = TRY(target_of(offset, whence));
  if (target > largest_offset()) return err::inval;
  offset_ = target;
  return target;
}

}  // namespace halcyon
