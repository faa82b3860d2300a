#include "core/file/watch/inotify.h"

#include "core/base/lock_guard.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"

namespace halcyon {

namespace {

constexpr uint32_t exclude_unlinked = 0x04000000, mask_create = 0x10000000, mask_add = 0x20000000, one_shot = 0x80000000;

Notifications& notifications() { return kernel().notifications(); }

}  // namespace

InotifyWatch::InotifyWatch(InotifyFile& file, Ref<Inode> inode, const void* file_system, const Attributes& attributes)
    : Watch(std::move(inode), file_system, file), file_(file), inode_number_(attributes.inode), device_(attributes.device) {}

bool InotifyWatch::happened(Notifications&, const Happening& what) {
  if (what.by_removed_name && (flags_ & exclude_unlinked)) return true;
  uint32_t events = what.events;
  if (events & (event::move_self | event::remove_self)) events &= ~event::is_directory;
  file_.put(number_, events, what.name, what.cookie);
  return (flags_ & one_shot) == 0;
}

void InotifyWatch::ended() {
  file_.watches_.erase(file_.watches_.iterator_to(*this));
  if (!file_.is_closing_) file_.put(number_, event::ignored);
}

Result<Ref<InotifyFile>> InotifyFile::create(uint32_t uid, uint32_t flags) {
  Ref<InotifyFile> file = TRY(make_ref<InotifyFile>(uid, flags));
  Notifications& all = notifications();
  LockGuard guard(all.lock());
  int count = 0;
  for (InotifyFile* other = all.instances_; other; other = other->next_) count += other->uid_ == uid ? 1 : 0;
  if (count >= all.max_user_instances.load(std::memory_order_relaxed)) {
    file->is_closing_ = true;
    return err::mfile;
  }
  file->next_ = all.instances_;
  if (file->next_) file->next_->previous_ = file.get();
  all.instances_ = file.get();
  return file;
}

InotifyFile::~InotifyFile() {
  Notifications::Ended ended;
  Notifications& all = notifications();
  LockGuard guard(all.lock());
  if (next_) next_->previous_ = previous_;
  if (previous_) previous_->next_ = next_;
  else if (all.instances_ == this) all.instances_ = next_;
  is_closing_ = true;
  while (!watches_.empty()) all.detach(*watches_.begin(), &ended);
  queue_.clear_and_dispose([this](Record* record) {
    if (record != &overflow_) Own<Record>(record).reset();
  });
}

bool InotifyFile::has_room_for_watch(const Notifications& all) const {
  size_t count = 0;
  for (InotifyFile* other = all.instances_; other; other = other->next_)
    if (other->uid_ == uid_) count += other->watches_.size();
  return count < static_cast<size_t>(std::max(all.max_user_watches.load(std::memory_order_relaxed), 0));
}

// Numbers are not used again before all others have been.
Result<int> InotifyFile::free_number() {
  int number = last_number_;
  do {
    number = number == INT32_MAX ? 1 : number + 1;
    if (watches_.find(number) == watches_.end()) return last_number_ = number;
  } while (number != last_number_);
  return err::nospc;
}

Result<int> InotifyFile::add_locked(Notifications& all, Own<InotifyWatch> fresh, uint32_t mask) {
  uint32_t wanted = mask & event::all, flags = mask & (exclude_unlinked | one_shot);
  if (Watch* known = all.find(fresh->inode(), *this, [](Watch&) { return true; })) {
    if (mask & mask_create) return err::exist;
    auto& watch = static_cast<InotifyWatch&>(*known);
    bool adds = (mask & mask_add) != 0;
    watch.flags_ = (adds ? watch.flags_ : 0) | flags;
    all.set_wanted(watch, (adds ? watch.wanted() : 0) | wanted);
    return watch.number_;
  }
  if (!has_room_for_watch(all)) return err::nospc;
  int number = TRY(free_number());
  fresh->number_ = number;
  fresh->flags_ = flags;
  watches_.insert(*fresh);
  all.attach(std::move(fresh), wanted);
  return number;
}

Result<int> InotifyFile::add(Ref<Inode> inode, const void* file_system, uint32_t mask) {
  Attributes attributes = TRY(inode->attributes());
  Own<InotifyWatch> fresh = TRY(make<InotifyWatch>(*this, inode, file_system, attributes));
  Notifications& all = notifications();
  LockGuard guard(all.lock());
  return add_locked(all, std::move(fresh), mask);
}

Result<> InotifyFile::remove(int number) {
  Notifications::Ended ended;
  LockGuard guard(notifications().lock());
  auto watch = watches_.find(number);
  if (watch == watches_.end()) return err::inval;
  notifications().detach(*watch, &ended);
  return {};
}

void InotifyFile::put_overflow() {
  if (is_overflow_queued_) return;
  is_overflow_queued_ = true;
  overflow_.told.events = event::overflow;
  queue_.push_back(overflow_);
  filled_.wake_all();
}

// The same as the last once more is not told twice.
void InotifyFile::put(int number, uint32_t events, std::string_view name, uint32_t cookie) {
  if (queue_.size() >= static_cast<size_t>(std::max(notifications().max_queued_events.load(std::memory_order_relaxed), 0)))
    return put_overflow();
  if (!queue_.empty()) {
    const Told& last = queue_.back().told;
    bool is_same = last.number == number && last.events == events && last.name.view() == name;
    if (is_same && !(events & event::ignored)) return;
  }
  auto record = make<Record>();
  auto copy = String::copy(name);
  if (!record || !copy) return put_overflow();
  Told& told = (*record)->told;
  told.number = number, told.events = events, told.cookie = cookie;
  told.name = *std::move(copy);
  queue_.push_back(*record->release());
  filled_.wake_all();
}

bool InotifyFile::take(size_t room, Told* told, bool* is_too_big) {
  LockGuard guard(notifications().lock());
  if (queue_.empty()) return false;
  Record& record = queue_.front();
  *is_too_big = record.told.size() > room;
  if (*is_too_big) return true;
  queue_.pop_front();
  *told = std::move(record.told);
  if (&record == &overflow_) is_overflow_queued_ = false, overflow_.told = Told();
  else Own<Record>(&record).reset();
  return true;
}

Result<> InotifyFile::copy_out(const Told& told, Sink& out) {
  struct {
    int32_t number;
    uint32_t events, cookie, length;
  } header{told.number, told.events, told.cookie, static_cast<uint32_t>(told.name_size())};
  static_assert(sizeof header == header_size);
  std::array<std::byte, 256 + header_size> name{};
  if (told.name.size() != 0) std::memcpy(name.data(), told.name.view().data(), told.name.size());
  size_t before = out.done();
  auto wrote = out.write(std::as_bytes(std::span(&header, 1)));
  if (wrote && told.name_size()) wrote = out.write(std::span(name).first(told.name_size()));
  return wrote && out.done() - before == told.size() ? Result<>{} : err::fault;
}

Result<size_t> InotifyFile::read(Sink& out) {
  Told told;
  bool is_too_big = false;
  auto take_one = [&] { return take(out.remaining(), &told, &is_too_big); };
  for (;;) {
    if (!take_one()) {
      if (out.done() > 0) return out.done();
      if (is_nonblocking()) return err::again;
      if (!filled_.wait_until(take_one)) return err::restart;
    }
    if (is_too_big) return out.done() > 0 ? Result<size_t>(out.done()) : err::inval;
    TRY(copy_out(told, out));
  }
}

uint32_t InotifyFile::poll(PollTable* table) {
  if (table) table->watch(filled_);
  LockGuard guard(notifications().lock());
  return queue_.empty() ? 0 : poll::in | poll::rdnorm;
}

Result<uint64_t> InotifyFile::control(Thread& self, uint32_t request, uint64_t argument) {
  constexpr uint32_t fionread = 0x541b;
  if (request != fionread) return err::notty;
  size_t size = 0;
  {
    LockGuard guard(notifications().lock());
    for (const Record& record : queue_) size += record.told.size();
  }
  TRY(put_user(self.memory(), UserPtr<int>(argument), static_cast<int>(size)));
  return 0;
}

void InotifyFile::write_details(Writer& out) {
  LockGuard guard(notifications().lock());
  for (auto watch = watches_.rbegin(); watch != watches_.rend(); ++watch) {
    uint64_t minor = (watch->device_ & 0xff) | (watch->device_ >> 12 & 0xffffff00), major = watch->device_ >> 8 & 0xfff;
    print(out, "inotify wd:{:x} ino:{:x} sdev:{:x} mask:{:x} ignored_mask:0 \n", watch->number_, watch->inode_number_, major << 20 | minor,
          watch->wanted() | watch->flags_);
  }
}

}  // namespace halcyon
