// What strace(1) shows otherwise than a parameter's type says: arguments whose meaning hangs on another argument, arrays, results that are
// addresses.
#include "syscalls/strace/structs.h"
#include "syscalls/strace/text.h"
#include "syscalls/strace/vectors.h"

namespace halcyon::strace {

namespace {

namespace futex {
constexpr uint64_t wait = 0, wake = 1, requeue = 3, lock_pi = 6, unlock_pi = 7, try_lock_pi = 8, wait_bitset = 9, wake_bitset = 10;
constexpr uint64_t wait_requeue_pi = 11, lock_pi2 = 13, command = 0x7f;
}  // namespace futex
namespace prctl {
constexpr int set_death_signal = 1, set_name = 15, get_name = 16;
}  // namespace prctl

void show_hex(Writer& out, const Call& call, unsigned index) { print(out, "{:#x}", call.arguments[index]); }

void show_offset(Writer& out, const Call& call, unsigned index) {
  if (call.arguments[index] == 0) out.write("0");
  else show_hex(out, call, index);
}

void show_pointer(Writer& out, const Call& call, unsigned index) { show_address(out, call.arguments[index]); }

void show_directory(Writer& out, const Call& call, unsigned index) {
  if (call.has_failed()) show_address(out, call.arguments[index]);
  else show_string(out, call.memory(), call.arguments[index], call.moved());
}

void show_status(Writer& out, const Call& call, unsigned index) {
  auto status = get_user(call.memory(), UserPtr<const int>(call.arguments[index]));
  if (call.moved() == 0 || !status) return show_address(out, call.arguments[index]);
  out.write("[{");
  show_wait_status(out, *status);
  out.write("}]");
}

void show_fcntl(Writer& out, const Call& call, unsigned index) {
  show_fcntl_argument(out, static_cast<uint32_t>(call.arguments[1]), call.arguments[index]);
}

// A count for the operations that requeue, a timeout for those that wait.
void show_futex_timeout(Writer& out, const Call& call, unsigned index) {
  uint64_t operation = call.arguments[1] & futex::command;
  bool is_wait = operation == futex::wait || operation == futex::wait_bitset || operation == futex::wait_requeue_pi;
  if (is_wait || operation == futex::lock_pi || operation == futex::lock_pi2)
    show_at(out, call, UserPtr<const Timespec>(call.arguments[index]));
  else print(out, "{}", call.arguments[index]);
}

void show_prctl(Writer& out, const Call& call, unsigned index) {
  int option = static_cast<int>(call.arguments[0]);
  if (option == prctl::set_name || option == prctl::get_name) show_string(out, call.memory(), call.arguments[index], 16);
  else if (option == prctl::set_death_signal) show(out, Signal{static_cast<int>(call.arguments[index])});
  else if (call.arguments[index] < 1024) print(out, "{}", call.arguments[index]);
  else show_hex(out, call, index);
}

// Random bytes are no text.
void show_random(Writer& out, const Call& call, unsigned index) {
  uint64_t length = call.moved();
  std::array<unsigned char, abbreviate_after> bytes;
  auto shown = std::span(bytes).first(std::min<uint64_t>(length, bytes.size()));
  UserAddr from = call.arguments[index];
  if (call.has_failed() || copy_from_user(call.memory(), std::as_writable_bytes(shown), from) != shown.size())
    return show_address(out, from);
  out.write("\"");
  for (unsigned char byte : shown) print(out, "\\x{:02x}", byte);
  out.write(length > shown.size() ? "\"..." : "\"");
}

// What is left of a sleep is known only if it was interrupted.
void show_remaining(Writer& out, const Call& call, unsigned index) {
  bool is_stored = call.result == -static_cast<uint64_t>(Errno::restart_block);
  if (is_stored) show_at(out, call, UserPtr<const Timespec>(call.arguments[index]));
  else show_address(out, call.arguments[index]);
}

void show_timeout(Writer& out, const Call& call, unsigned index) { show_at(out, call, UserPtr<const Timeval>(call.arguments[index])); }

struct Special {
  std::string_view call;
  unsigned index;
  Parameter parameter;
};

constexpr Special specials[] = {
    {"readv", 1, {show_vectors, true}},
    {"preadv", 1, {show_vectors, true}},
    {"epoll_wait", 1, {show_epoll_events, true}},
    {"epoll_pwait", 1, {show_epoll_events, true}},
    {"epoll_pwait2", 1, {show_epoll_events, true}},
    {"preadv2", 1, {show_vectors, true}},
    {"fcntl", 2, {show_fcntl}},
    {"ioctl", 2, {show_hex}},
    {"pipe", 0, {show_two_fds, true}},
    {"pipe2", 0, {show_two_fds, true}},
    {"getcwd", 0, {show_directory, true}},
    {"getdents", 1, {show_entries, true}},
    {"getdents64", 1, {show_entries, true}},
    {"utimensat", 2, {show_two_times}},
    {"mmap", 5, {show_offset}},
    {"mincore", 2, {show_pointer}},
    {"wait4", 1, {show_status, true}},
    {"execve", 1, {show_strings}},
    {"execve", 2, {show_environment}},
    {"execveat", 2, {show_strings}},
    {"execveat", 3, {show_environment}},
    {"futex", 0, {show_pointer}},
    {"futex", 3, {show_futex_timeout}},
    {"set_tid_address", 0, {show_pointer}},
    {"clock_nanosleep", 3, {show_remaining, true}},
    {"nanosleep", 1, {show_remaining, true}},
    {"select", 1, {show_fd_set}},
    {"select", 2, {show_fd_set}},
    {"select", 3, {show_fd_set}},
    {"select", 4, {show_timeout}},
    {"pselect6", 1, {show_fd_set}},
    {"pselect6", 2, {show_fd_set}},
    {"pselect6", 3, {show_fd_set}},
    {"pselect6", 5, {show_pointer}},
    {"getgroups", 1, {show_pointer}},
    {"setgroups", 1, {show_pointer}},
    {"capget", 0, {show_pointer}},
    {"capget", 1, {show_pointer}},
    {"capset", 0, {show_pointer}},
    {"capset", 1, {show_pointer}},
    {"getrandom", 0, {show_random, true}},
    {"prctl", 1, {show_prctl, true}},
    {"prctl", 2, {show_prctl}},
    {"prctl", 3, {show_prctl}},
    {"prctl", 4, {show_prctl}},
    {"sched_getaffinity", 2, {show_cpu_mask, true}},
    {"sched_setaffinity", 2, {show_cpu_mask}},
    {"riscv_hwprobe", 3, {show_cpu_mask, true}},
};

unsigned futex_arguments(uint64_t operation) {
  switch (operation & futex::command) {
    case futex::wait:
    case futex::lock_pi:
    case futex::lock_pi2: return 4;
    case futex::unlock_pi:
    case futex::try_lock_pi: return 2;
    case futex::wake:
    case futex::wake_bitset: return 3;
    case futex::requeue: return 5;
    default: return 6;
  }
}

bool has_fcntl_argument(uint64_t command) {
  constexpr uint64_t get_descriptor_flags = 1, get_status_flags = 3, get_owner = 9, get_signal = 11, get_lease = 1025, get_pipe_size = 1032,
                     get_seals = 1034;
  for (uint64_t bare : {get_descriptor_flags, get_status_flags, get_owner, get_signal, get_lease, get_pipe_size, get_seals})
    if (command == bare) return false;
  return true;
}

// "(in [3], out [4])" and what is left of the timeout.
void show_selected(Writer& out, const Call& call) {
  constexpr std::string_view names[] = {"in", "out", "except"};
  out.write(" (");
  bool is_first = true;
  for (unsigned set = 0; set < 3; ++set) {
    if (call.arguments[set + 1] == 0) continue;
    print(out, "{}{} ", is_first ? "" : ", ", names[set]);
    show_fd_set(out, call, set + 1);
    is_first = false;
  }
  if (call.arguments[4] != 0) {
    print(out, "{}left ", is_first ? "" : ", ");
    if (call.is("select")) show_at(out, call, UserPtr<const Timeval>(call.arguments[4]));
    else show_at(out, call, UserPtr<const Timespec>(call.arguments[4]));
  }
  out.write(")");
}

}  // namespace

const Parameter* special_parameter(std::string_view call, unsigned index) {
  for (const Special& special : specials)
    if (special.index == index && special.call == call) return &special.parameter;
  return nullptr;
}

unsigned shown_arguments(const Call& call) {
  constexpr uint64_t creates = 0100 | 020000000;  // O_CREAT, and the bit of O_TMPFILE that is its own
  constexpr uint64_t fixed = 2;                   // MREMAP_FIXED
  const auto& arguments = call.arguments;
  if (call.is("open") && !(arguments[1] & creates)) return 2;
  if (call.is("openat") && !(arguments[2] & creates)) return 3;
  if (call.is("fcntl") && !has_fcntl_argument(arguments[1])) return 2;
  if (call.is("mremap") && !(arguments[3] & fixed)) return 4;
  if (call.is("futex")) return futex_arguments(arguments[1]);
  if (call.is("prctl")) return prctl_arguments(static_cast<int>(arguments[0]));
  return call.entry.argument_count;
}

bool show_whole(Writer& out, const Call& call) {
  bool is_backwards = call.is("clone_backwards");
  if (!is_backwards && !call.is("clone")) return false;
  constexpr uint64_t set_tls = 0x80000, set_parent = 0x100000, clear_child = 0x200000, set_child = 0x1000000;
  uint64_t flags = call.arguments[0];
  out.write("child_stack=");
  show_address(out, call.arguments[1]);
  out.write(", flags=");
  show(out, CloneFlags{flags});
  if (flags & set_parent) print(out, ", parent_tid={:#x}", call.arguments[2]);
  if (flags & set_tls) print(out, ", tls={:#x}", call.arguments[is_backwards ? 3 : 4]);
  if (flags & (set_child | clear_child)) print(out, ", child_tidptr={:#x}", call.arguments[is_backwards ? 4 : 3]);
  return true;
}

void show_result(Writer& out, const Call& call) {
  constexpr uint64_t get_descriptor_flags = 1, get_status_flags = 3;
  if (call.is("mmap") || call.is("brk") || call.is("mremap")) return print(out, "{:#x}", call.result);
  if (call.is("umask")) return show(out, Mode{static_cast<uint32_t>(call.result)});
  if (call.is("fcntl") && call.arguments[1] == get_status_flags) {
    print(out, "{:#x} (flags ", call.result);
    show(out, OpenFlags{static_cast<uint32_t>(call.result)});
    return out.write(")");
  }
  if (call.is("fcntl") && call.arguments[1] == get_descriptor_flags && call.result != 0)
    return print(out, "{:#x} (flags FD_CLOEXEC)", call.result);
  print(out, "{}", static_cast<int64_t>(call.result));
  bool is_poll = call.is("poll") || call.is("ppoll");
  bool is_select = call.is("select") || call.is("pselect6");
  if (!is_poll && !is_select) return;
  if (call.result == 0) return out.write(" (Timeout)");
  if (is_select) return show_selected(out, call);
  out.write(" (");
  show_ready_fds(out, call);
  out.write(")");
}

}  // namespace halcyon::strace
