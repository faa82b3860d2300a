// Kernel stacks: 256 KiB (Unicorn runs on them) above a guard page, kept for reuse. Mapping one costs microseconds and its first page faults
// some more, which a fork would feel.
#include <sys/mman.h>

#include <array>

#include "hal/hosted/sanitizers.h"
#include "hal/port.h"

namespace halcyon::hal {
namespace {

constexpr size_t stack_size = 256 << 10;
constexpr size_t guard_size = 4096;

struct Cache {
  std::array<std::byte*, 64> bases;
  size_t count;
};

// Per host thread, so that it needs no lock. A host thread that ends leaves its stacks mapped.
constinit thread_local Cache cache{};

}  // namespace

KernelStack allocate_stack() {
  KernelStack stack;
  stack.size = stack_size;
  if (cache.count > 0) {
    stack.base = cache.bases[--cache.count];
    return stack;
  }
  void* mapping = mmap(nullptr, guard_size + stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) return {};
  if (mprotect(mapping, guard_size, PROT_NONE) != 0) {
    munmap(mapping, guard_size + stack_size);
    return {};
  }
  stack.base = static_cast<std::byte*>(mapping) + guard_size;
  sanitizer::stack_mapped(stack);
  return stack;
}

void free_stack(KernelStack& stack) {
  if (!stack.base) return;
  sanitizer::destroy_fiber(stack);
  sanitizer::stack_reusable(stack);
  if (cache.count < cache.bases.size()) {
    cache.bases[cache.count++] = stack.base;
  } else {
    sanitizer::stack_unmapped(stack);
    munmap(stack.base - guard_size, guard_size + stack.size);
  }
  stack = {};
}

}  // namespace halcyon::hal
