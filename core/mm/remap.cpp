// mremap(2): a mapping shrinks or grows where it is, or its pages go to another place.
#include "core/base/lock_guard.h"
#include "core/mm/address_space.h"
#include "core/mm/removed.h"

namespace halcyon {

// What can be refused without a look at what is mapped. Lengths are whole pages.
Result<> AddressSpace::check_ranges(const RemapRequest& request) const {
  if ((request.address & page_mask) || request.new_length == 0) return err::inval;
  // With MREMAP_DONTUNMAP the new address is a hint, but one that is looked at.
  if (request.is_placed()) {
    if ((request.new_address & page_mask) || !request.may_move || !is_valid_range(request.new_address, request.new_length))
      return err::inval;
  }
  if (request.dont_unmap && request.old_length != request.new_length) return err::inval;
  if (!is_valid_range(request.address, request.old_length)) return err::inval;
  bool overlaps = request.new_address < request.old_end() && request.address < request.new_address + request.new_length;
  return request.is_placed() && overlaps ? err::inval : Result<>();
}

// What cannot be done to `vma`, which has the old address in it.
Result<> AddressSpace::check_remap(const Vma& vma, const RemapRequest& request) {
  if (request.old_length == 0 && !vma.is_shared) return err::inval;
  if (request.old_end() > vma.end) return err::fault;
  if (vma.special != Special::none && request.dont_unmap) return err::inval;
  if (vma.special != Special::none && request.new_length > request.old_length) return err::fault;
  if (vma.is_locked && !request.may_lock_more) return err::again;
  if (request.old_length == 0 && !request.may_move) return err::nomem;
  return {};
}

Result<UserAddr> AddressSpace::remap(RemapRequest request) {
  request.old_length = page_ceil(request.old_length);
  request.new_length = page_ceil(request.new_length);
  TRY(check_ranges(request));
  Removed removed;
  LockGuard guard(lock_);
  if (!find(request.address)) return err::fault;
  // What shrinks may end in other VMAs.
  if (request.new_length < request.old_length) {
    UserAddr new_end = request.address + request.new_length;
    TRY(isolate(new_end, request.old_end()));
    remove(new_end, request.old_end(), removed);
    request.old_length = request.new_length;
  }
  if (!request.is_placed() && request.new_length == request.old_length) return request.address;
  Vma& vma = *find(request.address);
  TRY(check_remap(vma, request));
  if (!request.is_placed() && request.old_length != 0) {
    uint64_t more = request.new_length - request.old_length;
    if (has_room_behind(vma, request.old_end(), more)) return grow_in_place(vma, request.address, more);
    if (!request.may_move) return err::nomem;
  }
  return move_mapping(vma, request, removed);
}

bool AddressSpace::has_room_behind(const Vma& vma, UserAddr end, uint64_t more) const {
  return vma.end == end && is_valid_range(end, more) && (!vma.next || vma.next->start >= end + more);
}

// Shared anonymous memory does not grow with its mapping: touching the new part is SIGBUS, as on Linux.
Result<UserAddr> AddressSpace::grow_in_place(Vma& vma, UserAddr address, uint64_t more) {
  if (mapped_pages_ + (more >> page_shift) > limit_pages_) return err::nomem;
  vma.end += more;
  vmas_.note_bounds(vma);
  add_mapped(more);
  merge_around(address, vma.end);
  return address;
}

// Maps at another place what `vma` has at the old address, and takes the pages there; with an old length of 0 a second mapping.
Result<UserAddr> AddressSpace::move_mapping(const Vma& vma, const RemapRequest& request, Removed& removed) {
  if (mapped_pages_ + (request.new_length >> page_shift) > limit_pages_) return err::nomem;
  Own<Vma> moved = TRY(vma.copy(request.address, request.address + request.new_length));
  UserAddr target = TRY(make_room(request, removed));
  if (request.old_length != 0) TRY(isolate(request.address, request.old_end()));
  moved->start = target;
  moved->end = target + request.new_length;
  if (moved->special == Special::none) moved->name = nullptr;  // "[heap]" and "[stack]" are places
  if (moved->special == Special::vdso) vdso_.store(target, std::memory_order_relaxed);
  enter(*moved.release());
  add_mapped(request.new_length);
  if (request.old_length != 0) TRY(move_pages(request, target, removed));
  merge_around(target, target + request.new_length);
  return target;
}

// Where the mapping goes: what is at a fixed place is removed.
Result<UserAddr> AddressSpace::make_room(const RemapRequest& request, Removed& removed) {
  if (!request.fixed) return find_gap(request.dont_unmap ? request.new_address : 0, request.new_length);
  UserAddr target = request.new_address;
  if (target < layout_.min_address) return err::perm;
  TRY(isolate(target, target + request.new_length));
  remove(target, target + request.new_length, removed);
  return target;
}

// The old range is VMAs of its own by now. If its pages cannot be moved, all is as before, but for what was at the target.
Result<> AddressSpace::move_pages(const RemapRequest& request, UserAddr target, Removed& removed) {
  uint64_t kept = std::min(request.old_length, request.new_length);
  // Entries moved before a failure stay with their pages' new place; the rest fault in again there only if backed by a file.
  auto done = tables_->move(request.address, target, kept);
  machine_.shoot_down(root(), request.address, request.old_end());
  if (!done) {
    static_cast<void>(tables_->move(target, request.address, kept));
    remove(target, target + request.new_length, removed);
    return done;
  }
  if (request.dont_unmap) find(request.address)->is_locked = false;  // the lock has gone with the pages
  else remove(request.address, request.old_end(), removed);
  return {};
}

}  // namespace halcyon
