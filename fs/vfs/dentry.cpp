#include "fs/vfs/dentry.h"

#include <bit>

#include "core/base/lock_guard.h"
#include "fs/files/notify.h"
#include "fs/vfs/mount.h"
#include "fs/vfs/permission.h"

namespace halcyon::fs {

Dentry::Dentry(FileSystem& file_system, Ref<Dentry> parent, Ref<Inode> inode)
    : file_system_(&file_system),
      parent_(std::move(parent)),
      inode_(std::move(inode)),
      is_directory_(inode_ && inode_->type() == FileType::directory),
      is_symlink_(inode_ && inode_->type() == FileType::symlink) {}

// A long chain of removed directories ends here one by one, not by recursion.
Dentry::~Dentry() {
  if (inode_ && inode_->is_watched()) note_end(*this);
  Dentry* parent = parent_.release();
  while (parent && parent->drop()) {
    Dentry* above = parent->parent_.release();
    parent->~Dentry();
    deallocate(parent);
    parent = above;
  }
}

Result<Ref<Dentry>> Dentry::create(Ref<Dentry> parent, std::string_view name, Ref<Inode> inode) {
  FileSystem& file_system = parent->file_system();
  Ref<Dentry> dentry = TRY(make_ref<Dentry>(file_system, std::move(parent), std::move(inode)));
  TRY(dentry->name_.set(name));
  return dentry;
}

Result<Ref<Dentry>> Dentry::create_unnamed(Ref<Dentry> parent, std::string_view text, Ref<Inode> inode, bool can_be_named) {
  Ref<Dentry> dentry = TRY(create(std::move(parent), text, std::move(inode)));
  dentry->can_be_named_ = can_be_named;
  dentry->is_removed_ = true;
  return dentry;
}

Result<Ref<Dentry>> Dentry::create_root(FileSystem& file_system, Ref<Inode> inode) {
  return make_ref<Dentry>(file_system, nullptr, std::move(inode));
}

Result<> DentryCache::initialize() {
  LockGuard guard(lock_);
  TRY(buckets_.resize(256));
  bucket_count_.store(buckets_.size(), std::memory_order_relaxed);
  return {};
}

DentryCache::~DentryCache() {
  while (shrink(64) > 0) {
  }
}

Dentry*& DentryCache::bucket(const Dentry* parent, uint32_t hash) {
  uint64_t mixed = (std::bit_cast<uintptr_t>(parent) >> 4) * 0x9e3779b97f4a7c15;
  return buckets_.data()[((mixed >> 32) ^ hash) & (buckets_.size() - 1)];
}

Dentry* DentryCache::find_locked(const Dentry* parent, const Name& name) {
  for (Dentry* dentry = bucket(parent, name.hash); dentry; dentry = dentry->next_in_bucket_)
    if (dentry->parent_.get() == parent && dentry->name_.is(name)) return dentry;
  return nullptr;
}

void DentryCache::hash_locked(Dentry& dentry) {
  Dentry*& first = bucket(dentry.parent_.get(), dentry.name_.hash());
  dentry.next_in_bucket_ = first;
  first = &dentry;
  dentry.is_hashed_ = true;
}

void DentryCache::unhash_locked(Dentry& dentry) {
  Dentry** link = &bucket(dentry.parent_.get(), dentry.name_.hash());
  while (*link != &dentry) link = &(*link)->next_in_bucket_;
  *link = dentry.next_in_bucket_;
  dentry.is_hashed_ = false;
}

// A directory on many paths is not written to each time.
void DentryCache::note_use(Dentry& dentry) {
  if (!dentry.is_recent_.load(std::memory_order_relaxed)) dentry.is_recent_.store(true, std::memory_order_relaxed);
}

Ref<Dentry> DentryCache::find(Dentry& parent, const Name& name) {
  SharedLock guard(lock_);
  Dentry* dentry = find_locked(&parent, name);
  if (!dentry) return nullptr;
  note_use(*dentry);
  return Ref<Dentry>(*dentry);
}

Ref<Dentry> DentryCache::descend(Dentry& from, std::string_view* text, bool keep_last, const Credentials& who) {
  if (text->empty()) return nullptr;
  Dentry* here = &from;
  const char* next = text->data();
  const char* const end = next + text->size();
  lock_.lock_shared();
  bool may_trust = here->file_system_->caching() == FileSystem::Caching::all;
  while (may_trust && here->is_directory_) {
    const char* start = next;
    while (start != end && *start == '/') ++start;
    const char* stop = start;
    uint32_t hash = hash_start;
    for (; stop != end && *stop != '/'; ++stop) hash = hash_step(hash, *stop);
    std::string_view component{start, static_cast<size_t>(stop - start)};
    if (component.empty() || component == "." || component == "..") break;
    const char* behind = stop;
    while (behind != end && *behind == '/') ++behind;
    if (behind == end && keep_last) break;
    Dentry* child = find_locked(here, {component, hash});
    if (!child || child->is_negative() || child->is_symlink_ || child->is_mount_point()) break;
    if (!child->is_directory_ && stop != end) break;
    if (!check_access(who, *here->inode(), may::execute)) break;
    note_use(*child);
    here = child;
    next = stop;
  }
  if (here != &from) here->retain();
  lock_.unlock_shared();
  *text = {next, static_cast<size_t>(end - next)};
  return Ref<Dentry>::adopt(here != &from ? here : nullptr);
}

// More buckets when chains grow long; if memory is short they stay long.
void DentryCache::grow_buckets() {
  size_t size = bucket_count_.load(std::memory_order_relaxed) * 4;
  Vec<Dentry*> bigger;
  if (!bigger.resize(size)) return;
  LockGuard guard(lock_);
  if (buckets_.size() >= size) return;
  std::swap(buckets_, bigger);
  bucket_count_.store(size, std::memory_order_relaxed);
  for (Dentry& dentry : lru_) hash_locked(dentry);
}

void DentryCache::enlist_locked(Dentry& dentry) {
  hash_locked(dentry);
  lru_.push_back(dentry);
  dentry.file_system_->cached_.push_back(dentry);
}

void DentryCache::delist_locked(Dentry& dentry) {
  unhash_locked(dentry);
  lru_.erase(lru_.iterator_to(dentry));
  CachedDentries& of = dentry.file_system_->cached_;
  of.erase(of.iterator_to(dentry));
  count_.fetch_sub(1, std::memory_order_relaxed);
}

// The first dentry from the front that only the cache holds, taken out of it; used ones and those that were found since the last look go to
// the back.
Dentry* DentryCache::pop_unused_locked(size_t* scans) {
  while (*scans > 0 && !lru_.empty()) {
    --*scans;
    Dentry& dentry = lru_.front();
    if (dentry.reference_count() == 1 && !dentry.is_recent_.exchange(false, std::memory_order_relaxed)) {
      delist_locked(dentry);
      return &dentry;
    }
    lru_.splice(lru_.end(), lru_, lru_.begin());
  }
  return nullptr;
}

// The same of one file system's, recent or not.
Dentry* DentryCache::pop_unused_locked(size_t* scans, CachedDentries& of) {
  while (*scans > 0 && !of.empty()) {
    --*scans;
    Dentry& dentry = of.front();
    if (dentry.reference_count() == 1) {
      delist_locked(dentry);
      return &dentry;
    }
    of.splice(of.end(), of, of.begin());
  }
  return nullptr;
}

Ref<Dentry> DentryCache::insert(Ref<Dentry> dentry) {
  if (size() > bucket_count_.load(std::memory_order_relaxed) * 2) grow_buckets();
  Ref<Dentry> evicted[2];
  {
    LockGuard guard(lock_);
    if (Dentry* other = find_locked(dentry->parent_.get(), {dentry->name_.view(), dentry->name_.hash()})) return Ref<Dentry>(*other);
    enlist_locked(*dentry);
    dentry->retain();  // the cache's
    size_t scans = 16;
    if (count_.fetch_add(1, std::memory_order_relaxed) >= limit_)
      for (Ref<Dentry>& one : evicted) one = Ref<Dentry>::adopt(pop_unused_locked(&scans));
  }
  return dentry;
}

void DentryCache::remove(Dentry& dentry, bool removed) {
  {
    LockGuard guard(lock_);
    if (removed) dentry.is_removed_.store(true, std::memory_order_release);
    if (!dentry.is_hashed_) return;
    delist_locked(dentry);
  }
  Ref<Dentry>::adopt(&dentry);  // the cache's reference goes
}

Result<> DentryCache::move(Dentry& dentry, Dentry& to, std::string_view to_name) {
  NameText name;
  TRY(name.set(to_name));
  Ref<Dentry> parent(to);
  LockGuard guard(lock_);
  bool was_hashed = dentry.is_hashed_;
  if (was_hashed) unhash_locked(dentry);
  dentry.name_.swap(name);
  Dentry* old = dentry.parent_.release();
  dentry.parent_ = std::move(parent);
  parent = Ref<Dentry>::adopt(old);  // dropped after the lock
  if (was_hashed) hash_locked(dentry);
  return {};
}

void DentryCache::exchange(Dentry& one, Dentry& other) {
  LockGuard guard(lock_);
  Dentry* both[] = {&one, &other};
  bool was_hashed[2];
  for (int i = 0; i < 2; ++i) {
    was_hashed[i] = both[i]->is_hashed_;
    if (was_hashed[i]) unhash_locked(*both[i]);
  }
  std::swap(one.parent_, other.parent_);
  one.name_.swap(other.name_);
  for (int i = 0; i < 2; ++i)
    if (was_hashed[i]) hash_locked(*both[i]);
}

size_t DentryCache::shrink(size_t count) {
  size_t done = 0;
  size_t scans = 2 * size();
  while (done < count) {
    lock_.lock();
    Dentry* dentry = pop_unused_locked(&scans);
    lock_.unlock();
    if (!dentry) break;
    Ref<Dentry>::adopt(dentry);
    ++done;
  }
  return done;
}

// The cache's reference to the parent of a dentry that goes, if that was its last user.
Ref<Dentry> DentryCache::take_unused_parent(Ref<Dentry> dentry) {
  Ref<Dentry> parent = dentry->parent_;
  dentry = nullptr;
  if (!parent) return nullptr;
  LockGuard guard(lock_);
  bool has_only_us = parent->reference_count() == 2;  // and the cache
  if (!has_only_us || !parent->is_hashed_) return nullptr;
  delist_locked(*parent);
  return Ref<Dentry>::adopt(parent.get());
}

// A directory can go only after what is below it, and then goes at once.
void DentryCache::purge(FileSystem& file_system) {
  lock_.lock();
  size_t scans = file_system.cached_.size();
  lock_.unlock();
  for (;;) {
    lock_.lock();
    Dentry* popped = pop_unused_locked(&scans, file_system.cached_);
    lock_.unlock();
    if (!popped) return;
    Ref<Dentry> dentry = Ref<Dentry>::adopt(popped);
    while (dentry) dentry = take_unused_parent(std::move(dentry));
  }
}

Ref<Dentry> DentryCache::parent(const Dentry& dentry) {
  SharedLock guard(lock_);
  return dentry.parent_;
}

bool DentryCache::is_descendant(const Dentry& dentry, const Dentry& ancestor) {
  SharedLock guard(lock_);
  const Dentry* at = &dentry;
  while (at && at != &ancestor) at = at->parent_.get();
  return at != nullptr;
}

}  // namespace halcyon::fs
