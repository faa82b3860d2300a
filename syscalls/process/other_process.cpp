// Looking into other processes: process_vm_readv and process_vm_writev, which copy between their memory and the caller's, and kcmp, which
// compares what two of them use.
#include <functional>

#include "core/ipc/epoll.h"
#include "core/task/process/access.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

constexpr size_t max_vectors = 1024;

// The other's buffers, whose addresses are nobody's affair before they are used.
class RemoteVectors {
 public:
  // EINVAL, EFAULT, ENOMEM.
  Result<> fetch(Thread& self, UserPtr<const Iovec> from, size_t count) {
    if (count > max_vectors) return err::inval;
    TRY(vectors_.resize(count));
    TRY(get_user_bytes(self.memory(), std::as_writable_bytes(vectors_.span()), from.address()));
    for (const Iovec& one : vectors_) {
      if (one.length > INT64_MAX) return err::inval;
      is_empty_ &= one.length == 0;
    }
    return {};
  }
  bool is_empty() const { return is_empty_; }

  // Calls move(base, length) for each until it fails or `local` has nothing left. What was moved before an error counts.
  template <class Local, class Move>
  Result<uint64_t> transfer(Local& local, Move move) const {
    for (const Iovec& one : vectors_) {
      size_t length = std::min<uint64_t>(one.length, local.remaining());
      if (auto moved = move(one.base, length); !moved) return local.done() ? Result<uint64_t>(local.done()) : err::fault;
    }
    return local.done();
  }

 private:
  Vec<Iovec> vectors_;
  bool is_empty_ = true;
};

// ESRCH for a process without memory.
Result<Ref<AddressSpace>> memory_of(Thread& self, int pid) {
  Thread::Resources theirs = TRY(access_thread(self, pid));
  if (!theirs.memory) return err::srch;
  return theirs.memory;
}

struct TransferVectors {
  VectorArgument local;
  RemoteVectors remote;
  bool is_nothing = false;

  Result<> fetch(Thread& self, UserPtr<const Iovec> own, size_t own_count, UserPtr<const Iovec> theirs, size_t their_count,
                 uint64_t flags) {
    if (flags != 0 || own_count > max_vectors) return err::inval;
    TRY(local.fetch(self, own, static_cast<int>(own_count)));
    is_nothing = local.total() == 0;
    if (is_nothing) return {};
    TRY(remote.fetch(self, theirs, their_count));
    is_nothing = remote.is_empty();
    return {};
  }
};

}  // namespace

Result<uint64_t> sys_process_vm_readv(Thread& self, Pid pid, UserPtr<const Iovec> local, size_t local_count, UserPtr<const Iovec> remote,
                                      size_t remote_count, uint64_t flags) {
  TransferVectors vectors;
  TRY(vectors.fetch(self, local, local_count, remote, remote_count, flags));
  if (vectors.is_nothing) return 0;
  Ref<AddressSpace> theirs = TRY(memory_of(self, pid));
  UserSink sink{self.memory(), vectors.local.vectors(), vectors.local.total()};
  return vectors.remote.transfer(sink, [&](UserAddr from, size_t length) { return copy_user_to(sink, *theirs, from, length); });
}

Result<uint64_t> sys_process_vm_writev(Thread& self, Pid pid, UserPtr<const Iovec> local, size_t local_count, UserPtr<const Iovec> remote,
                                       size_t remote_count, uint64_t flags) {
  TransferVectors vectors;
  TRY(vectors.fetch(self, local, local_count, remote, remote_count, flags));
  if (vectors.is_nothing) return 0;
  Ref<AddressSpace> theirs = TRY(memory_of(self, pid));
  UserSource source{self.memory(), vectors.local.vectors(), vectors.local.total()};
  return vectors.remote.transfer(source, [&](UserAddr to, size_t length) { return copy_user_from(source, *theirs, to, length); });
}

namespace {

namespace kcmp_type {
constexpr int file = 0, memory = 1, files = 2, fs = 3, actions = 4, io = 5, semaphores = 6, epoll_target = 7;
}

// An order among objects that stays while they live; nothing else can be learned from it.
uint64_t compare(const void* one, const void* other) { return one == other ? 0 : std::less<>()(one, other) ? 1 : 2; }

// Null for a task that has ended, whose descriptors are closed.
Result<Ref<File>> file_of(const Thread::Resources& task, uint64_t fd) {
  if (!task.files) return err::badf;
  return task.files->get(static_cast<int>(fd));
}

Result<uint64_t> compare_files(const Thread::Resources& task, uint64_t fd, const Thread::Resources& other, uint64_t other_fd) {
  Ref<File> one = TRY(file_of(task, fd));
  Ref<File> two = TRY(file_of(other, other_fd));
  return compare(one.get(), two.get());
}

struct EpollSlot {  // struct kcmp_epoll_slot
  uint32_t epoll, fd, index;
};

// EFAULT, EBADF; EINVAL: no epoll file; ENOENT: it watches no such descriptor.
Result<uint64_t> compare_epoll_target(Thread& self, const Thread::Resources& task, uint64_t fd, const Thread::Resources& other,
                                      UserAddr user_slot) {
  EpollSlot slot = TRY(get_user(self.memory(), UserPtr<const EpollSlot>(user_slot)));
  Ref<File> file = TRY(file_of(task, fd));
  Ref<File> epoll = TRY(file_of(other, slot.epoll));
  EpollFile* watcher = epoll->as<EpollFile>();
  if (!watcher) return err::inval;
  const File* watched = watcher->watched_file(static_cast<int>(slot.fd), slot.index);
  if (!watched) return err::noent;
  return compare(file.get(), watched);
}

}  // namespace

Result<uint64_t> sys_kcmp(Thread& self, Pid pid, Pid other_pid, KcmpType type, Hex index, Hex other_index) {
  Thread::Resources task = TRY(access_thread(self, pid));
  Thread::Resources other = TRY(access_thread(self, other_pid));
  switch (type) {
    case kcmp_type::file: return compare_files(task, index, other, other_index);
    case kcmp_type::memory: return compare(task.memory.get(), other.memory.get());
    case kcmp_type::files: return compare(task.files.get(), other.files.get());
    case kcmp_type::fs: return compare(task.fs.get(), other.fs.get());
    case kcmp_type::actions: return compare(task.actions.get(), other.actions.get());
    case kcmp_type::io: return 0;  // nobody has an I/O context of his own
    case kcmp_type::semaphores: return err::opnotsupp;
    case kcmp_type::epoll_target: return compare_epoll_target(self, task, index, other, other_index);
    default: return err::inval;
  }
}

}  // namespace halcyon
