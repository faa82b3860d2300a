// InotifyFile: an inotify instance (inotify(7)): watches by their descriptors, and a queue of what they have heard.
//
// Everything is under Notifications::lock(). The queue has a record for each event; when it is full, one says so and what comes is lost.
#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include "core/base/string.h"
#include "core/file/anonymous_file.h"
#include "core/file/watch/notifications.h"
#include "core/sync/wait_queue.h"

namespace halcyon {

class InotifyFile;

class InotifyWatch final : public Watch,
                           public boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
 public:
  InotifyWatch(InotifyFile& file, Ref<Inode> inode, const void* file_system, const Attributes& attributes);
  int number() const { return number_; }

 protected:
  bool happened(Notifications& all, const Happening& what) override;
  void ended() override;

 private:
  friend class InotifyFile;
  struct Number {
    using type = int;
    type operator()(const InotifyWatch& watch) const { return watch.number_; }
  };
  InotifyFile& file_;
  const uint64_t inode_number_, device_;
  int number_ = 0;
  uint32_t flags_ = 0;  // IN_ONESHOT, IN_EXCL_UNLINK
};

class InotifyFile final : public AnonymousFile {
 public:
  static constexpr FileKind file_kind = FileKind::inotify;
  // Of the user `uid`; `flags` may hold O_NONBLOCK. EMFILE (max_user_instances), ENOMEM.
  static Result<Ref<InotifyFile>> create(uint32_t uid, uint32_t flags);
  InotifyFile(uint32_t uid, uint32_t flags) : AnonymousFile(open_flag::read_only | flags, "inotify", file_kind), uid_(uid) {}
  ~InotifyFile() override;

  // inotify_add_watch(2) on an inode that the caller may read. EEXIST (IN_MASK_CREATE), ENOSPC (max_user_watches), ENOMEM.
  Result<int> add(Ref<Inode> inode, const void* file_system, uint32_t mask);
  // EINVAL.
  Result<> remove(int number);

  Result<size_t> read(Sink& out) override;
  Result<size_t> write(Source&) override { return err::badf; }
  uint32_t poll(PollTable* table) override;
  bool has_async() const override { return true; }
  Result<uint64_t> control(Thread& self, uint32_t request, uint64_t argument) override;
  void write_details(Writer& out) override;

 private:
  friend class InotifyWatch;
  // What a reader gets.
  struct Told {
    int number = -1;
    uint32_t events = 0;
    uint32_t cookie = 0;
    String name;
    size_t name_size() const { return name.is_empty() ? 0 : align_up(name.size() + 1, header_size); }
    size_t size() const { return header_size + name_size(); }
  };
  static constexpr size_t header_size = 16;
  struct Record : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
    Told told;
  };
  using Records = boost::intrusive::list<Record, boost::intrusive::constant_time_size<true>>;
  using Watches = boost::intrusive::set<InotifyWatch, boost::intrusive::key_of_value<InotifyWatch::Number>>;

  // All but the last under the lock.
  Result<int> add_locked(Notifications& all, Own<InotifyWatch> fresh, uint32_t mask) REQUIRES(all.lock());
  Result<int> free_number();
  bool has_room_for_watch(const Notifications& all) const REQUIRES(all.lock());
  void put(int number, uint32_t events, std::string_view name = {}, uint32_t cookie = 0);
  void put_overflow();
  bool take(size_t room, Told* told, bool* is_too_big);
  static Result<> copy_out(const Told& told, Sink& out);

  const uint32_t uid_;
  Watches watches_;
  Records queue_;
  Record overflow_;
  bool is_overflow_queued_ = false;
  bool is_closing_ = false;
  int last_number_ = 0;
  WaitQueue filled_;
  InotifyFile *next_ = nullptr, *previous_ = nullptr;  // among all
};

}  // namespace halcyon
