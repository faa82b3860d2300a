#include "core/mm/frames/heap.h"

#include <new>

#include "core/base/assert.h"
#include "core/base/lock_guard.h"
#include "core/base/memory.h"
#include "core/task/schedule/per_cpu.h"

#if defined(__SANITIZE_ADDRESS__)
#define HALCYON_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HALCYON_ASAN 1
#endif
#endif
#ifdef HALCYON_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace halcyon {

namespace {

constexpr size_t cache_line = 64;

#ifdef HALCYON_ASAN
// Free objects wait in the free list's order (first in, first out), which is the quarantine; each slot ends in a redzone.
constexpr bool is_sanitized = true;
constexpr size_t redzone = 16;
void poison(const void* start, size_t size) { ASAN_POISON_MEMORY_REGION(start, size); }
void unpoison(const void* start, size_t size) { ASAN_UNPOISON_MEMORY_REGION(start, size); }
#else
constexpr bool is_sanitized = false;
constexpr size_t redzone = 0;
void poison(const void*, size_t) {}
void unpoison(const void*, size_t) {}
#endif

}  // namespace

// The header at the start of a slab's page. A free object is known by its index, from 1; its successor stands in `links`, at the page's
// end, so that free objects can stay poisoned. 0 ends the list.
struct Heap::Slab {
  Slab* next;
  Slab* previous;
  uint16_t size_class;
  uint16_t capacity;
  uint16_t used;
  uint16_t first_free;
  uint16_t last_free;
  uint16_t fresh;  // objects from here on were never allocated
  bool is_listed;

  static constexpr size_t header_size = cache_line;
  uint8_t* links() { return reinterpret_cast<uint8_t*>(this) + page_size - (capacity + 1u); }
  std::byte* object(unsigned index, size_t size) { return reinterpret_cast<std::byte*>(this) + header_size + (index - 1) * size; }
};

namespace {

// Slots are at most 252, so links are bytes; pages whose objects are large need fewer.
constexpr size_t links_size(size_t object_size) { return (page_size - cache_line) / (object_size + 1) + 1; }

}  // namespace

namespace {

// By size in units of 16 bytes, rounded up.
constexpr auto classes_by_size = [] {
  std::array<uint8_t, heap_sizes.back() / 16 + 1> classes{};
  for (unsigned units = 0, index = 0; units < classes.size(); ++units) {
    if (units * 16 > heap_sizes[index]) ++index;
    classes[units] = static_cast<uint8_t>(index);
  }
  return classes;
}();

}  // namespace

// Of a size that has one.
unsigned Heap::class_for(size_t size) { return classes_by_size[(size + 15) / 16]; }

unsigned Heap::order_for(size_t size) {
  unsigned order = 0;
  while ((page_size << order) < size) ++order;
  return order;
}

void Heap::link(SizeClass& size_class, Slab& slab) {
  slab.previous = nullptr;
  slab.next = size_class.partial;
  if (slab.next) slab.next->previous = &slab;
  size_class.partial = &slab;
  slab.is_listed = true;
}

void Heap::unlink(SizeClass& size_class, Slab& slab) {
  if (slab.next) slab.next->previous = slab.previous;
  if (slab.previous) slab.previous->next = slab.next;
  else size_class.partial = slab.next;
  slab.is_listed = false;
}

Heap::Slab* Heap::new_slab(unsigned size_class) {
  auto block = frames_.allocate(0);
  if (!block) return nullptr;
  pages_.fetch_add(1, std::memory_order_relaxed);
  std::byte* page = frames_.data(block->address);
  auto* slab = new (page) Slab{};
  size_t size = sizes[size_class];
  slab->size_class = static_cast<uint16_t>(size_class);
  slab->capacity = static_cast<uint16_t>(std::min<size_t>((page_size - Slab::header_size - links_size(size)) / size, 254));
  slab->fresh = 1;
  Frame& frame = frames_.frame(block->address);
  frame.is_slab = true;
  frame.slab = slab;
  poison(page + Slab::header_size, slab->capacity * size);
  return slab;
}

void* Heap::allocate_large(size_t size) {
  unsigned order = order_for(size);
  if (order > FrameAllocator::max_order) return nullptr;
  auto block = frames_.allocate(order);
  if (!block) return nullptr;
  pages_.fetch_add(uint64_t{1} << order, std::memory_order_relaxed);
  live_.fetch_add(1, std::memory_order_relaxed);
  std::byte* start = frames_.data(block->address);
  for (size_t page = 0; page < size_t{1} << order; ++page) {
    Frame& frame = frames_.frame(block->address + (page << page_shift));
    frame.slab = start;
    frame.order = static_cast<uint8_t>(order);
  }
  return start;
}

