// Signal-driven I/O (fcntl(2): F_SETOWN, F_SETSIG, O_ASYNC): the owner of a description gets a signal when the file becomes ready.
//
// A file that is armed is enlisted in the queues that its readiness hangs on, as in poll(2). They announce with their locks held, where no
// signal can be sent: the announcement puts the file into the kernel's list and gives the running thread work::async, and on its way back
// to the program (or out of it) the thread sends what is due. What a kernel thread announces, it sends itself.
//
// Locks: lock_ (rank epoll_queue, a spin lock) protects the list and what each file's state says; arming_ (rank epoll, a mutex) is held
// while a file is armed or disarmed.
#pragma once

#include <array>

#include <boost/intrusive/list.hpp>

#include "core/base/annotations.h"
#include "core/base/own.h"
#include "core/file/file.h"
#include "core/sync/mutex.h"
#include "core/sync/spin_lock.h"
#include "core/sync/wait_queue.h"

namespace halcyon {

class Kernel;
class Process;

// Whom the signals go to, and who asked for that.
struct AsyncOwner {
  enum class Kind : uint8_t { thread, process, group } kind = Kind::process;
  int id = 0;  // 0: nobody
  uint32_t uid = 0, euid = 0;
};

// Of one description; made when a program first sets something.
struct AsyncState : boost::intrusive::list_base_hook<> {
  File* file = nullptr;
  AsyncOwner owner;
  int signal = 0;  // 0: SIGIO without its details
  int fd = -1;     // by which it was armed
  bool is_armed = false;
  bool is_due = false;  // in the list
  struct Watch : WaitEntry {
    AsyncState* state = nullptr;
  };
  std::array<Watch, 4> watches;
};

class AsyncFiles {
 public:
  // F_SETOWN and F_SETOWN_EX; ENOMEM. The caller has looked whether there is such an owner.
  Result<> set_owner(File& file, const AsyncOwner& owner);
  AsyncOwner owner(const File& file);
  // F_SETSIG, of a signal number or 0; ENOMEM.
  Result<> set_signal(File& file, int signal);
  int signal(const File& file);
  // O_ASYNC is set or cleared through `fd`; ENOMEM.
  Result<> arm(File& file, int fd);
  void disarm(File& file);
  // The last reference goes.
  void forget(const File& file);
  // A message to the owner about something else than readiness (leases, dnotify), which was asked for through `fd`. Without locks.
  void send_message(Kernel& kernel, const File& file, int fd);
  // Makes room for what the next two set. ENOMEM.
  Result<> reserve(File& file);
  // The running process, unless there is an owner already. After reserve.
  void set_default_owner(File& file);
  // No owner and SIGIO again.
  void reset(const File& file);
  // Sends what is due. In thread context, without locks.
  void send(Kernel& kernel);

 private:
  class WatchTable;
  static bool announced(WaitEntry& entry);
  static Result<AsyncState*> state_of(File& file);
  void withdraw(AsyncState& state);
  void note(AsyncState& state);

  Mutex arming_{Rank::epoll};
  SpinLock lock_{Rank::epoll_queue};
  boost::intrusive::list<AsyncState, boost::intrusive::constant_time_size<false>> due_ GUARDED_BY(lock_);
};

}  // namespace halcyon
