// Numbers as strace(1) writes them.
#include "syscalls/strace/names.h"

#include <gtest/gtest.h>

#include <string>

#include "syscalls/strace/text.h"
#include "syscalls/time/time.h"

namespace halcyon::test {
namespace {

template <class Action>
std::string text_of(Action action) {
  FixedText<512> text;
  action(text);
  return std::string(text.view());
}

template <class T>
std::string shown(T value) {
  return text_of([&](Writer& out) { strace::show(out, value); });
}

TEST(StraceNames, OpenFlags) {
  EXPECT_EQ(shown(OpenFlags{0}), "O_RDONLY");
  EXPECT_EQ(shown(OpenFlags{02000000}), "O_RDONLY|O_CLOEXEC");
  EXPECT_EQ(shown(OpenFlags{01 | 0100 | 01000}), "O_WRONLY|O_CREAT|O_TRUNC");
  EXPECT_EQ(shown(OpenFlags{04000 | 0200000 | 02000000}), "O_RDONLY|O_NONBLOCK|O_DIRECTORY|O_CLOEXEC");
  EXPECT_EQ(shown(OpenFlags{2 | 020200000}), "O_RDWR|O_TMPFILE");
}

TEST(StraceNames, Modes) {
  EXPECT_EQ(shown(Mode{0}), "000");
  EXPECT_EQ(shown(Mode{022}), "022");
  EXPECT_EQ(shown(Mode{0755}), "0755");
  EXPECT_EQ(shown(Mode{0100644}), "S_IFREG|0644");
  EXPECT_EQ(shown(Mode{0104755}), "S_IFREG|S_ISUID|0755");
}

TEST(StraceNames, FlagsWithoutANameStayNumbers) {
  EXPECT_EQ(shown(Protection{0}), "PROT_NONE");
  EXPECT_EQ(shown(Protection{3}), "PROT_READ|PROT_WRITE");
  EXPECT_EQ(shown(Protection{0x11}), "PROT_READ|0x10");
  EXPECT_EQ(shown(MsyncFlags{0x100}), "0x100 /* MS_??? */");
  EXPECT_EQ(shown(Seek{9}), "0x9 /* SEEK_??? */");
  EXPECT_EQ(shown(AtFlags{0}), "0");
}

TEST(StraceNames, MapFlags) { EXPECT_EQ(shown(MapFlags{0x22}), "MAP_PRIVATE|MAP_ANONYMOUS"); }

TEST(StraceNames, CloneFlagsEndInTheSignal) {
  EXPECT_EQ(shown(CloneFlags{0x01200011}), "CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD");
  EXPECT_EQ(shown(CloneFlags{17}), "SIGCHLD");
  EXPECT_EQ(shown(CloneFlags{0x4111}), "CLONE_VM|CLONE_VFORK|SIGCHLD");
}

TEST(StraceNames, Futexes) {
  EXPECT_EQ(shown(FutexOperation{128}), "FUTEX_WAIT_PRIVATE");
  EXPECT_EQ(shown(FutexOperation{9 | 128 | 256}), "FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME");
}

TEST(StraceNames, Descriptors) {
  EXPECT_EQ(shown(DirFd{-100}), "AT_FDCWD");
  EXPECT_EQ(shown(DirFd{3}), "3");
  EXPECT_EQ(shown(Fd{-1}), "-1");
  EXPECT_EQ(shown(Uid{~0u}), "-1");
}

TEST(StraceNames, Signals) {
  EXPECT_EQ(shown(Signal{2}), "SIGINT");
  EXPECT_EQ(shown(Signal{0}), "0");
  EXPECT_EQ(shown(Signal{32}), "SIGRTMIN");
  EXPECT_EQ(shown(Signal{34}), "SIGRT_2");
  EXPECT_EQ(shown(Signal{65}), "65");
  auto set = [](uint64_t bits) { return text_of([&](Writer& out) { strace::show_signals(out, SignalSet(bits)); }); };
  EXPECT_EQ(set(0), "[]");
  EXPECT_EQ(set(1 << 1 | 1 << 16), "[INT CHLD]");
  EXPECT_EQ(set(~uint64_t{0}), "~[]");
  EXPECT_EQ(set(~uint64_t{1 << 8 | 1 << 18}), "~[KILL STOP]");
}

TEST(StraceNames, WaitStatus) {
  auto status = [](int value) { return text_of([&](Writer& out) { strace::show_wait_status(out, value); }); };
  EXPECT_EQ(status(3 << 8), "WIFEXITED(s) && WEXITSTATUS(s) == 3");
  EXPECT_EQ(status(15), "WIFSIGNALED(s) && WTERMSIG(s) == SIGTERM");
  EXPECT_EQ(status(19 << 8 | 0x7f), "WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP");
  EXPECT_EQ(status(0xffff), "WIFCONTINUED(s)");
}

TEST(StraceNames, SignalInfo) {
  auto info = [](const SignalInfo& value) { return text_of([&](Writer& out) { strace::show_signal_info(out, value); }); };
  EXPECT_EQ(info({.number = 17, .code = 1, .pid = 7, .uid = 0, .status = 3}),
            "{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=7, si_uid=0, si_status=3, si_utime=0, si_stime=0}");
  EXPECT_EQ(info({.number = 11, .code = 1, .address = 0}), "{si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL}");
  EXPECT_EQ(info({.number = 14, .code = 0x80}), "{si_signo=SIGALRM, si_code=SI_KERNEL}");
  EXPECT_EQ(info({.number = 10, .code = -6, .pid = 2, .uid = 1000}), "{si_signo=SIGUSR1, si_code=SI_TKILL, si_pid=2, si_uid=1000}");
}

TEST(StraceText, QuotesAsC) {
  auto quoted = [](std::string_view bytes) { return text_of([&](Writer& out) { strace::show_quoted(out, bytes); }); };
  EXPECT_EQ(quoted("a\"b\\\n\t"), "\"a\\\"b\\\\\\n\\t\"");
  EXPECT_EQ(quoted(std::string_view("\0\x1b[0m", 5)), "\"\\0\\33[0m\"");
  EXPECT_EQ(quoted(std::string_view("\0001", 2)), "\"\\0001\"");
  EXPECT_EQ(quoted("\177\377"), "\"\\177\\377\"");
}

TEST(Time, ChecksAndSaturates) {
  EXPECT_EQ(from_timespec({1, 5}).value(), 1'000'000'005);
  EXPECT_EQ(from_timespec({0, 1'000'000'000}).error(), Errno::inval);
  EXPECT_EQ(from_timespec({-1, 0}).error(), Errno::inval);
  EXPECT_EQ(from_timespec({INT64_MAX, 0}).value(), never);
  EXPECT_EQ(from_timeval({1, 2'000'000}).error(), Errno::inval);
  EXPECT_EQ(from_timeval({1, 2'000'000}, true).value(), 3'000'000'000);
  EXPECT_EQ(to_timespec(1'500'000'000).nanoseconds, 500'000'000);
}

}  // namespace
}  // namespace halcyon::test
