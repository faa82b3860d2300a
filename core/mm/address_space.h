// AddressSpace: what a process sees as memory: VMAs that say what may be where, and page tables that say what is there now.
//
// Lock: lock_ (rank address_space, a mutex) protects vmas_, tables_ and the limits. Page-cache fills happen without it; the fault then
// looks its VMA up again. Frames and files that an operation removes are dropped after the shoot-down and after the lock.
#pragma once

#include <atomic>

#include "core/base/lock_guard.h"
#include "core/base/own.h"
#include "core/base/ref.h"
#include "core/mm/tables/page_tables.h"
#include "core/mm/vma.h"
#include "core/sync/mutex.h"
#include "hal/trap.h"

namespace halcyon {

// Where things are placed: the constants of hal/isa/<isa>/layout.h.
struct AddressLayout {
  UserAddr user_end;   // first address that no user page may reach
  UserAddr mmap_base;  // mappings grow downward from here
  UserAddr stack_top;
  UserAddr pie_base;               // of a position-independent program
  uint64_t min_address = 0x10000;  // mmap_min_addr
};
AddressLayout layout_of(hal::Isa isa);

struct MapRequest {
  UserAddr address = 0;  // a hint, or the place with `fixed`
  uint64_t length = 0;   // of any size; rounded up to pages
  uint32_t protection = prot::none;
  bool is_shared = false;
  bool fixed = false;       // replaces what is there
  bool no_replace = false;  // with fixed: EEXIST instead
  bool grows_down = false;
  bool populate = false;
  bool is_near = false;          // MAP_32BIT
  bool may_be_low = false;       // below the lowest address for all (CAP_SYS_RAWIO); only fixed
  uint32_t allowed = prot::all;  // what mprotect may make of it
  bool is_locked = false;
  Ref<File> file;  // null: anonymous
  Ref<SharedMemory> shared;
  uint64_t offset = 0;  // page aligned
  const char* name = nullptr;
};

// Sizes for /proc and getrusage, in pages. `tables` are those of the page tables themselves.
struct MemoryUse {
  uint64_t mapped = 0, peak_mapped = 0, resident = 0, peak_resident = 0;
  uint64_t data = 0, stack = 0, executable = 0, locked = 0, tables = 0;
};
// What resident pages hold: memory of the process's own, pages of files, pages of files in memory and of shared memory.
struct ResidentPages {
  uint64_t anonymous = 0, file = 0, shared = 0;
};

// What a program found on its stack: getauxval(3).
struct AuxiliaryVector : RefCounted {
  Vec<uint64_t> words;
};

// Called with the address space's lock held.
class VmaVisitor {
 public:
  // `pages` are the tables that the VMA's pages are in. False: visit no more.
  virtual bool vma(const Vma& vma, const PageTables& pages) = 0;

 protected:
  ~VmaVisitor() = default;
};

class AddressSpace : public RefCounted {
 public:
  static constexpr size_t max_map_count = 65530;  // VMAs: /proc/sys/vm/max_map_count

  static Result<Ref<AddressSpace>> create(hal::Machine& machine);
  ~AddressSpace();

  hal::Root root() const { return tables_->root(); }
  const AddressLayout& layout() const { return layout_; }

  // Makes the page at `address` accessible, for a trap or a user copy. EFAULT: nothing is mapped there; EACCES: not with this access; EIO:
  // the backing file ends before it or cannot be read (SIGBUS); ENOMEM. Blocks.
  Result<> fault(UserAddr address, hal::Access access);
  // The frame behind one user address, as the CPU would reach it, faulting it in. Blocks. EFAULT whatever the reason.
  Result<FrameRef> pin(UserAddr address, hal::Access access);
  // The same for a caller who has looked up the allocator, and who drops the reference. False: EFAULT.
  bool pin(FrameAllocator& allocator, UserAddr address, hal::Access access, PhysAddr* frame);

