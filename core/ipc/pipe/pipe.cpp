#include "core/ipc/pipe/pipe.h"

#include "core/base/lock_guard.h"
#include "core/file/inode.h"
#include "core/ipc/pipe/pipe_ring.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

FifoSlot::FifoSlot() = default;
FifoSlot::~FifoSlot() = default;

// An open end; a FIFO opened O_RDWR is both.
class PipeEnd final : public File {
 public:
  static constexpr FileKind file_kind = FileKind::pipe;
  PipeEnd(uint32_t flags, Ref<Pipe> pipe, FifoSlot* slot, Ref<Inode> inode)
      : File(flags, file_kind), pipe_(std::move(pipe)), slot_(slot), inode_(std::move(inode)) {
    pipe_->open(reads_, writes_);
  }
  ~PipeEnd() override {
    if (!slot_) {
      pipe_->close(reads_, writes_);
      return;
    }
    LockGuard guard(slot_->lock_);
    pipe_->close(reads_, writes_);
    if (slot_->pipe_ == pipe_ && pipe_->is_unused()) slot_->pipe_ = nullptr;
  }

  Result<size_t> read(Sink& out) override { return pipe_->read(out, is_nonblocking()); }
  Result<size_t> write(Source& in) override { return pipe_->write(in, is_nonblocking(), (flags() & open_flag::direct) != 0); }
  uint32_t poll(PollTable* table) override {
    if (table) [[unlikely]]
      return poll_watching(*table);
    return pipe_->poll(reads_, writes_);
  }
  Inode* inode() override { return inode_ ? inode_.get() : pipe_.get(); }
  void describe(Writer& out) override { print(out, "pipe:[{}]", pipe_->id()); }

  Result<uint64_t> control(Thread& self, uint32_t request, uint64_t argument) override {
    constexpr uint32_t fionread = 0x541b;
    if (request != fionread) return err::notty;
    TRY(put_user(self.memory(), UserPtr<uint32_t>(argument), static_cast<uint32_t>(pipe_->bytes())));
    return 0;
  }
  bool has_async() const override { return true; }
  Result<Ref<File>> reopen(uint32_t flags) override {
    bool only_writes = (flags & open_flag::access_mode) == open_flag::write_only;
    if (only_writes && (flags & open_flag::nonblock) && !pipe_->has_readers()) return err::nxio;
    return make_ref<PipeEnd>(flags, pipe_, nullptr, nullptr);
  }
  Pipe& pipe() { return *pipe_; }

 private:
  uint32_t poll_watching(PollTable& table) {
    pipe_->watch(table, reads_, writes_);
    return pipe_->poll(reads_, writes_);
  }

  const bool reads_ = is_readable(), writes_ = is_writable();
  Ref<Pipe> pipe_;
  FifoSlot* slot_;  // lives as long as the inode
  Ref<Inode> inode_;
};

Result<PipeEnds> make_pipe(uint32_t flags) {
  const Credentials& who = current_thread().credentials();
  Ref<Pipe> pipe = TRY(Pipe::create(who.fsuid, who.fsgid));
  PipeEnds ends;
  ends.reader = TRY(make_ref<PipeEnd>(open_flag::read_only | (flags & ~open_flag::access_mode), pipe, nullptr, nullptr));
  ends.writer = TRY(make_ref<PipeEnd>(open_flag::write_only | (flags & ~open_flag::access_mode), pipe, nullptr, nullptr));
  return ends;
}

Result<Ref<File>> open_fifo(FifoSlot& slot, Ref<Inode> inode, uint32_t flags) {
  uint32_t access = flags & open_flag::access_mode;
  bool reads = access != open_flag::write_only;
  bool writes = access != open_flag::read_only;
  bool is_nonblocking = (flags & open_flag::nonblock) != 0;
  Ref<Pipe> pipe;
  Ref<File> end;
  uint64_t opens;
  {
    LockGuard guard(slot.lock_);
    if (!slot.pipe_) {
      const Credentials& who = current_thread().credentials();
      slot.pipe_ = TRY(Pipe::create(who.fsuid, who.fsgid));
    }
    pipe = slot.pipe_;
    opens = reads ? pipe->writer_opens() : pipe->reader_opens();
    if (!reads && is_nonblocking && !pipe->has_readers()) {
      if (pipe->is_unused()) slot.pipe_ = nullptr;
      return err::nxio;
    }
    end = TRY(make_ref<PipeEnd>(flags, pipe, &slot, std::move(inode)));
  }
  slot.opened_.wake_all();
  if (is_nonblocking || (reads && writes)) return end;
  // The other kind of end must be open now, or have been opened since: one that came and went again counts.
  auto met = [&] {
    return reads ? pipe->has_writers() || pipe->writer_opens() != opens : pipe->has_readers() || pipe->reader_opens() != opens;
  };
  if (!slot.opened_.wait_until(met)) return err::restart;
  return end;
}

Result<size_t> pipe_size(File& file) {
  PipeEnd* end = file.as<PipeEnd>();
  if (!end) return err::badf;
  return end->pipe().capacity();
}

Result<size_t> set_pipe_size(File& file, size_t size) {
  PipeEnd* end = file.as<PipeEnd>();
  if (!end) return err::badf;
  return end->pipe().set_capacity(size);
}

}  // namespace halcyon