void* Heap::allocate(size_t size, size_t alignment, HeapCache* cache) {
  ASSERT(alignment <= page_size);
  if (size == 0) size = 1;
  // Objects lie at multiples of their class's size behind a header of a cache line.
  size_t padded = (alignment > 16 ? std::max(size, cache_line) : size) + redzone;
  if (alignment > cache_line || padded > sizes.back()) return allocate_large(alignment > cache_line ? std::max(size, page_size) : size);
  unsigned index = class_for(padded);
  if (!is_sanitized && cache) {
    HeapCache::Class& own = cache->classes[index];
    if (own.count > 0) return own.objects[--own.count];
  }
  return allocate_from_slab(index, size);
}

void* Heap::allocate_from_slab(unsigned index, size_t size) {
  SizeClass& size_class = classes_[index];
  LockGuard guard(size_class.lock);
  Slab* slab = size_class.partial;
  if (!slab) {
    slab = new_slab(index);
    if (!slab) return nullptr;
    link(size_class, *slab);
    ++size_class.empty_slabs;
  }
  unsigned object;
  uint8_t* links = slab->links();
  if (slab->first_free && (!is_sanitized || slab->fresh > slab->capacity)) {
    object = slab->first_free;
    slab->first_free = links[object];
    if (slab->first_free == 0) slab->last_free = 0;
  } else {
    object = slab->fresh++;
  }
  if (slab->used++ == 0) --size_class.empty_slabs;
  if (slab->used == slab->capacity) unlink(size_class, *slab);
  live_.fetch_add(1, std::memory_order_relaxed);
  std::byte* place = slab->object(object, sizes[index]);
  unpoison(place, size);
  return place;
}

void Heap::deallocate(void* pointer, HeapCache* cache) {
  if (!pointer) return;
  PhysAddr page = page_floor(frames_.address_of(pointer));
  Frame& frame = frames_.frame(page);
  ASSERT(frame.slab != nullptr);
  if (!frame.is_slab) {
    live_.fetch_sub(1, std::memory_order_relaxed);
    unsigned order = frame.order;
    PhysAddr start = frames_.address_of(frame.slab);
    pages_.fetch_sub(uint64_t{1} << order, std::memory_order_relaxed);
    frames_.free(start, order);
    return;
  }
  auto* slab = static_cast<Slab*>(frame.slab);
  unsigned size = sizes[slab->size_class];
  auto offset = static_cast<unsigned>(static_cast<std::byte*>(pointer) - slab->object(1, size));
  unsigned object = offset / size + 1;
  ASSERT(object <= slab->capacity);
  if (!is_sanitized && cache) {
    HeapCache::Class& own = cache->classes[slab->size_class];
    if (own.count < own.objects.size()) {
      own.objects[own.count++] = slab->object(object, size);
      return;
    }
  }
  free_to_slab(*slab, object);
}

void Heap::empty(HeapCache& cache) {
  for (HeapCache::Class& own : cache.classes)
    while (own.count > 0) deallocate(own.objects[--own.count]);
}

void Heap::free_to_slab(Slab& slab, unsigned object) {
  SizeClass& size_class = classes_[slab.size_class];
  size_t size = sizes[slab.size_class];
  PhysAddr page = frames_.address_of(&slab);
  live_.fetch_sub(1, std::memory_order_relaxed);
  UniqueLock guard(size_class.lock);
  poison(slab.object(object, size), size);
  uint8_t* links = slab.links();
  if (is_sanitized) {
    links[object] = 0;
    if (slab.last_free) links[slab.last_free] = static_cast<uint8_t>(object);
    else slab.first_free = static_cast<uint16_t>(object);
    slab.last_free = static_cast<uint16_t>(object);
  } else {
    links[object] = static_cast<uint8_t>(slab.first_free);
    slab.first_free = static_cast<uint16_t>(object);
  }
  if (!slab.is_listed) link(size_class, slab);
  if (--slab.used != 0) return;
  // One empty slab stays for the next allocation; the others go back.
  if (++size_class.empty_slabs <= 1) return;
  --size_class.empty_slabs;
  unlink(size_class, slab);
  guard.unlock();
  unpoison(&slab, page_size);
  pages_.fetch_sub(1, std::memory_order_relaxed);
  frames_.free(page, 0);
}

void* allocate(size_t size, size_t alignment) {
  PerCpu& cpu = per_cpu();
  return cpu.heap->allocate(size, alignment, cpu.heap_cache);
}
void deallocate(void* object) {
  if (!object) return;
  PerCpu& cpu = per_cpu();
  cpu.heap->deallocate(object, cpu.heap_cache);
}

}  // namespace halcyon