  // mmap(2). EINVAL, ENOMEM, EEXIST, EACCES (checked by the caller for files).
  Result<UserAddr> map(const MapRequest& request);
  Result<> unmap(UserAddr address, uint64_t length);
  // `with_start_of_stack` (PROT_GROWSDOWN): from the start of the VMA on, which must be one that grows down. `implied` is added where it is
  // allowed.
  Result<> protect(UserAddr address, uint64_t length, uint32_t protection, bool with_start_of_stack = false, uint32_t implied = 0);
  struct RemapRequest {
    UserAddr address;
    uint64_t old_length, new_length;
    bool may_move, fixed, dont_unmap;
    UserAddr new_address;
    bool may_lock_more;  // locked memory may grow: EAGAIN otherwise
    UserAddr old_end() const { return address + old_length; }
    bool is_placed() const { return fixed || dont_unmap; }  // new_address is looked at
  };
  // mremap(2). EINVAL, EFAULT, ENOMEM, EAGAIN, EPERM.
  Result<UserAddr> remap(RemapRequest request);
  // Maps the kernel's code for programs right above the data that it reads; returns the address of the code. ENOMEM.
  Result<UserAddr> map_vdso(const Ref<SharedMemory>& data, const Ref<SharedMemory>& code);
  // Where that code is now, or was before the program unmapped it; 0: there was none.
  UserAddr vdso() const { return vdso_.load(std::memory_order_relaxed); }
  // brk(2): returns the break after the call, whatever was asked.
  UserAddr set_break(UserAddr address);
  void place_break(UserAddr start);  // execve: an empty heap
  // Where the heap is said to begin and end (PR_SET_MM); nothing is mapped or unmapped.
  struct BreakRange {
    UserAddr start, end;
  };
  BreakRange break_range();
  void set_break_range(BreakRange range);
  // madvise(2), MADV_DONTNEED, MADV_DONTNEED_LOCKED, MADV_FREE: drops pages, so that the next touch finds zeroes or the file. ENOMEM if
  // something in the range is not mapped; EINVAL: it is locked, or, for MADV_FREE, not private and anonymous.
  enum class Discard { dont_need, dont_need_locked, free };
  Result<> discard(UserAddr address, uint64_t length, Discard how);
  // MADV_REMOVE: punches a hole into the file or shared memory behind the range. EINVAL, EACCES, ENOMEM, and the file's own errors.
  Result<> punch_hole(UserAddr address, uint64_t length);
  // Makes the pages of [start, end) accessible, one by one, until one cannot be: its error; EINTR if the calling thread is to die.
  Result<> fault_in(UserAddr start, UserAddr end, hal::Access access);
  // MADV_POPULATE_READ, MADV_POPULATE_WRITE: as if each page were touched. ENOMEM, EFAULT (a touch would be SIGBUS), EINVAL.
  Result<> populate(UserAddr address, uint64_t length, hal::Access access);
  enum class ForkAdvice { dont_fork, do_fork, wipe_on_fork, keep_on_fork };
  Result<> advise_fork(UserAddr address, uint64_t length, ForkAdvice advice);
  // ENOMEM if a page of it is not mapped; EBUSY, if asked for, if one is locked.
  Result<> check_mapped(UserAddr address, uint64_t length, bool refuses_locked = false);
  Result<> sync(UserAddr address, uint64_t length);  // msync(2) of shared file mappings
  Result<> lock(UserAddr address, uint64_t length, bool locked);
  void lock_all(bool locked);          // of what is mapped now
  void set_locks_future(bool locks) {  // what is mapped from now on
    LockGuard guard(lock_);
    locks_future_ = locks;
  }
  bool locks_future() {
    LockGuard guard(lock_);
    return locks_future_;
  }
  uint64_t locked_pages_with(UserAddr address, uint64_t length);  // how many would be locked if this range were, too
  bool is_resident(UserAddr page);
  void sync_code(UserAddr start, UserAddr end);  // the program wrote to its code there
  // The pages [first_page, end_page) of `cache` leave this address space: with `all`, after a truncate, private mappings lose them, too.
  enum class OfFile : bool { shared, all };
  void unmap_file_pages(PageCache& cache, uint64_t first_page, uint64_t end_page, OfFile which);
  // The next write to a shared page of `cache` faults.
  void protect_file_pages(PageCache& cache);

  // A copy-on-write copy. ENOMEM.
  Result<Ref<AddressSpace>> fork();

  // What futexes are named by: private memory by address space and address, shared memory by its page cache and offset.
  struct FutexKey {
    const void* object = nullptr;
    uint64_t offset = 0;
    bool operator==(const FutexKey&) const = default;
  };
  Result<FutexKey> futex_key(UserAddr address, bool is_private);

  // --- usage.cpp
  // Visits the VMAs that end behind `from`.
  void visit(VmaVisitor& visitor, UserAddr from = 0);
  MemoryUse use();
  ResidentPages resident_kinds();
  uint64_t peak_resident_pages();
  void set_limits(uint64_t address_space, uint64_t data, uint64_t stack);

  // For /proc/PID/{auxv,cmdline,environ,stat,exe}: set by execve, read under the process's own rules.
  struct ProgramInfo {
    UserAddr arguments_start = 0, arguments_end = 0, environment_start = 0, environment_end = 0;
    UserAddr code_start = 0, code_end = 0, data_start = 0, data_end = 0, stack_start = 0, break_start = 0;
    Ref<File> executable;
    Ref<AuxiliaryVector> auxiliary;
  };
  ProgramInfo program();
  void set_program(ProgramInfo program);

  bool is_valid_range(UserAddr address, uint64_t length) const {
    return length <= layout_.user_end && address <= layout_.user_end - length;
  }

