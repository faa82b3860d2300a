// Signals: their names, sets of them, what is known about one.
#include <algorithm>
#include <bit>

#include "hal/isa/isa.h"
#include "syscalls/strace/names.h"
#include "syscalls/table.h"

namespace halcyon::strace {

namespace {

constexpr std::string_view signals[] = {"0",    "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
                                        "SEGV", "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
                                        "TTOU", "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS",  "RTMIN"};
constexpr Name hows[] = {{0, "SIG_BLOCK"}, {1, "SIG_UNBLOCK"}, {2, "SIG_SETMASK"}};
constexpr Name action_flags[] = {{0x04000000, "SA_RESTORER"}, {0x08000000, "SA_ONSTACK"},  {0x10000000, "SA_RESTART"},
                                 {1, "SA_NOCLDSTOP"},         {2, "SA_NOCLDWAIT"},         {4, "SA_SIGINFO"},
                                 {0x40000000, "SA_NODEFER"},  {0x80000000, "SA_RESETHAND"}};
constexpr Name stack_flags[] = {{1, "SS_ONSTACK"}, {2, "SS_DISABLE"}, {0x80000000, "SS_AUTODISARM"}};

constexpr Name common_codes[] = {{0, "SI_USER"}, {0x80, "SI_KERNEL"}};
constexpr Name negative_codes[] = {{1, "SI_QUEUE"}, {2, "SI_TIMER"}, {3, "SI_MESGQ"}, {4, "SI_ASYNCIO"}, {5, "SI_SIGIO"}, {6, "SI_TKILL"}};
constexpr Name child_codes[] = {{1, "CLD_EXITED"},  {2, "CLD_KILLED"},  {3, "CLD_DUMPED"},
                                {4, "CLD_TRAPPED"}, {5, "CLD_STOPPED"}, {6, "CLD_CONTINUED"}};
constexpr Name segv_codes[] = {{1, "SEGV_MAPERR"}, {2, "SEGV_ACCERR"}};
constexpr Name bus_codes[] = {{1, "BUS_ADRALN"}, {2, "BUS_ADRERR"}, {3, "BUS_OBJERR"}};
constexpr Name ill_codes[] = {{1, "ILL_ILLOPC"}, {2, "ILL_ILLOPN"}, {3, "ILL_ILLADR"}, {4, "ILL_ILLTRP"}};
constexpr Name fpe_codes[] = {{1, "FPE_INTDIV"}, {2, "FPE_INTOVF"}, {3, "FPE_FLTDIV"}, {4, "FPE_FLTOVF"}};
constexpr Name trap_codes[] = {{1, "TRAP_BRKPT"}, {2, "TRAP_TRACE"}};
constexpr Name sys_codes[] = {{1, "SYS_SECCOMP"}, {2, "SYS_USER_DISPATCH"}};

std::span<const Name> codes_of(int signal) {
  switch (signal) {
    case sig::chld: return child_codes;
    case sig::segv: return segv_codes;
    case sig::bus: return bus_codes;
    case sig::ill: return ill_codes;
    case sig::fpe: return fpe_codes;
    case sig::trap: return trap_codes;
    case sig::sys: return sys_codes;
    default: return {};
  }
}

void show_code(Writer& out, int signal, int code) {
  if (code < 0) show_choice(out, negative_codes, static_cast<uint64_t>(-int64_t{code}), "SI");
  else if (code == si_code::user || code == si_code::kernel) show_choice(out, common_codes, static_cast<uint64_t>(code), "SI");
  else show_choice(out, codes_of(signal), static_cast<uint64_t>(code), "SI");
}

bool is_fault(int signal) {
  return signal == sig::segv || signal == sig::bus || signal == sig::ill || signal == sig::fpe || signal == sig::trap;
}

// Without the "SIG".
void show_bare(Writer& out, int signal) {
  if (signal >= 0 && static_cast<size_t>(signal) < std::size(signals)) out.write(signals[signal]);
  else if (signal > sig::real_time && signal <= signal_count) print(out, "RT_{}", signal - sig::real_time);
  else print(out, "{}", signal);
}

}  // namespace

void show(Writer& out, Signal value) {
  if (value > 0 && value <= signal_count) out.write("SIG");
  show_bare(out, value);
}

void show(Writer& out, SigmaskHow value) { show_choice(out, hows, static_cast<uint64_t>(value.value), "SIG"); }
void show_action_flags(Writer& out, uint64_t flags) { show_flags(out, action_flags, flags, "SA"); }
void show_stack_flags(Writer& out, uint64_t flags) { show_flags(out, stack_flags, flags, "SS"); }

// A set that holds most signals is written as what it lacks.
void show_signals(Writer& out, SignalSet set) {
  bool is_inverted = std::popcount(set.bits()) >= signal_count * 2 / 3;
  if (is_inverted) set = ~set;
  out.write(is_inverted ? "~[" : "[");
  bool is_first = true;
  for (int signal = 1; signal <= signal_count; ++signal) {
    if (!set.has(signal)) continue;
    if (!is_first) out.write(" ");
    is_first = false;
    show_bare(out, signal);
  }
  out.write("]");
}

void show_wait_status(Writer& out, int status) {
  int signal = status & 0x7f;
  if (signal == 0) {
    print(out, "WIFEXITED(s) && WEXITSTATUS(s) == {}", status >> 8 & 0xff);
  } else if (status == 0xffff) {
    out.write("WIFCONTINUED(s)");
  } else if (signal == 0x7f) {
    out.write("WIFSTOPPED(s) && WSTOPSIG(s) == ");
    show(out, Signal{status >> 8 & 0xff});
  } else {
    out.write("WIFSIGNALED(s) && WTERMSIG(s) == ");
    show(out, Signal{signal});
    if (status & 0x80) out.write(" && WCOREDUMP(s)");
  }
}

namespace {

// Of SIGSYS: which call it was, as the ABI that the signal names numbers it.
void show_bad_call(Writer& out, const SignalInfo& info) {
  auto isa = std::ranges::find(hal::isas, info.architecture, [](hal::Isa each) { return hal::description(each).audit_architecture; });
  bool is_known = isa != hal::isas.end();
  const SyscallEntry* entry = is_known ? find_syscall(syscall_table(*isa), static_cast<uint64_t>(info.system_call)) : nullptr;
  out.write(", si_call_addr=");
  show_address(out, info.address);
  if (entry) print(out, ", si_syscall=__NR_{}", entry->name);
  else print(out, ", si_syscall={}", info.system_call);
  if (is_known) print(out, ", si_arch=AUDIT_ARCH_{}", hal::description(*isa).audit_name);
  else print(out, ", si_arch={:#x}", info.architecture);
}

}  // namespace

void show_signal_info(Writer& out, const SignalInfo& info) {
  out.write("{si_signo=");
  show(out, Signal{info.number});
  out.write(", si_code=");
  show_code(out, info.number, info.code);
  if (info.code == si_code::kernel) {
    // nothing more is known
  } else if (info.number == sig::chld && info.code > 0) {
    print(out, ", si_pid={}, si_uid={}, si_status=", info.pid, info.uid);
    if (info.code == si_code::child_exited) show(out, info.status);
    else show(out, Signal{info.status});
    print(out, ", si_utime={}, si_stime={}", info.user_time, info.system_time);
  } else if (info.code > 0 && is_fault(info.number)) {
    out.write(", si_addr=");
    show_address(out, info.address);
  } else if (info.code > 0 && info.number == sig::sys) {
    show_bad_call(out, info);
  } else if (info.code == si_code::timer) {
    print(out, ", si_timerid={:#x}, si_overrun={}", info.timer_id, info.overrun);
  } else {
    print(out, ", si_pid={}, si_uid={}", info.pid, info.uid);
    if (info.code == si_code::queue) {
      print(out, ", si_int={}, si_ptr=", static_cast<int>(info.value));
      show_address(out, info.value);
    }
  }
  out.write("}");
}

}  // namespace halcyon::strace
