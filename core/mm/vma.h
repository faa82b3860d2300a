// Vma: one stretch of an address space with one backing and one protection (mmap(2)).
#pragma once

#include "core/base/own.h"
#include "core/base/ref.h"
#include "core/base/result.h"
#include "core/base/types.h"
#include "core/file/file.h"
#include "core/mm/cache/page_cache.h"
#include "core/mm/vma_tree.h"

namespace halcyon {

namespace prot {
inline constexpr uint32_t none = 0, read = 1, write = 2, execute = 4;
inline constexpr uint32_t all = 7;
}  // namespace prot

// What of the kernel's own a program has mapped (vdso(7)): it can be moved, hidden and unmapped, but neither grow nor be copied.
enum class Special : uint8_t {
  none,
  vdso,  // code
  vvar,  // data: no memory that could be dropped
};

// Anonymous memory that fork shares (MAP_SHARED|MAP_ANONYMOUS, /dev/zero, System V): a page cache without a file.
class SharedMemory : public RefCounted {
 public:
  explicit SharedMemory(uint64_t size);
  PageCache& pages() { return pages_; }
  uint64_t id() const { return id_; }  // the inode number that /proc/PID/maps shows

 private:
  const uint64_t id_;
  PageCache pages_;
};

// What a VMA says of its range: all that goes with it when it is copied.
struct VmaMembers {
  UserAddr start = 0;
  UserAddr end = 0;
  uint32_t protection = 0;
  bool is_shared = false;
  bool grows_down = false;  // a stack
  bool is_locked = false;   // mlock
  bool dont_fork = false;   // MADV_DONTFORK
  bool wipe_on_fork = false;
  uint32_t allowed = prot::all;  // what mprotect may make of it: neither writable (F_SEAL_FUTURE_WRITE) nor executable (noexec) perhaps
  Special special = Special::none;
  const char* name = nullptr;  // "[heap]", "[stack]": a literal
  Ref<File> file;              // null: anonymous
  Ref<SharedMemory> shared;    // for shared anonymous memory
  uint64_t offset = 0;         // in the file or shared memory, of `start`
};

struct Vma : VmaLinks, Mapper, VmaMembers {
  Vma() = default;
  Vma(const Vma&) = delete;
  Vma& operator=(const Vma&) = delete;
  ~Vma() {
    if (mappers) mappers->remove(*this);
  }

  // The one way to make a VMA out of another (a split, fork, mremap): has all that this one has, and maps at [from, to) what this one
  // has at `from`, which lies in it. What the new one is not to keep, the caller takes away. ENOMEM.
  Result<Own<Vma>> copy(UserAddr from, UserAddr to) const;

  uint64_t length() const { return end - start; }
  bool contains(UserAddr address) const { return address >= start && address < end; }
  uint64_t page_index(UserAddr address) const { return (offset + (address - start)) >> page_shift; }
  // Null for private anonymous memory.
  PageCache* cache() const;
  // A page of it is mapped writable only once somebody has written to it, so that the file learns of it.
  bool tracks_writes() const { return is_shared && file; }
  // True if `next`, which starts where this ends, can be joined to it.
  bool can_merge(const Vma& behind) const;
};

}  // namespace halcyon
