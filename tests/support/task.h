// Task: the program's side of a test. It makes real system calls by number, through the table of the machine's ISA, and keeps what it
// passes by pointer in user memory.
//
// call() takes numbers, user addresses and strings (copied to user memory first). Helpers without a number on both ISAs use the call that
// their libc would. Scratch memory comes from a ring of 16 KiB per task: what put() returned holds for a few calls only.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "hal/fake/user.h"
#include "syscalls/table.h"
#include "tests/support/abi.h"
#include "tests/support/outcome.h"
#include "tests/support/structs.h"
#include "tests/support/world.h"

namespace halcyon::test {

// Every line of the table, in its order.
enum class Call : uint16_t {
#define SYSCALL(name, ...) name,
#include "syscalls/table.inc"
#undef SYSCALL
};

class Task {
 public:
  Task(World& world, hal::User& user);
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  World& world() { return world_; }
  hal::User& user() { return user_; }
  // The value for this ISA, of one for each in the order of hal::isas.
  template <class... T>
  auto by_isa(T... values) const {
    return hal::choose(user_.isa(), values...);
  }

  // --- system calls
  bool has(Call call) const;
  template <class... T>
  Outcome call(Call call, T... arguments) {
    return {user_.syscall(number(call), to_register(arguments)...)};
  }
  uint64_t number(Call call) const;

  // --- memory
  UserAddr room(size_t size);  // aligned to 16, not cleared
  template <class T>
  UserAddr put(const T& value) {
    UserAddr place = room(sizeof value);
    user_.store(place, value);
    return place;
  }
  UserAddr put_string(std::string_view text);
  UserAddr put_strings(const std::vector<std::string>& strings);  // an array of pointers that ends in null
  template <class T>
  T get(UserAddr address) {
    return user_.load<T>(address);
  }
  template <class T>
  void set(UserAddr address, const T& value) {
    user_.store(address, value);
  }
  std::string get_text(UserAddr address, size_t size);
  std::string get_string(UserAddr address);
  // A new private anonymous mapping, or one at `at`; fails the test if there is none.
  UserAddr map(size_t length, uint32_t protection = 3, UserAddr at = 0);

  // What SIGSEGV, SIGBUS, SIGILL or SIGFPE tells a child that does `action`; number 0 if nothing was wrong.
  Siginfo fault_of(Body action);

  // --- processes (task_process.cpp)
  int fork(Body child);
  int sleeper();  // a child that sleeps until it is killed
  int vfork(Body child);
  // clone(2) with a stack for the child; its tid words as far as the flags ask for them.
  struct Clone {
    uint64_t flags = 0;
    UserAddr stack = 0;
    UserAddr parent_tid = 0, child_tid = 0;
    uint64_t tls = 0;
  };
  Outcome clone(const Clone& request, Body child);
  // A thread as a C library makes it. `done` becomes 0, and is woken, when it has exited.
  int thread(Body body, UserAddr done = 0);
  void join(UserAddr done);
  // Waits for a child and returns its status; fails the test if that is impossible.
  int wait(int pid = -1);
  // Runs `child` in a process of its own, and returns its status.
  int in_child(Body child) { return wait(fork(std::move(child))); }
  [[noreturn]] void exit(int status);
  Outcome execve(std::string_view path, const std::vector<std::string>& arguments = {"program"},
                 const std::vector<std::string>& environment = {});
  int pid() { return call(Call::getpid); }

  // --- time
  void sleep(Nanoseconds time);
  void work(Nanoseconds time) { user_.work(static_cast<uint64_t>(time)); }
  Nanoseconds now(int clock = 1);
  UserAddr timespec(Nanoseconds time);

  // --- signals (task_signals.cpp)
  struct Delivery {
    int signal;
    UserAddr info;     // siginfo_t
    UserAddr context;  // ucontext_t
  };
  using Handler = std::function<void(Task&, const Delivery&)>;
  void handle(int signal, Handler handler, uint64_t flags = 0, uint64_t mask = 0);
  void ignore(int signal) { set_action(signal, {1, 0, 0}); }
  void set_default(int signal) { set_action(signal, {0, 0, 0}); }
  struct Action {
    uint64_t handler, flags, mask;
  };
  Outcome set_action(int signal, const Action& action);
  UserAddr put_action(const Action& action);
  Action get_action(int signal);
  uint64_t handler_token(Handler handler);
  uint64_t block(uint64_t mask);  // all three return the old mask
  uint64_t unblock(uint64_t mask);
  uint64_t set_mask(uint64_t mask);
  Outcome kill(int pid, int signal) { return call(Call::kill, pid, signal); }
  Outcome raise(int signal);
  Outcome pause();
  Outcome suspend(uint64_t mask);
  uint64_t pending();

  // --- files (task_files.cpp)
  int open(std::string_view path, uint32_t flags = 0, uint32_t mode = 0);
  int create(std::string_view path, std::string_view contents = "", uint32_t mode = 0644);  // returns an O_RDWR descriptor
  Outcome close(int fd) { return call(Call::close, fd); }
  struct Pipe {
    int in, out;  // to read from, to write to
  };
  Pipe pipe(uint32_t flags = 0);
  Outcome write(int fd, std::string_view text);
  // What was read, or the error's name.
  std::string read(int fd, size_t most = 4096);
  Outcome read_into(int fd, UserAddr to, size_t size) { return call(Call::read, fd, to, size); }
  Outcome dup2(int old_fd, int new_fd);
  Outcome unlink(std::string_view path);
  Outcome rmdir(std::string_view path);
  Outcome mkdir(std::string_view path, uint32_t mode = 0755);
  Outcome rename(std::string_view from, std::string_view to);
  Outcome link(std::string_view from, std::string_view to);
  Outcome symlink(std::string_view target, std::string_view path);
  std::string readlink(std::string_view path);
  Outcome chmod(std::string_view path, uint32_t mode);
  Outcome chown(std::string_view path, uint32_t uid, uint32_t gid);
  Outcome access(std::string_view path, uint32_t mode);
  Outcome stat(std::string_view path, StatView* to, uint32_t flags = 0);
  Outcome fstat(int fd, StatView* to);
  Outcome poll(std::vector<PollFd>& fds, Nanoseconds timeout);  // by ppoll(2); negative: for ever
  // One descriptor: the events that hold at once.
  int ready(int fd, int events);

 private:
  StatView get_stat(UserAddr place);
  bool has_restorer() const { return by_isa(true, false); }  // in struct sigaction
  template <class T>
  uint64_t to_register(T value) {
    if constexpr (std::is_same_v<T, Outcome>) return static_cast<uint64_t>(value.value);
    else if constexpr (std::is_convertible_v<T, std::string_view>) return put_string(value);
    else if constexpr (std::is_enum_v<T>) return static_cast<uint64_t>(value);
    else if constexpr (std::is_null_pointer_v<T>) return 0;
    else if constexpr (std::is_signed_v<T>) return static_cast<uint64_t>(static_cast<int64_t>(value));
    else return value;
  }
  hal::Program wrap(Body body);

  World& world_;
  hal::User& user_;
  UserAddr arena_;
  size_t used_ = 0;
};

}  // namespace halcyon::test
