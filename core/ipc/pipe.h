// Pipes and FIFOs (pipe(7), fifo(7)): a ring of pages between readers and writers.
//
// Lock: a spin lock per pipe around the ring's indices and the counts of ends. Bytes are copied to and from user memory outside it, into pages that
// only the copier owns meanwhile; readers are serialised by one mutex, writers by another, so a write of up to pipe_buf bytes is atomic.
#pragma once

#include "core/base/ref.h"
#include "core/base/vec.h"
#include "core/file/file.h"
#include "core/sync/mutex.h"

namespace halcyon {

inline constexpr size_t pipe_buf = 4096;            // PIPE_BUF
inline constexpr size_t default_pipe_size = 65536;

class Pipe;

// What a FIFO's inode owns: the pipe while anybody has it open.
class FifoSlot {
 public:
  FifoSlot() = default;
  ~FifoSlot();

 private:
  friend Result<Ref<File>> open_fifo(FifoSlot& slot, Ref<Inode> inode, uint32_t flags);
  friend class PipeEnd;
  SpinLock lock_{Rank::device};
  Pipe* pipe_ = nullptr;  // under lock_; not counted: the ends own it
  WaitQueue opened_;
  uint64_t reader_opens_ = 0, writer_opens_ = 0;  // under lock_: how often, for opens that wait
};

struct PipeEnds {
  Ref<File> reader;
  Ref<File> writer;
};

// pipe2(2). `flags` may hold O_NONBLOCK and O_DIRECT. ENOMEM.
Result<PipeEnds> make_pipe(uint32_t flags);
// open(2) of a FIFO: waits for the other end unless O_NONBLOCK (ENXIO for a writer without readers) or O_RDWR. Interruptible.
Result<Ref<File>> open_fifo(FifoSlot& slot, Ref<Inode> inode, uint32_t flags);

// fcntl(2) F_GETPIPE_SZ, F_SETPIPE_SZ. EBADF if `file` is no pipe; EBUSY, EPERM, ENOMEM, EINVAL.
Result<size_t> pipe_size(File& file);
Result<size_t> set_pipe_size(File& file, size_t size);

}  // namespace halcyon
