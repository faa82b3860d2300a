// What the sanitizers must be told about stacks and switches; nothing in a plain build. AddressSanitizer calls the current stack's bounds
// and its shadow of returned frames a fiber, ThreadSanitizer its own record of a flow of control.
#pragma once

#include "hal/port.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HALCYON_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define HALCYON_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HALCYON_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define HALCYON_TSAN 1
#endif

#ifdef HALCYON_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#ifdef HALCYON_TSAN
extern "C" {
void* __tsan_get_current_fiber();
void* __tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void* fiber);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
}
#endif

namespace halcyon::hal::sanitizer {

// Inlined, so that nothing comes between a half and the switch itself.
[[gnu::always_inline]] inline void start_switch([[maybe_unused]] KernelStack* from, [[maybe_unused]] const KernelStack& to) {
#ifdef HALCYON_ASAN
  // A null handle tells ASan that the stack left will never run again.
  __sanitizer_start_switch_fiber(from ? &from->fiber : nullptr, to.base ? to.base : to.sanitizer_base,
                                 to.base ? to.size : to.sanitizer_size);
#endif
#ifdef HALCYON_TSAN
  if (from) from->fiber = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(to.fiber, 0);
#endif
}

[[gnu::always_inline]] inline void finish_switch([[maybe_unused]] void* fiber, [[maybe_unused]] KernelStack& left) {
#ifdef HALCYON_ASAN
  const void* base;
  size_t size;
  __sanitizer_finish_switch_fiber(fiber, &base, &size);
  if (!left.base) {
    left.sanitizer_base = base;
    left.sanitizer_size = size;
  }
#endif
}

inline void destroy_fiber([[maybe_unused]] KernelStack& stack) {
#ifdef HALCYON_TSAN
  if (stack.fiber) __tsan_destroy_fiber(stack.fiber);
#endif
  stack.fiber = nullptr;
}

inline void create_fiber(KernelStack& stack) {
  destroy_fiber(stack);
#ifdef HALCYON_TSAN
  stack.fiber = __tsan_create_fiber(0);
#endif
}

// A fresh mapping: LeakSanitizer scans only what it is told of, and a parked thread's locals may hold the last pointer to an object.
inline void stack_mapped([[maybe_unused]] const KernelStack& stack) {
#ifdef HALCYON_ASAN
  __lsan_register_root_region(stack.base, stack.size);
#endif
}

inline void stack_unmapped([[maybe_unused]] const KernelStack& stack) {
#ifdef HALCYON_ASAN
  __lsan_unregister_root_region(stack.base, stack.size);
#endif
}

// Frames that were left for good never unpoisoned their redzones.
inline void stack_reusable([[maybe_unused]] const KernelStack& stack) {
#ifdef HALCYON_ASAN
  __asan_unpoison_memory_region(stack.base, stack.size);
#endif
}

}  // namespace halcyon::hal::sanitizer
