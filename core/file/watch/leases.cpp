#include "core/file/watch/leases.h"

#include "core/base/lock_guard.h"
#include "core/task/kernel.h"

namespace halcyon {

Leases::~Leases() {
  leases_.clear_and_dispose([](Lease* lease) { Own<Lease>(lease).reset(); });
}

// Linux: check_conflicting_open. A file that is executed counts as one that has -1 writers.
bool Leases::is_open_otherwise(const Inode& inode, const File& file, LeaseKind kind) {
  int32_t writers = inode.uses_.load(std::memory_order_seq_cst), readers = inode.readers_.load(std::memory_order_seq_cst);
  if (kind == LeaseKind::read) return writers > 0;
  return writers != (file.is_writable() ? 1 : 0) || readers != (file.is_readable() && !file.is_writable() ? 1 : 0);
}

Leases::Lease* Leases::find(const File& file) {
  for (Lease& lease : leases_)
    if (lease.file == &file) return &lease;
  return nullptr;
}

void Leases::change(Lease& lease, LeaseKind kind) {
  lease.kind = kind;
  if (kind == LeaseKind::write) return;
  lease.must_weaken = false;
  lease.weakens_at = never;
  if (kind == LeaseKind::read) return;
  kernel().async_files().reset(*lease.file);  // as on Linux
  Inode* inode = lease.inode;
  leases_.erase(leases_.iterator_to(lease));
  Own<Lease>(&lease).reset();
  for (Lease& other : leases_)
    if (other.inode == inode) return;
  inode->has_leases_.store(false, std::memory_order_seq_cst);
}

void Leases::expire(const Inode& inode) {
  Nanoseconds now = kernel().clock().monotonic();
  for (auto it = leases_.begin(); it != leases_.end();) {
    Lease& lease = *it++;
    if (lease.inode != &inode) continue;
    if (now >= lease.goes_at) change(lease, LeaseKind::none);
    else if (now >= lease.weakens_at) change(lease, LeaseKind::read);
  }
}

Result<> Leases::set_locked(File& file, Inode& inode, LeaseKind kind, int fd, Own<Lease> fresh) {
  expire(inode);
  if (is_open_otherwise(inode, file, kind)) return err::again;
  Lease* mine = nullptr;
  for (Lease& lease : leases_) {
    if (lease.inode != &inode) continue;
    if (lease.file == &file) mine = &lease;
    else if (kind == LeaseKind::write || lease.must_go) return err::again;
  }
  if (mine) {
    mine->fd = fd;
    change(*mine, kind);
    return {};
  }
  if (is_enabled.load(std::memory_order_relaxed) == 0) return err::inval;
  fresh->file = &file, fresh->inode = &inode, fresh->kind = kind, fresh->fd = fd;
  leases_.push_back(*fresh);
  inode.has_leases_.store(true, std::memory_order_seq_cst);
  if (is_open_otherwise(inode, file, kind)) {
    change(*fresh.release(), LeaseKind::none);
    return err::again;
  }
  static_cast<void>(fresh.release());
  file.has_lease_.store(true, std::memory_order_relaxed);
  return {};
}

Result<> Leases::set(File& file, Inode& inode, LeaseKind kind, int fd) {
  Own<Lease> fresh = TRY(make<Lease>());
  TRY(kernel().async_files().reserve(file));
  {
    LockGuard guard(lock_);
    TRY(set_locked(file, inode, kind, fd, std::move(fresh)));
    kernel().async_files().set_default_owner(file);
  }
  changed_.wake_all();
  return {};
}

Result<> Leases::drop(const File& file) {
  {
    LockGuard guard(lock_);
    Lease* lease = find(file);
    if (!lease) return err::again;
    change(*lease, LeaseKind::none);
  }
  changed_.wake_all();
  return {};
}

void Leases::forget(const File& file) { static_cast<void>(drop(file)); }

LeaseKind Leases::kind(const File& file) {
  LeaseKind kind = LeaseKind::none;
  {
    LockGuard guard(lock_);
    if (Lease* lease = find(file)) expire(*lease->inode);
    if (Lease* lease = find(file)) kind = lease->must_go ? LeaseKind::none : lease->must_weaken ? LeaseKind::read : lease->kind;
  }
  changed_.wake_all();
  return kind;
}

Ref<File> Leases::begin_break(const Inode& inode, bool writes, int* fd) {
  int seconds = break_time.load(std::memory_order_relaxed);
  Nanoseconds until = seconds > 0 ? kernel().clock().monotonic() + Nanoseconds{seconds} * 1'000'000'000 : never;
  for (Lease& lease : leases_) {
    if (lease.inode != &inode || !conflicts(lease, writes) || lease.must_go || (!writes && lease.must_weaken)) continue;
    (writes ? lease.must_go : lease.must_weaken) = true;
    (writes ? lease.goes_at : lease.weakens_at) = until;
    if (!lease.file->retain_if_alive()) continue;
    *fd = lease.fd;
    return Ref<File>::adopt(lease.file);
  }
  return {};
}

bool Leases::has_conflict(const Inode& inode, bool writes, Nanoseconds* until) {
  *until = never;
  bool found = false;
  for (Lease& lease : leases_) {
    if (lease.inode != &inode || !conflicts(lease, writes)) continue;
    found = true;
    *until = std::min({*until, lease.goes_at, lease.weakens_at});
  }
  return found;
}

Result<> Leases::break_all(Inode& inode, uint32_t flags) {
  bool writes = (flags & open_flag::access_mode) != open_flag::read_only;
  Nanoseconds until = never;
  auto is_free = [&] {
    bool is_busy;
    {
      LockGuard guard(lock_);
      expire(inode);
      is_busy = has_conflict(inode, writes, &until);
    }
    return !is_busy;
  };
  if (is_free()) return {};
  for (;;) {
    int fd = -1;
    Ref<File> holder;
    {
      LockGuard guard(lock_);
      holder = begin_break(inode, writes, &fd);
    }
    if (!holder) break;
    kernel().async_files().send_message(kernel(), *holder, fd);
  }
  if (flags & open_flag::nonblock) return err::again;
  while (!is_free()) {
    auto waited = changed_.wait_until(is_free, until);
    if (!waited && waited.error() != Errno::timedout) return err::restart;
  }
  changed_.wake_all();  // some may have run out of time just now
  return {};
}

Result<> break_leases_slowly(Inode& inode, uint32_t flags) { return kernel().leases().break_all(inode, flags); }

}  // namespace halcyon
