// Pipes and FIFOs (pipe(7), fifo(7)): a ring of pages between readers and writers. A write fills the last page up or takes a new one; a
// read empties the first and keeps its page for the next write.
//
// Lock: one mutex per pipe (rank device) around ring and counts, held while bytes are copied from and to user memory, so that a write of up
// to pipe_buf bytes is atomic. Nobody waits with it held.
#pragma once

#include <algorithm>
#include <bit>

#include "core/base/annotations.h"
#include "core/base/ref.h"
#include "core/base/vec.h"
#include "core/file/file.h"
#include "core/sync/mutex.h"

namespace halcyon {

inline constexpr size_t pipe_buf = 4096;  // PIPE_BUF
inline constexpr size_t default_pipe_size = 65536;
// What a pipe that is to hold `size` bytes holds: a power of two of pages; 0 if that is too much.
constexpr size_t round_pipe_size(size_t size) {
  if (size > size_t{1} << 31) return 0;
  return std::bit_ceil(std::max<size_t>(page_ceil(size), page_size));
}

class Pipe;

// What a FIFO's inode owns: the pipe while anybody has it open.
class FifoSlot {
 public:
  FifoSlot();
  ~FifoSlot();

 private:
  friend Result<Ref<File>> open_fifo(FifoSlot& slot, Ref<Inode> inode, uint32_t flags);
  friend class PipeEnd;
  Mutex lock_{Rank::device};
  Ref<Pipe> pipe_ GUARDED_BY(lock_);
  WaitQueue opened_;  // an end was opened
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
