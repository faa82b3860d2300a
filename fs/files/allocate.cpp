// fallocate(2) of regular files. Pages that must not run out later are taken now, zeroed; a hole gives them back.
#include "core/base/lock_guard.h"
#include "core/mm/cache/page_cache.h"
#include "fs/files/notify.h"
#include "fs/files/regular_file.h"
#include "fs/vfs/vfs.h"

namespace halcyon::fs {

namespace {

Result<> take_pages(Inode& inode, uint64_t offset, uint64_t end) {
  if (auto ready = inode.prepare_write(end); !ready) return ready;
  for (uint64_t at = page_floor(offset); at < end; at += page_size) {
    auto page = inode.page_cache()->get(at >> page_shift);
    if (!page) return page.error() == Errno::nomem ? err::nospc : std::unexpected(page.error());
  }
  return {};
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
    if (auto room = room_for_write(end - 1, 1); !room) return std::unexpected(room.error());
    if (target.seals() & seal::grow) return err::perm;
  }
  if (!keeps_privileges_) {
    if (auto dropped = drop_privileges(target, now); !dropped) return dropped;
  }
  Result<> done = is_hole ? cache.punch_hole(offset, end) : take_pages(target, offset, end);
  if (!done) return done;
  if (grows) {
    if (auto sized = cache.set_size(end); !sized) return sized;
  }
  if (auto noted = target.note_change(now, offset, end - offset); !noted) return noted;
  note(*this, event::modify);
  return {};
}

}  // namespace halcyon::fs
