// mlock(2), mlockall(2) and their kin. Nothing is ever swapped out, so to lock memory is to fault it in, to count it, and to remember that
// madvise(2) may not drop it.
#include "core/task/kernel.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"
#include "syscalls/memory/lock_limit.h"

namespace halcyon {

namespace {

constexpr uint32_t mcl_current = 1, mcl_future = 2, mcl_on_fault = 4;

Result<uint64_t> lock(Thread& self, UserAddr address, size_t length, bool populates) {
  AddressSpace& memory = self.memory();
  if (!may_lock(self)) return err::perm;
  if (!memory.is_valid_range(address, length)) return err::nomem;
  if (!fits_lock_limit(self, address, length)) return err::nomem;
  TRY(memory.lock(address, length, true));
  if (!populates) return 0;
  if (!memory.fault_in(address, address + length, hal::Access::read)) return err::nomem;
  return 0;
}

// Faults everything in that can be.
class Populate final : public VmaVisitor {
 public:
  explicit Populate(AddressSpace& memory) : memory_(memory) {}
  // One range at a time: faults take the lock with which VMAs are visited.
  void run() {
    for (end_ = 0;;) {
      UserAddr from = end_;
      is_found_ = false;
      memory_.visit(*this, from);
      if (!is_found_) return;
      if (auto done = memory_.fault_in(start_, end_, hal::Access::read); !done && done.error() == Errno::intr) return;
    }
  }
  bool vma(const Vma& vma, const PageTables&) override {
    start_ = vma.start, end_ = vma.end;
    is_found_ = true;
    return false;
  }

 private:
  AddressSpace& memory_;
  UserAddr start_ = 0, end_ = 0;
  bool is_found_ = false;
};

}  // namespace

Result<uint64_t> sys_mlock(Thread& self, Hex address, size_t length) { return lock(self, address, length, true); }

Result<uint64_t> sys_mlock2(Thread& self, Hex address, size_t length, uint32_t flags) {
  constexpr uint32_t on_fault = 1;
  if (flags & ~on_fault) return err::inval;
  return lock(self, address, length, (flags & on_fault) == 0);
}

Result<uint64_t> sys_munlock(Thread& self, Hex address, size_t length) { return as_result(self.memory().lock(address, length, false)); }

Result<uint64_t> sys_mlockall(Thread& self, uint32_t flags) {
  if ((flags & ~(mcl_current | mcl_future | mcl_on_fault)) || (flags & (mcl_current | mcl_future)) == 0) return err::inval;
  if (!may_lock(self)) return err::perm;
  AddressSpace& memory = self.memory();
  uint64_t limit = self.process().limit(Limit::locked_memory).soft;
  bool is_free = has_capability(self.credentials(), capability::ipc_lock) || limit == unlimited;
  if ((flags & mcl_current) && !is_free && memory.use().mapped > limit >> page_shift) return err::nomem;
  memory.set_locks_future((flags & mcl_future) != 0);
  if (!(flags & mcl_current)) return 0;
  memory.lock_all(true);
  if (!(flags & mcl_on_fault)) Populate(memory).run();
  return 0;
}

Result<uint64_t> sys_munlockall(Thread& self) {
  self.memory().set_locks_future(false);
  self.memory().lock_all(false);
  return 0;
}

}  // namespace halcyon
