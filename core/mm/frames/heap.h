// Heap: slab caches for objects up to 2 KiB in size classes, whole blocks of pages above. allocate() and deallocate() (core/base/memory.h)
// are the front; the slab of an object is found from the page's Frame.
//
// A slab is one page: a header, then equal objects linked by index in a free list. Slabs with free objects hang in their class's list.
// From 64 bytes on an object has cache lines of its own, since its neighbour may be another CPU's.
// Lock: one per size class (rank heap). In front of them each CPU keeps a few free objects of every class in a HeapCache, which needs no
// lock: kernel code is not preempted, and interrupts allocate nothing. Under ASan there are no caches: free objects are poisoned and wait
// in a quarantine before they are used again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/annotations.h"
#include "core/mm/frames/frame_allocator.h"
#include "core/sync/spin_lock.h"

namespace halcyon {

inline constexpr std::array<uint16_t, 16> heap_sizes = {16, 32, 48, 64, 128, 192, 256, 320, 384, 448, 512, 640, 768, 960, 1280, 1984};

// One CPU's free objects.
struct HeapCache {
  static constexpr unsigned depth = 8;
  struct Class {
    unsigned count = 0;
    std::array<void*, depth> objects;
  };
  std::array<Class, heap_sizes.size()> classes;
};

class Heap {
 public:
  explicit Heap(FrameAllocator& frames) : frames_(frames) {}
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;
  // Slabs, and objects that live on, are lost with the machine's RAM.
  ~Heap() = default;

  // `cache`: the calling CPU's, or null.
  void* allocate(size_t size, size_t alignment, HeapCache* cache = nullptr);
  void deallocate(void* object, HeapCache* cache = nullptr);
  // Takes back what a cache holds; nobody uses it meanwhile.
  void empty(HeapCache& cache);

  // Pages that slabs and large blocks hold.
  uint64_t pages() const { return pages_.load(std::memory_order_relaxed); }
  // Objects allocated and not freed, or in a cache: for leak checks in tests.
  uint64_t live_objects() const { return live_.load(std::memory_order_relaxed); }

 private:
  struct Slab;
  struct SizeClass {
    SpinLock lock{Rank::heap};
    Slab* partial GUARDED_BY(lock) = nullptr;   // slabs with a free object
    unsigned empty_slabs GUARDED_BY(lock) = 0;  // of these, how many hold no object
  };
  static constexpr const auto& sizes = heap_sizes;
  static unsigned class_for(size_t size);
  static unsigned order_for(size_t size);
  void* allocate_large(size_t size);
  void* allocate_from_slab(unsigned size_class, size_t size);
  void free_to_slab(Slab& slab, unsigned object);
  Slab* new_slab(unsigned size_class);
  void unlink(SizeClass& size_class, Slab& slab) REQUIRES(size_class.lock);
  void link(SizeClass& size_class, Slab& slab) REQUIRES(size_class.lock);

  FrameAllocator& frames_;
  std::array<SizeClass, heap_sizes.size()> classes_;
  std::atomic<uint64_t> pages_ = 0;
  std::atomic<uint64_t> live_ = 0;
};

}  // namespace halcyon
