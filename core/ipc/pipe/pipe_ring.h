// Pipe: the ring itself, apart from the files that are its ends. It is the inode of those that no file system names.
#pragma once

#include <array>

#include "core/base/annotations.h"
#include "core/base/own.h"
#include "core/base/ref.h"
#include "core/base/vec.h"
#include "core/file/attributes.h"
#include "core/file/inode.h"
#include "core/file/io.h"
#include "core/file/poll.h"
#include "core/mm/frames/frame.h"
#include "core/sync/mutex.h"

namespace halcyon {

class Pipe final : public Inode {
 public:
  static Result<Ref<Pipe>> create(uint32_t uid, uint32_t gid);
  Pipe(uint32_t uid, uint32_t gid, Nanoseconds now, uint64_t id);

  void open(bool reads, bool writes);
  void close(bool reads, bool writes);
  bool has_readers() const { return readers_.load() != 0; }
  bool has_writers() const { return writers_.load() != 0; }
  bool is_unused() const { return readers_.load() == 0 && writers_.load() == 0; }
  // How often either kind of end was opened: a FIFO's open waits for the other kind to have come.
  uint64_t reader_opens() const { return reader_opens_.load(); }
  uint64_t writer_opens() const { return writer_opens_.load(); }

  // As File::read and File::write. A write without readers sends SIGPIPE to the caller and fails with EPIPE.
  Result<size_t> read(Sink& out, bool is_nonblocking);
  Result<size_t> write(Source& in, bool is_nonblocking, bool as_packet);
  void watch(PollTable& table, bool reads, bool writes);
  uint32_t poll(bool reads, bool writes) const;
  size_t bytes();
  FileType type() const override { return FileType::fifo; }
  Ownership ownership() override;
  Result<Attributes> attributes() override;
  Result<> change(const AttributeChange& change) override;
  uint64_t id() const { return id_; }

  size_t capacity();
  // F_SETPIPE_SZ: rounds up to pages, a power of two. EBUSY if what is in it does not fit, EPERM, ENOMEM.
  Result<size_t> set_capacity(size_t size);

 private:
  struct Slot {
    FrameRef page;
    uint32_t offset = 0;
    uint32_t length = 0;
    bool is_packet = false;
  };
  Slot& slot(size_t index) REQUIRES(lock_) { return slots_[(head_ + index) & (slots_.size() - 1)]; }
  Result<size_t> read_some(Sink& out) REQUIRES(lock_);
  Result<size_t> write_some(Source& in, bool as_packet) REQUIRES(lock_);
  Result<FrameRef> take_page() REQUIRES(lock_);
  bool can_take(size_t length) REQUIRES(lock_);

  const uint64_t id_;
  std::atomic<uint32_t> uid_, gid_, permissions_ = 0600;
  std::atomic<Nanoseconds> accessed_, modified_, changed_;
  Mutex lock_{Rank::pipe};
  Vec<Slot> slots_ GUARDED_BY(lock_);  // a power of two
  size_t head_ GUARDED_BY(lock_) = 0;  // the first used slot
  std::atomic<size_t> slot_count_{0};  // slots_.size(); changes under lock_
  std::atomic<size_t> used_{0};        // changes under lock_
  FrameRef spare_ GUARDED_BY(lock_);
  std::atomic<uint32_t> readers_{0}, writers_{0};
  std::atomic<uint64_t> reader_opens_{0}, writer_opens_{0};
  WaitQueue readable_, writable_;
};

}  // namespace halcyon
