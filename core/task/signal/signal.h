// Signals as the core keeps them (signal(7)): sets, what is known about one instance, what a process wants done.
#pragma once

#include <array>
#include <cstdint>

#include <boost/intrusive/list.hpp>

#include "core/base/annotations.h"
#include "core/base/own.h"
#include "core/base/ref.h"
#include "core/base/types.h"
#include "core/sync/spin_lock.h"

namespace halcyon {

inline constexpr int signal_count = 64;  // numbers 1 to 64; 32 and up are real-time signals

namespace sig {  // numbers of the generic ABI, which x86_64 shares
inline constexpr int hup = 1, intr = 2, quit = 3, ill = 4, trap = 5, abrt = 6, bus = 7, fpe = 8, kill = 9, usr1 = 10, segv = 11, usr2 = 12;
inline constexpr int pipe = 13, alrm = 14, term = 15, stkflt = 16, chld = 17, cont = 18, stop = 19, tstp = 20, ttin = 21, ttou = 22;
inline constexpr int urg = 23, xcpu = 24, xfsz = 25, vtalrm = 26, prof = 27, winch = 28, io = 29, pwr = 30, sys = 31, real_time = 32;
}  // namespace sig

class SignalSet {
 public:
  constexpr SignalSet() = default;
  constexpr explicit SignalSet(uint64_t bits) : bits_(bits) {}
  template <class... Numbers>
  static constexpr SignalSet of(Numbers... numbers) {
    return SignalSet(((uint64_t{1} << (numbers - 1)) | ...));
  }
  static constexpr SignalSet all() { return SignalSet(~uint64_t{0}); }
  constexpr uint64_t bits() const { return bits_; }
  constexpr bool has(int signal) const { return (bits_ >> (signal - 1) & 1) != 0; }
  constexpr void add(int signal) { bits_ |= uint64_t{1} << (signal - 1); }
  constexpr void remove(int signal) { bits_ &= ~(uint64_t{1} << (signal - 1)); }
  constexpr bool is_empty() const { return bits_ == 0; }
  constexpr SignalSet operator|(SignalSet o) const { return SignalSet(bits_ | o.bits_); }
  constexpr SignalSet operator&(SignalSet o) const { return SignalSet(bits_ & o.bits_); }
  constexpr SignalSet operator~() const { return SignalSet(~bits_); }
  constexpr bool operator==(const SignalSet&) const = default;

