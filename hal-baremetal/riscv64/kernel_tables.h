// The kernel's half of every Sv39 tree: the direct map in gibibytes, the image in pages with their own rights, the stacks. The boot root is
// the tree that has nothing else. Top-level entries are set before the first other root is filled, and stay.
#pragma once

#include <cstdint>

#include "hal/trap.h"

namespace halcyon::hal::riscv64 {

class KernelTables {
 public:
  // Over the table that boot.S made: the image gets its rights, the stacks a table. Then the tables are loaded anew.
  void build();
  // Makes [start, start + size) reachable in the direct map. Before the first fill_root(). False: it lies beyond.
  bool map_direct(uint64_t start, uint64_t size);

  Root root() const;
  void fill_root(Root root) const;

  // A page of the stack area. False: no memory for a table, or not in the area.
  bool map(uint64_t address, uint64_t frame);
  uint64_t unmap(uint64_t address);

 private:
  void map_image();
  uint64_t* stack_entry(uint64_t address, bool make);
};

}  // namespace halcyon::hal::riscv64
