#include "core/file/watch/directory_notices.h"

#include "core/base/lock_guard.h"
#include "core/file/watch/notifications.h"
#include "core/task/kernel.h"

namespace halcyon {

namespace {

class DirectoryNotice final : public Watch {
 public:
  DirectoryNotice(Ref<Inode> inode, const void* file_system, File& file, const FdTable& table)
      : Watch(std::move(inode), file_system, file), file_(file), table_(&table) {}
  bool is_of(const FdTable* table) const { return !table || table_ == table; }
  int fd = -1;
  bool is_for_many = false;

 protected:
  bool happened(Notifications& all, const Happening& what) REQUIRES(all.lock()) override {
    if (what.events & event::unmount) return false;
    all.owe_signal(file_, fd);
    return is_for_many;
  }
  void ended() override {}

 private:
  File& file_;
  const FdTable* table_;
};

uint32_t events_of(uint32_t what) {
  namespace notice = directory_notice;
  uint32_t events = 0;
  if (what & notice::access) events |= event::access;
  if (what & notice::modify) events |= event::modify;
  if (what & notice::create) events |= event::create | event::moved_to;
  if (what & notice::remove) events |= event::remove | event::moved_from;
  if (what & notice::rename) events |= event::renamed;
  if (what & notice::attributes) events |= event::attributes;
  return events;
}

DirectoryNotice* find(const File& file, Inode& inode, const FdTable* table) {
  Watch* watch = kernel().notifications().find(inode, file, [&](Watch& each) { return static_cast<DirectoryNotice&>(each).is_of(table); });
  return static_cast<DirectoryNotice*>(watch);
}

}  // namespace

Result<> set_directory_notice(File& file, const FdTable& table, int fd, uint32_t what, const void* file_system) {
  Notifications& all = kernel().notifications();
  if (all.directory_notices.load(std::memory_order_relaxed) == 0) return err::inval;
  if ((what & ~directory_notice::many) == 0) {
    end_directory_notices(file, &table);
    return {};
  }
  Inode* inode = file.inode();
  if (!inode || inode->type() != FileType::directory) return err::notdir;
  Own<DirectoryNotice> fresh = TRY(make<DirectoryNotice>(Ref<Inode>(*inode), file_system, file, table));
  AsyncFiles& async = kernel().async_files();
  TRY(async.reserve(file));
  LockGuard guard(all.lock());
  async.set_default_owner(file);
  file.set_has_notices();
  DirectoryNotice* notice = find(file, *inode, &table);
  if (!notice) {
    notice = fresh.get();
    all.attach(std::move(fresh), 0);
  }
  notice->fd = fd;
  notice->is_for_many |= (what & directory_notice::many) != 0;
  all.set_wanted(*notice, notice->wanted() | events_of(what));
  return {};
}

void end_directory_notices(const File& file, const FdTable* table) {
  Inode* inode = const_cast<File&>(file).inode();
  if (!inode) return;
  Notifications::Ended ended;
  LockGuard guard(kernel().notifications().lock());
  while (DirectoryNotice* notice = find(file, *inode, table)) kernel().notifications().detach(*notice, &ended);
}

}  // namespace halcyon
