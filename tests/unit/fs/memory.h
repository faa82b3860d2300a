// MemoryCpu: a CPU that runs nothing but has memory, for tests of plain classes that allocate.
#pragma once

#include <sys/mman.h>

#include <cstdlib>

#include "core/mm/frames/frame_allocator.h"
#include "core/mm/frames/heap.h"
#include "core/task/schedule/per_cpu.h"
#include "hal/hosted/this_cpu.h"

namespace halcyon::test {

class MemoryCpu final : public hal::Cpu {
 public:
  static constexpr size_t default_size = 64 << 20;
  explicit MemoryCpu(size_t size = default_size)
      : Cpu(0), size_(size), ram_(map(size)), frames_(nullptr, ram_, {0, size}), heap_(frames_), previous_(hal::set_this_cpu(this)) {
    state_.cpu = this;
    state_.frames = &frames_;
    state_.heap = &heap_;
    per_cpu = &state_;
  }
  ~MemoryCpu() override {
    hal::set_this_cpu(previous_);
    munmap(ram_, size_);
  }
  Heap& heap() { return heap_; }
  FrameAllocator& frames() { return frames_; }

  hal::Trap run(hal::UserContext&, hal::Root) override { std::abort(); }
  void put_back(hal::UserContext&) override { std::abort(); }
  void flush_local(uint64_t) override { std::abort(); }
  void set_deadline(int64_t) override {}
  void kick() override {}

 private:
  static std::byte* map(size_t size) {
    void* ram = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (ram == MAP_FAILED) std::abort();
    return static_cast<std::byte*>(ram);
  }

  size_t size_;
  std::byte* ram_;
  FrameAllocator frames_;
  Heap heap_;
  PerCpu state_;
  hal::Cpu* previous_;
};

}  // namespace halcyon::test
