// Memory: mmap(2) and its kin.
#include "core/file/inode.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/abi/abi.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"
#include "syscalls/memory/lock_limit.h"

namespace halcyon {

namespace {

namespace map_flag {
constexpr uint32_t shared = 1, private_map = 2, shared_validate = 3, type_mask = 0xf, fixed = 0x10, anonymous = 0x20, grows_down = 0x100;
constexpr uint32_t near = 0x40, locked = 0x2000, populate = 0x8000, nonblock = 0x10000, huge = 0x40000, fixed_no_replace = 0x100000;
// What MAP_SHARED_VALIDATE knows: these and MAP_DENYWRITE, MAP_EXECUTABLE, MAP_NORESERVE, MAP_STACK, MAP_32BIT, MAP_UNINITIALIZED.
constexpr uint32_t known = type_mask | fixed | anonymous | grows_down | locked | populate | nonblock | 0x0402'5840;
}  // namespace map_flag

// What lies on a mount from which nothing may be executed.
bool is_on_noexec(File& file) {
  const fs::Path* place = file.location();
  return place && (place->mount->flags() & fs::mount_flag::no_exec);
}

Result<> check_file(File& file, bool is_shared, uint32_t protection) {
  if (file.is_path()) return err::badf;
  if (!file.is_readable()) return err::acces;
  if (is_shared && (protection & prot::write) && !file.is_writable()) return err::acces;
  if (is_shared && (protection & prot::write) && (file.flags() & open_flag::append)) return err::acces;
  if ((protection & prot::execute) && is_on_noexec(file)) return err::perm;
  if (file.maps_zeroes()) return {};
  Inode* inode = file.mappable();
  if (!inode || !inode->page_cache()) return err::nodev;
  if (is_shared && file.is_writable() && !file.takes_mapped_writes()) return err::inval;
  if (is_shared && file.is_writable() && (protection & prot::write) && (inode->seals() & seal::future_write)) return err::perm;
  return {};
}

// personality(2), READ_IMPLIES_EXEC.
uint32_t implied_by(Thread& self, uint32_t protection) {
  bool implies = (protection & prot::read) && (self.personality & personality::read_implies_exec);
  return implies ? prot::execute : prot::none;
}

}  // namespace

Result<uint64_t> sys_mmap(Thread& self, Hex address, size_t length, Protection protection, MapFlags flags, Fd fd, Hex offset) {
  using namespace map_flag;
  if (offset & page_mask) return err::inval;
  MapRequest request;
  uint32_t type = flags & type_mask;
  if (!(flags & anonymous)) request.file = TRY(self.files().get(fd));
  if (length == 0) return err::inval;
  if (type != shared && type != private_map && type != shared_validate) return err::inval;
  if (flags & huge) return err::inval;
  request.is_shared = type != private_map;
  request.address = address;
  request.length = length;
  request.protection = protection & prot::all;
  request.fixed = (flags & (fixed | fixed_no_replace)) != 0;
  request.no_replace = (flags & fixed_no_replace) != 0;
  request.grows_down = (flags & grows_down) != 0;
  request.is_near = (flags & near) != 0 && abi_of(self).description().has_map_32bit;
  bool is_locked = (flags & locked) != 0 || self.memory().locks_future();
  request.is_locked = (flags & locked) != 0;
  request.populate = (is_locked || (flags & populate) != 0) && !(flags & nonblock);
  request.offset = offset;
  if (!(flags & anonymous)) {
    if (type == shared_validate && (flags & ~known)) return err::opnotsupp;
    TRY(check_file(*request.file, request.is_shared, request.protection));
    if (is_on_noexec(*request.file)) request.allowed &= ~prot::execute;
    if (request.grows_down) return err::inval;
    uint64_t end;
    if (__builtin_add_overflow(offset.value, length, &end) || end > INT64_MAX) return err::overflow;
    if (request.file->maps_zeroes()) {
      if (request.is_shared && !request.file->is_writable()) request.allowed &= ~prot::write;
      request.file = nullptr, request.offset = 0;
    }
  } else {
    if (type == shared_validate || (request.is_shared && request.grows_down)) return err::inval;
    request.offset = 0;
  }
  request.protection |= implied_by(self, request.protection) & request.allowed;
  request.may_be_low = has_capability(self.credentials(), capability::sys_rawio);
  if ((flags & locked) != 0 && !may_lock(self)) return err::perm;
  if (is_locked && !fits_lock_limit(self, 0, length)) return err::again;
  return self.memory().map(request);
}

Result<uint64_t> sys_munmap(Thread& self, Hex address, size_t length) { return as_result(self.memory().unmap(address, length)); }

Result<uint64_t> sys_mprotect(Thread& self, Hex address, size_t length, Protection protection) {
  constexpr uint32_t sem = 8, grows_down = 0x01000000, grows_up = 0x02000000;
  if (protection & ~(prot::all | sem | grows_down | grows_up)) return err::inval;
  if ((protection & grows_down) && (protection & grows_up)) return err::inval;
  // No stack of these ISAs grows up.
  if ((protection & grows_up) && !(address & page_mask) && length != 0) {
    auto mapped = self.memory().check_mapped(address, 1);
    return mapped ? err::inval : as_result(mapped);
  }
  uint32_t wanted = protection & prot::all;
  return as_result(self.memory().protect(address, length, wanted, (protection & grows_down) != 0, implied_by(self, wanted)));
}

Result<uint64_t> sys_mremap(Thread& self, Hex address, size_t old_length, size_t new_length, RemapFlags flags, Hex new_address) {
  constexpr uint32_t may_move = 1, fixed = 2, dont_unmap = 4;
  if (flags & ~(may_move | fixed | dont_unmap)) return err::inval;
  AddressSpace::RemapRequest request;
  request.address = address;
  request.old_length = old_length;
  request.new_length = new_length;
  request.may_move = (flags & may_move) != 0;
  request.fixed = (flags & fixed) != 0;
  request.dont_unmap = (flags & dont_unmap) != 0;
  request.new_address = new_address;
  request.may_lock_more = new_length <= old_length || fits_lock_limit(self, 0, new_length - old_length);
  return self.memory().remap(request);
}

Result<uint64_t> sys_brk(Thread& self, Hex address) { return self.memory().set_break(address); }

Result<uint64_t> sys_madvise(Thread& self, Hex address, size_t length, MadviseAdvice advice) {
  constexpr int normal = 0, random = 1, sequential = 2, willneed = 3, dontneed = 4, free = 8, remove = 9, dontfork = 10, dofork = 11;
  constexpr int mergeable = 12, unmergeable = 13, hugepage = 14, nohugepage = 15, dontdump = 16, dodump = 17, wipeonfork = 18,
                keeponfork = 19;
  constexpr int cold = 20, pageout = 21, populate_read = 22, populate_write = 23, dontneed_locked = 24;
  if (address & page_mask) return err::inval;
  if (length != 0 && (page_ceil(length) == 0 || address + page_ceil(length) < address)) return err::inval;
  length = page_ceil(length);
  if (length == 0 && advice >= normal && advice <= dontneed_locked) return 0;
  using Advice = AddressSpace::ForkAdvice;
  using Discard = AddressSpace::Discard;
  AddressSpace& memory = self.memory();
  switch (advice) {
    case dontneed: return as_result(memory.discard(address, length, Discard::dont_need));
    case dontneed_locked: return as_result(memory.discard(address, length, Discard::dont_need_locked));
    case free: return as_result(memory.discard(address, length, Discard::free));
    case remove: return as_result(memory.punch_hole(address, length));
    case populate_read: return as_result(memory.populate(address, length, hal::Access::read));
    case populate_write: return as_result(memory.populate(address, length, hal::Access::write));
    case dontfork: return as_result(memory.advise_fork(address, length, Advice::dont_fork));
    case dofork: return as_result(memory.advise_fork(address, length, Advice::do_fork));
    case wipeonfork: return as_result(memory.advise_fork(address, length, Advice::wipe_on_fork));
    case keeponfork: return as_result(memory.advise_fork(address, length, Advice::keep_on_fork));
    // Hints that have nothing to act on here.
    case normal:
    case random:
    case sequential:
    case willneed:
    case hugepage:
    case nohugepage:
    case dontdump:
    case dodump: return as_result(memory.check_mapped(address, length));
    case cold:
    case pageout: {
      auto mapped = memory.check_mapped(address, length, true);
      return !mapped && mapped.error() == Errno::busy ? err::inval : as_result(mapped);
    }
    // Without the feature (KSM), as Linux has it.
    case mergeable:
    case unmergeable:
    default: return err::inval;
  }
}

Result<uint64_t> sys_msync(Thread& self, Hex address, size_t length, MsyncFlags flags) {
  constexpr uint32_t async = 1, invalidate = 2, sync = 4;
  if (flags & ~(async | invalidate | sync) || ((flags & async) && (flags & sync))) return err::inval;
  if (address & page_mask) return err::inval;
  if (length == 0) return 0;
  // The pages of the file and those of the mapping are the same: there is nothing to invalidate.
  auto checked = self.memory().check_mapped(address, length, (flags & invalidate) != 0);
  if (!checked || !(flags & sync)) return as_result(checked);
  return as_result(self.memory().sync(address, length));
}

Result<uint64_t> sys_mincore(Thread& self, Hex address, size_t length, UserPtr<std::byte> residency) {
  if (address & page_mask) return err::inval;
  AddressSpace& memory = self.memory();
  if (!memory.is_valid_range(address, length)) return err::nomem;
  if (!memory.is_valid_range(residency.address(), (length >> page_shift) + ((length & page_mask) != 0))) return err::fault;
  TRY(memory.check_mapped(address, length));
  for (uint64_t page = 0; page < page_ceil(length) >> page_shift; ++page) {
    auto present = std::byte{memory.is_resident(address + (page << page_shift))};
    TRY(put_user(memory, residency.at(page), present));
  }
  return 0;
}

}  // namespace halcyon
