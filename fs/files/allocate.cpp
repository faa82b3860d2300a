// fallocate(2) of regular files. Pages that must not run out later are taken now, zeroed; a hole gives them back.
#include "core/base/lock_guard.h"
#include "core/base/vec.h"
#include "core/mm/cache/page_cache.h"
#include "core/task/thread.h"
#include "fs/files/notify.h"
#include "fs/files/regular_file.h"
#include "fs/vfs/vfs.h"

namespace halcyon::fs {

namespace {

struct Stretch {
  uint64_t start, end;
};

// The stretches that were holes are noted: if not all can be had, they are holes again.
Result<> take_pages(Inode& inode, uint64_t offset, uint64_t end) {
  PageCache& cache = *inode.page_cache();
  Vec<Stretch> taken;
  Result<> done;
  for (uint64_t at = page_floor(offset); at < end && done; at += page_size) {
    if (cache.find(at >> page_shift)) continue;
    if (taken.is_empty() || taken.back().end != at) done = taken.push({at, at});
    if (done) done = inode.prepare_write(end);
    if (done) done = make_way();
    if (!done) break;
    auto page = cache.get(at >> page_shift);
    if (page) taken.back().end += page_size;
    else done = page.error() == Errno::nomem ? err::nospc : std::unexpected(page.error());
  }
  if (!done && !cache.has_source())
    for (const Stretch& stretch : taken) cache.drop(stretch.start, stretch.end);
  return done;
}

}  // namespace

Result<> RegularFile::allocate(Allocation how, uint64_t offset, uint64_t end) {
  Inode& target = *inode();
  PageCache& cache = *target.page_cache();
  Nanoseconds now = path().mount->file_system().now();
  LockGuard guard(*target.contents_lock());
  bool is_hole = how == Allocation::punch_hole, grows = how == Allocation::grow && end > cache.size();
  if (is_hole && (target.seals() & (seal::write | seal::future_write))) return err::perm;
  if (!is_hole && end > cache.size()) {
    // EFBIG, and a signal, if the last byte is beyond the limit.
    static_cast<void>(TRY(room_for_write(end - 1, 1)));
    if (target.seals() & seal::grow) return err::perm;
  }
  if (!keeps_privileges_) {
    TRY(drop_privileges(target, now));
  }
  Result<> done = is_hole ? cache.punch_hole(offset, end) : take_pages(target, offset, end);
  if (!done) return done;
  if (grows) {
    TRY(cache.set_size(end));
  }
  TRY(target.note_change(now, offset, end - offset));
  note(*this, event::modify);
  return {};
}

}  // namespace halcyon::fs
