// The kernel's half of every tree of page tables: the direct map in large pages, the image in pages with their own rights, the stacks. The
// boot root is the tree that has nothing else. Top-level entries are set before the first other root is filled, and stay.
#pragma once

#include <cstdint>

#include "hal/trap.h"

namespace halcyon::hal::x86_64 {

class KernelTables {
 public:
  // Over the tables that boot.S made: the image gets its rights, the stacks a table, the lower half goes.
  void build();
  // Makes [start, start + size) reachable in the direct map. Before the first fill_root(). False: it lies beyond, or too scattered.
  bool map_direct(uint64_t start, uint64_t size);
  // The same for device registers, which are never cached.
  bool map_device(uint64_t start, uint64_t size);

  Root root() const;
  void fill_root(Root root) const;
  // Makes start_root what another CPU begins on: the kernel's half, and the low memory at its own address.
  void prepare_start_root() const;
  static bool is_boot_stack_guard(uint64_t address);

  // A page of the stack area. False: no memory for a table, or not in the area.
  bool map(uint64_t address, uint64_t frame);
  uint64_t unmap(uint64_t address);

 private:
  void map_image();
  uint64_t* large_entry(uint64_t address);
  uint64_t* stack_entry(uint64_t address, bool make);

  unsigned tables_left_ = 16;  // of the direct map beyond what boot.S mapped
};

}  // namespace halcyon::hal::x86_64