  // PR_SET_THP_DISABLE. There are no huge pages; it only has to be kept over fork and execve.
  std::atomic<bool> refuses_huge_pages{false};

 private:
  template <class T, class... Args>
  friend Result<Ref<T>> make_ref(Args&&... args);
  AddressSpace(hal::Machine& machine, Own<PageTables> tables);

  struct Removed;                               // VMAs and frames on their way out, dropped after the lock
  Vma* find(UserAddr address) REQUIRES(lock_);  // the VMA that contains it
  // The first that ends behind it.
  Vma* find_from(UserAddr address) REQUIRES(lock_) { return vmas_.find_from(address); }
  Vma* grow_stack(UserAddr address) REQUIRES(lock_);
  Result<UserAddr> find_gap(UserAddr hint, uint64_t length, bool is_near = false) REQUIRES(lock_);
  Result<UserAddr> gap_below(UserAddr top, UserAddr lowest, uint64_t length) REQUIRES(lock_);
  Result<UserAddr> gap_above(uint64_t length) REQUIRES(lock_);
  Result<> split_at(UserAddr address) REQUIRES(lock_);
  Result<> isolate(UserAddr start, UserAddr end) REQUIRES(lock_);  // no VMA straddles either end
  void merge_around(UserAddr start, UserAddr end) REQUIRES(lock_);
  Result<> insert(Own<Vma> vma) REQUIRES(lock_);
  void remove(UserAddr start, UserAddr end, Removed& removed) REQUIRES(lock_);
  void clear_pages(UserAddr start, UserAddr end) REQUIRES(lock_);
  void add_mapped(uint64_t length) REQUIRES(lock_) {
    mapped_pages_ += length >> page_shift;
    peak_mapped_ = std::max(peak_mapped_, mapped_pages_);
  }
  void note_peak() REQUIRES(lock_) { peak_resident_ = std::max(peak_resident_, tables_->present_pages()); }
  bool fits_limits(const MapRequest& request, uint64_t length) REQUIRES(lock_);
  Result<> fault_anonymous(Vma& vma, UserAddr page, hal::Access access) REQUIRES(lock_);
  void map_around(Vma& vma, UserAddr page, const PageFlags& flags) REQUIRES(lock_);
  Result<> fault_cached(Vma& vma, UserAddr page, hal::Access access, FrameRef frame) REQUIRES(lock_);
  Result<> break_copy_on_write(Vma& vma, UserAddr page, const Translation& old) REQUIRES(lock_);
  void make_writable(Vma& vma, UserAddr page, const Translation& old) REQUIRES(lock_);
  Result<> try_fault(UserAddr address, hal::Access access, Ref<File>* written);
  void enter(Vma& vma) REQUIRES(lock_);
  // --- remap.cpp
  Result<> check_ranges(const RemapRequest& request) const;
  static Result<> check_remap(const Vma& vma, const RemapRequest& request);
  bool has_room_behind(const Vma& vma, UserAddr end, uint64_t more) const REQUIRES(lock_);
  Result<UserAddr> grow_in_place(Vma& vma, UserAddr address, uint64_t more) REQUIRES(lock_);
  Result<UserAddr> move_mapping(const Vma& vma, const RemapRequest& request, Removed& removed) REQUIRES(lock_);
  Result<UserAddr> make_room(const RemapRequest& request, Removed& removed) REQUIRES(lock_);
  Result<> move_pages(const RemapRequest& request, UserAddr target, Removed& removed) REQUIRES(lock_);
  static PageFlags flags_for(const Vma& vma);
  template <class Action>
  Result<> for_each_in(UserAddr address, uint64_t length, Action action) REQUIRES(lock_);

  hal::Machine& machine_;
  const AddressLayout layout_;
  Mutex lock_{Rank::address_space};
  Own<PageTables> tables_;
  VmaTree vmas_ GUARDED_BY(lock_);
  UserAddr break_start_ GUARDED_BY(lock_) = 0;
  UserAddr break_ GUARDED_BY(lock_) = 0;
  uint64_t mapped_pages_ GUARDED_BY(lock_) = 0;
  uint64_t peak_mapped_ GUARDED_BY(lock_) = 0;
  uint64_t peak_resident_ GUARDED_BY(lock_) = 0;  // before pages were last taken out
  uint64_t limit_pages_ GUARDED_BY(lock_) = ~uint64_t{0};
  uint64_t data_limit_ GUARDED_BY(lock_) = ~uint64_t{0};
  uint64_t stack_limit_ GUARDED_BY(lock_) = 8 << 20;
  bool locks_future_ GUARDED_BY(lock_) = false;  // mlockall(2) with MCL_FUTURE
  ProgramInfo program_ GUARDED_BY(lock_);
  std::atomic<UserAddr> vdso_{0};
};

}  // namespace halcyon
