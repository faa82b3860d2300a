// The life of an address space: creation, fork, destruction, and looking things up in it.
#include "core/mm/address_space.h"

#include "core/base/lock_guard.h"
#include "core/file/inode.h"
#include "core/mm/frames/frame_allocator.h"
#include "core/mm/removed.h"
#include "hal/isa/isa.h"

namespace halcyon {

AddressLayout layout_of(hal::Isa isa) {
  const hal::IsaDescription& its = hal::description(isa);
  return {.user_end = its.user_end, .mmap_base = its.mmap_base, .stack_top = its.stack_top, .pie_base = its.pie_base};
}

AddressSpace::AddressSpace(hal::Machine& machine, Own<PageTables> tables)
    : machine_(machine), layout_(layout_of(machine.isa())), tables_(std::move(tables)) {}

Result<Ref<AddressSpace>> AddressSpace::create(hal::Machine& machine) {
  Own<PageTables> tables = TRY(PageTables::create(machine));
  return make_ref<AddressSpace>(machine, std::move(tables));
}

AddressSpace::~AddressSpace() {
  // No CPU may still walk the tree that goes now; frames need no other shoot-down.
  machine_.forget_root(root());
  tables_.reset();
  vmas_.clear();
}

Vma* AddressSpace::find(UserAddr address) {
  Vma* vma = vmas_.find_from(address);
  return vma && vma->start <= address ? vma : nullptr;
}

void AddressSpace::enter(Vma& vma) {
  vmas_.insert(vma);
  PageCache* cache = vma.file ? vma.cache() : nullptr;
  if (!cache) return;
  vma.may_write = vma.is_shared && vma.file->is_writable();
  cache->mappers().add(vma, *this);
}

PageFlags AddressSpace::flags_for(const Vma& vma) {
  bool may_write = (vma.protection & prot::write) != 0;
  bool write = may_write && vma.is_shared && !vma.tracks_writes();
  return PageFlags{.write = write,
                   .execute = (vma.protection & prot::execute) != 0,
                   .copy_on_write = may_write && !write,
                   .read = vma.protection != prot::none};
}

Result<Ref<AddressSpace>> AddressSpace::fork() {
  Ref<AddressSpace> child = TRY(create(machine_));
  child->lock_.assert_unshared();
  LockGuard guard(lock_);
  child->break_start_ = break_start_;
  child->break_ = break_;
  child->limit_pages_ = limit_pages_;
  child->data_limit_ = data_limit_;
  child->stack_limit_ = stack_limit_;
  child->program_ = program_;
  child->vdso_.store(vdso(), std::memory_order_relaxed);
  child->refuses_huge_pages = refuses_huge_pages.load();
  Result<> result;
  for (const Vma& vma : vmas_) {
    if (vma.dont_fork) continue;
    auto copy = vma.copy(vma.start, vma.end);
    if (!copy) {
      result = std::unexpected(copy.error());
      break;
    }
    (*copy)->is_locked = false;  // mlock(2): locks are not inherited
    child->add_mapped(vma.length());
    child->enter(*(*copy).release());
    // Pages of a shared file mapping are found again in the cache; copying their entries would only save faults.
    if (vma.wipe_on_fork) continue;
    result = tables_->share_with(*child->tables_, vma.start, vma.end, !vma.is_shared);
    if (!result) break;
  }
  // The parent's private pages lost their write permission.
  machine_.shoot_down(root(), 0, layout_.user_end);
  if (!result) return std::unexpected(result.error());
  return child;
}

void AddressSpace::set_limits(uint64_t address_space, uint64_t data, uint64_t stack) {
  LockGuard guard(lock_);
  limit_pages_ = address_space >> page_shift;
  data_limit_ = data;
  stack_limit_ = stack;
}

AddressSpace::ProgramInfo AddressSpace::program() {
  LockGuard guard(lock_);
  return program_;
}

void AddressSpace::set_program(ProgramInfo program) {
  LockGuard guard(lock_);
  program_ = std::move(program);
}

Result<AddressSpace::FutexKey> AddressSpace::futex_key(UserAddr address, bool is_private) {
  if (is_private) return FutexKey{this, address};
  LockGuard guard(lock_);
  Vma* vma = find(address);
  if (!vma) return err::fault;
  // Whoever says that the memory is private is another waiter, as on Linux, even where it is. Words are aligned: the lowest bit is free.
  if (!vma->is_shared) return FutexKey{this, address | 1};
  PageCache* cache = vma->cache();
  if (!cache) return err::fault;
  return FutexKey{cache, vma->offset + (address - vma->start)};
}

}  // namespace halcyon
