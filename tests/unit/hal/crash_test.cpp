// Panics and crashes of the kernel end the process by their signal, and tell where they happened, by name and line.
#include "hal/hosted/crash.h"

#include <gtest/gtest.h>

#include <csignal>

#include "core/base/assert.h"
#include "hal/hosted/sanitizers.h"
#include "hal/port.h"

namespace halcyon::hal {
namespace {

using testing::ContainsRegex;
using testing::KilledBySignal;

[[gnu::noinline]] void break_a_promise(int value) { ASSERT(value > 100); }

[[gnu::noinline]] void read_wild_pointer(int* pointer) {
  *static_cast<volatile int*>(pointer) = 1;
  asm volatile("");  // no tail of the caller
}

[[gnu::noinline]] int fill_stack(int depth) {
  volatile char room[1024];
  room[0] = static_cast<char>(depth);
  if (depth < 0) return 0;
  return fill_stack(depth + 1) + room[0];
}

using Function = void (*)();
Function volatile nowhere = nullptr;

[[gnu::noinline]] void call_nowhere() {
  nowhere();
  asm volatile("");
}

// Runs `body` on a kernel stack of its own, with the crash handler in place.
void on_kernel_stack(void (*body)(void*), void* argument = nullptr) {
  install_crash_handler();
  KernelStack here, stack = allocate_stack();
  prepare_stack(stack, body, argument);
  switch_stack(here, stack);
}

void skip_under_sanitizer() {
#if defined(HALCYON_ASAN) || defined(HALCYON_TSAN)
  GTEST_SKIP() << "the sanitizer handles crashes";
#endif
}

TEST(CrashDeathTest, AssertionTellsWhatAndWhere) {
  EXPECT_EXIT(on_kernel_stack([](void*) { break_a_promise(7); }), KilledBySignal(SIGABRT),
              ContainsRegex("halcyon: panic.*: assertion failed: value > 100\n  at .*crash_test.cpp:[0-9]+\n"));
}

TEST(CrashDeathTest, PanicShowsTheCallersByNameAndLine) {
  EXPECT_EXIT(on_kernel_stack([](void*) { break_a_promise(7); }), KilledBySignal(SIGABRT),
              ContainsRegex("#0 +0x[0-9a-f]+ .*break_a_promise\\(int\\) \\(.*crash_test.cpp:[0-9]+\\)\n.*#[0-9]+ .*halcyon_stack_start"));
}

TEST(CrashDeathTest, WildPointerShowsAddressAndCallers) {
  skip_under_sanitizer();
  if (IsSkipped()) return;
  EXPECT_EXIT(on_kernel_stack([](void* argument) { read_wild_pointer(static_cast<int*>(argument)); }, reinterpret_cast<void*>(0x18)),
              KilledBySignal(SIGSEGV),
              ContainsRegex("the kernel crashed.*: SIGSEGV at address 0x18\n  #0 +0x[0-9a-f]+ .*read_wild_pointer\\(int\\*\\) "
                            "\\(.*crash_test.cpp:[0-9]+\\)\n.*halcyon_stack_start"));
}

TEST(CrashDeathTest, StackOverflowIsNamed) {
  skip_under_sanitizer();
  if (IsSkipped()) return;
  EXPECT_EXIT(on_kernel_stack([](void*) { fill_stack(0); }), KilledBySignal(SIGSEGV),
              ContainsRegex("SIGSEGV at address 0x[0-9a-f]+, near the stack pointer: a stack overflow\\?\n  #0 .*fill_stack"));
}

TEST(CrashDeathTest, CallIntoNothingShowsTheCaller) {
  skip_under_sanitizer();
  if (IsSkipped()) return;
  EXPECT_EXIT(on_kernel_stack([](void*) { call_nowhere(); }), KilledBySignal(SIGSEGV),
              ContainsRegex("SIGSEGV at address 0x0\n  #0 +0x0+ \\?\n  #1 .*call_nowhere"));
}

TEST(CrashDeathTest, ASecondPanicDoesNotLoop) {
  EXPECT_EXIT(
      {
        install_crash_handler();
        std::signal(SIGABRT, [](int) { panic("again", __FILE__, __LINE__); });
        panic("first", __FILE__, __LINE__);
      },
      testing::ExitedWithCode(EXIT_FAILURE), ContainsRegex("panic.*: first"));
}

}  // namespace
}  // namespace halcyon::hal
