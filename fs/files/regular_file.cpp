#include "fs/files/regular_file.h"

#include "core/base/lock_guard.h"
#include "core/mm/cache/page_cache.h"
#include "core/task/process/process.h"
#include "core/task/schedule/per_cpu.h"
#include "core/task/thread.h"
#include "fs/files/notify.h"
#include "fs/vfs/vfs.h"

namespace halcyon::fs {

Result<> drop_privileges(Inode& inode, Nanoseconds now) {
  uint32_t permissions = inode.ownership().permissions;
  uint32_t kept = permissions & ~mode::set_uid;
  if (permissions & mode::group_execute) kept &= ~mode::set_gid;
  if (kept == permissions) return {};
  AttributeChange change;
  change.what = AttributeChange::set_permissions;
  change.permissions = kept;
  change.now = now;
  return inode.change(change);
}

void PlacedFile::note_access() {
  if (!(flags() & open_flag::no_atime)) path_.mount->note_access(*inode());
}

Result<size_t> room_for_write(uint64_t offset, size_t count) {
  if (offset >= max_offset) return err::fbig;
  size_t room = std::min<uint64_t>(count, max_offset - offset);
  Thread* self = per_cpu().current;
  if (!self || !per_cpu().kernel) return room;
  uint64_t limit = self->process().limit(Limit::file_size).soft;
  if (limit == unlimited || offset + room <= limit) return room;
  if (offset < limit) return limit - offset;
  send_to_self(*self, sig::xfsz);
  return err::fbig;
}

namespace {

// As tmpfs writes page by page, and each page is there or grows the file.
Result<size_t> room_under_seals(Inode& inode, uint64_t start, size_t count) {
  if (inode.seals() & (seal::write | seal::future_write)) return err::perm;
  uint64_t size = inode.page_cache()->size();
  if (start + count <= size) return count;
  uint64_t whole = start < size ? std::max(page_floor(size), start) : start;
  if (whole == start) return err::perm;
  return whole - start;
}

}  // namespace

Result<> set_file_size(Inode& inode, uint64_t size, Nanoseconds now, bool keeps_privileges) {
  PageCache* cache = inode.page_cache();
  if (!cache) return err::inval;
  LockGuard guard(*inode.contents_lock());
  if (size > max_offset) return err::fbig;
  if ((inode.seals() & seal::shrink) && size < cache->size()) return err::perm;
  if ((inode.seals() & seal::grow) && size > cache->size()) return err::perm;
  if (size > cache->size()) {
    size_t growth = size - cache->size();
    size_t room = TRY(room_for_write(cache->size(), growth));
    if (room < growth) return err::fbig;
  }
  AttributeChange change;
  change.what = AttributeChange::set_size;
  change.size = size;
  change.now = now;
  TRY(inode.change(change));
  return keeps_privileges ? Result<>{} : drop_privileges(inode, now);
}

Result<size_t> RegularFile::read_at(uint64_t offset, Sink& out) { return read_contents(&offset, out); }

Result<size_t> RegularFile::read_contents(uint64_t* offset, Sink& out) {
  if (out.remaining() == 0) return 0;
  if (*offset > max_offset || out.remaining() > max_offset - *offset) return err::inval;
  size_t done = TRY(inode()->page_cache()->read(*offset, out));
  *offset += done;
  note_access();
  return done;
}

Result<size_t> RegularFile::write_at(uint64_t offset, Source& in) {
  return write_contents(&offset, (flags() & open_flag::append) != 0, in);
}

Result<size_t> RegularFile::append(Source& in, bool moves) {
  if (!moves) {
    uint64_t offset = 0;
    return write_contents(&offset, true, in);
  }
  LockGuard guard(offset_lock_);
  return write_contents(&offset_, true, in);
}

Result<size_t> RegularFile::write_contents(uint64_t* offset, bool at_end, Source& in) {
  if (in.remaining() == 0) return 0;
  if (in.remaining() > max_offset - std::min(*offset, max_offset)) return err::inval;
  Inode& target = *inode();
  PageCache& cache = *target.page_cache();
  LockGuard guard(*target.contents_lock());
  uint64_t start = at_end ? cache.size() : *offset;
  size_t room = TRY(room_for_write(start, in.remaining()));
  if (target.seals() & (seal::grow | seal::write | seal::future_write)) room = TRY(room_under_seals(target, start, room));
  in.truncate(room);
  TRY(target.prepare_write(start + room));
  Nanoseconds now = path().mount->file_system().now();
  if (!keeps_privileges_) {
    TRY(drop_privileges(target, now));
  }
  size_t done = TRY(cache.write(start, in));
  *offset = start + done;
  TRY(target.note_change(now, start, done));
  return done;
}

Result<uint64_t> RegularFile::end_offset() { return inode()->page_cache()->size(); }

Result<uint64_t> RegularFile::find_data(int64_t offset) {
  PageCache& cache = *inode()->page_cache();
  uint64_t size = cache.size();
  if (offset < 0 || static_cast<uint64_t>(offset) >= size) return err::nxio;
  uint64_t found = cache.find_next(static_cast<uint64_t>(offset), true);
  if (found >= size) return err::nxio;
  return found;
}

// The end of the file is one.
Result<uint64_t> RegularFile::find_hole(int64_t offset) {
  PageCache& cache = *inode()->page_cache();
  if (offset < 0 || static_cast<uint64_t>(offset) >= cache.size()) return err::nxio;
  return cache.find_next(static_cast<uint64_t>(offset), false);
}

Result<> RegularFile::truncate(uint64_t size) {
  if (!is_writable()) return err::inval;
  TRY(set_file_size(*inode(), size, path().mount->file_system().now(), keeps_privileges_));
  note(*path().dentry, event::modify);
  return {};
}

}  // namespace halcyon::fs
