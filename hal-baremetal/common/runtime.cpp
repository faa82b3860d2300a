// What the compiler and the standard library expect to find: allocation, failures, the stack protector.
//
// operator new serves the few objects that are not made through make<T>: the system, the machine's parts, user contexts. Before there is a
// kernel they come out of a fixed region and stay for good; afterwards they come from the kernel's heap, and only the nothrow form may
// fail.
#include <cstddef>
#include <cstdint>
#include <new>

#include "core/base/assert.h"
#include "core/base/memory.h"
#include "core/base/types.h"
#include "hal-baremetal/common/boot/boot_memory.h"
#include "hal-baremetal/common/machine.h"

namespace halcyon::hal {
namespace {

constexpr size_t boot_memory_size = 128 << 10;
alignas(page_size) constinit std::byte boot_memory[boot_memory_size]{};
constinit size_t boot_memory_used = 0;

bool is_boot_memory(const void* object) { return object >= boot_memory && object < boot_memory + boot_memory_size; }

void* allocate_object(size_t size, size_t alignment) {
  BareCpu* cpu = this_bare_cpu();
  return cpu && cpu->per_cpu ? allocate(size, alignment) : allocate_for_boot(size, alignment);
}

void* require_object(size_t size, size_t alignment) {
  void* object = allocate_object(size, alignment);
  if (!object) panic("operator new: no memory", __FILE__, __LINE__);
  return object;
}

void free_object(void* object) {
  if (object && !is_boot_memory(object)) deallocate(object);
}

}  // namespace

void* allocate_for_boot(size_t size, size_t alignment) {
  size_t start = align_up(boot_memory_used, alignment);
  if (start + size > boot_memory_size) panic("the region for objects of the start is too small", __FILE__, __LINE__);
  boot_memory_used = start + size;
  return boot_memory + start;
}

}  // namespace halcyon::hal

using halcyon::hal::free_object;
using halcyon::hal::require_object;

namespace std {
const nothrow_t nothrow{};
}

void* operator new(size_t size) { return require_object(size, alignof(std::max_align_t)); }
void* operator new(size_t size, std::align_val_t alignment) { return require_object(size, static_cast<size_t>(alignment)); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return halcyon::hal::allocate_object(size, alignof(std::max_align_t)); }
void* operator new(size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return halcyon::hal::allocate_object(size, static_cast<size_t>(alignment));
}
void operator delete(void* object) noexcept { free_object(object); }
void operator delete(void* object, size_t) noexcept { free_object(object); }
void operator delete(void* object, std::align_val_t) noexcept { free_object(object); }
void operator delete(void* object, size_t, std::align_val_t) noexcept { free_object(object); }

namespace std {
void __throw_system_error(int) { halcyon::panic("std::system_error", __FILE__, __LINE__); }
void __throw_bad_alloc() { halcyon::panic("std::bad_alloc", __FILE__, __LINE__); }
void __throw_length_error(const char* what) { halcyon::panic(what, __FILE__, __LINE__); }
void __throw_logic_error(const char* what) { halcyon::panic(what, __FILE__, __LINE__); }
void __throw_out_of_range_fmt(const char* what, ...) { halcyon::panic(what, __FILE__, __LINE__); }
void __throw_bad_optional_access() { halcyon::panic("std::bad_optional_access", __FILE__, __LINE__); }
}  // namespace std

extern "C" {
uint64_t __stack_chk_guard = 0x595e'9fbd'94fd'a766;  // until the start has something unpredictable
[[noreturn]] void __stack_chk_fail() { halcyon::panic("a stack frame was overrun", __FILE__, __LINE__); }
[[noreturn]] void __cxa_pure_virtual() { halcyon::panic("a pure virtual function was called", __FILE__, __LINE__); }
void abort() noexcept { halcyon::panic("abort", __FILE__, __LINE__); }
}
