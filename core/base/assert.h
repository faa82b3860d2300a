// ASSERT and panic: for the kernel's own bugs, never for what a program, a disk or a packet can do.
#pragma once

namespace halcyon {

// Prints the message and a backtrace, then stops the machine with a failing status. The port supplies it (hal/port.h).
[[noreturn]] void panic(const char* message, const char* file, int line);

}  // namespace halcyon

#define ASSERT(...)                                                           \
  (__builtin_expect(static_cast<bool>(__VA_ARGS__), 1) ? static_cast<void>(0) \
                                                       : ::halcyon::panic("assertion failed: " #__VA_ARGS__, __FILE__, __LINE__))