 private:
  uint64_t bits_ = 0;
};

// si_code of sigaction(2).
namespace si_code {
inline constexpr int user = 0, kernel = 0x80, queue = -1, timer = -2, tkill = -6;
inline constexpr int fpe_float_divide = 3, fpe_overflow = 4, fpe_underflow = 5, fpe_inexact = 6, fpe_invalid = 7;
inline constexpr int ill_opcode = 1, ill_operand = 2, fpe_divide = 1, segv_unmapped = 1, segv_access = 2, bus_alignment = 1,
                     bus_address = 2, trap_breakpoint = 1;
inline constexpr int trap_trace = 2;
inline constexpr int sys_seccomp = 1, sys_user_dispatch = 2;
inline constexpr int poll_first = 1, poll_last = 6, io = -5;  // of signals about files
inline constexpr int child_exited = 1, child_killed = 2, child_dumped = 3, child_trapped = 4, child_stopped = 5, child_continued = 6;
}  // namespace si_code

// One instance of a signal: the members that apply depend on number and code, as in siginfo_t.
struct SignalInfo {
  int number = 0;
  int code = si_code::user;
  int error = 0;
  int pid = 0;  // sender, or child
  uint32_t uid = 0;
  uint64_t value = 0;    // sigval
  UserAddr address = 0;  // of a fault
  int status = 0;        // of a child
  int timer_id = 0;
  int overrun = 0;
  bool is_from_timer = false;              // of timer_create(2), which wants to know when the signal is taken
  int64_t user_time = 0, system_time = 0;  // of a child, in clock ticks
  int system_call = 0;                     // of a SIGSYS, which also has an address: the call's number
  uint32_t architecture = 0;               // and AUDIT_ARCH_*
  bool is_about_io = false;                // fcntl(2), F_SETOWN: the next two count
  int64_t band = 0;
  int fd = 0;
};

// How the members that depend on the code are to be read.
constexpr bool is_fault(const SignalInfo& info) {
  constexpr SignalSet faults = SignalSet::of(sig::segv, sig::bus, sig::ill, sig::fpe, sig::trap);
  return info.code > 0 && info.code != si_code::kernel && faults.has(info.number);
}
constexpr bool is_about_io(const SignalInfo& info) {
  bool has_code = (info.code >= si_code::poll_first && info.code <= si_code::poll_last) || info.code == si_code::io;
  return has_code && info.is_about_io;
}

namespace sa_flag {
inline constexpr uint64_t no_child_stop = 1, no_child_wait = 2, siginfo = 4, restorer = 0x04000000, on_stack = 0x08000000;
inline constexpr uint64_t restart = 0x10000000, no_defer = 0x40000000, reset_hand = 0x80000000, expose_tag_bits = 0x800;
// What every ISA knows. Whatever else a program asks for is not kept, so that it can find out (sigaction(2), SA_UNSUPPORTED).
inline constexpr uint64_t known = no_child_stop | no_child_wait | siginfo | on_stack | restart | no_defer | reset_hand | expose_tag_bits;
}  // namespace sa_flag

struct SignalAction {
  static constexpr UserAddr default_handler = 0, ignore = 1;
  UserAddr handler = default_handler;
  uint64_t flags = 0;
  UserAddr restorer = 0;
  SignalSet mask;
};

enum class DefaultAction : uint8_t { terminate, core_dump, ignore, stop, cont };
DefaultAction default_action(int signal);

// Whether nobody would see the signal.
bool is_ignored(int signal, UserAddr handler);

// sigaction table, shared by CLONE_SIGHAND. Lock: rank signal_actions.
class SignalActions : public RefCounted {
 public:
  SignalAction get(int signal) const;
  SignalAction exchange(int signal, const SignalAction& action);
  Result<Ref<SignalActions>> copy() const;
  // execve: handlers become default, ignored stays ignored.
  void reset_handlers();
  // With a look at the handler alone: for senders.
  UserAddr handler(int signal) const;

 private:
  mutable SpinLock lock_{Rank::signal_actions};
  std::array<SignalAction, signal_count + 1> actions_ GUARDED_BY(lock_);
};

// Signals that were sent and not yet taken: one instance per standard signal, a queue for real-time ones. Protected by its owner's lock.
class PendingSignals {
 public:
  PendingSignals() = default;
  ~PendingSignals() { discard(SignalSet::all()); }
  SignalSet set() const { return set_; }
  // A standard signal that is pending already: its takers have been told.
  bool has_already(const SignalInfo& info) const {
    // A timer queues one signal in any case.
    return info.number < sig::real_time && set_.has(info.number) && !info.is_from_timer;
  }
  // What there is already is lost, as on Linux; without memory the signal is pending but its info says only the number.
  // Returns false, with nothing added, if `may_queue` is false and the signal means nothing without its info (sigqueue(3)).
  bool add(const SignalInfo& info, bool may_queue = true);
  // Takes the lowest-numbered signal of `wanted`; false if none.
  bool take(SignalSet wanted, SignalInfo* info);
  void discard(SignalSet unwanted);
  unsigned queued() const { return queued_; }

 private:
  struct Instance : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
    SignalInfo info;
  };
  void free(Instance& instance);

  Instance first_;  // the usual case of one signal at a time needs no memory
  bool is_first_used_ = false;
  SignalSet set_;
  unsigned queued_ = 0;
  boost::intrusive::list<Instance, boost::intrusive::constant_time_size<false>> queue_;
};

struct SignalStack {  // sigaltstack(2)
  UserAddr base = 0;
  uint64_t size = 0;
  bool is_disabled = true;
  bool autodisarm = false;
  bool contains(UserAddr sp) const { return !is_disabled && sp > base && sp - base <= size; }
};

}  // namespace halcyon
