// mmap, munmap, mprotect, brk: changing which VMAs there are.
#include "core/base/lock_guard.h"
#include "core/file/inode.h"
#include "core/mm/address_space.h"
#include "core/mm/removed.h"

namespace halcyon {

// The highest gap below mmap_base that holds `length`, or the hinted place if it is free. For MAP_32BIT, in the second gibibyte.
Result<UserAddr> AddressSpace::find_gap(UserAddr hint, uint64_t length, bool is_near) {
  constexpr UserAddr near_start = 0x4000'0000, near_end = 0x8000'0000;
  hint = page_floor(hint);
  if (hint != 0) hint = std::max(hint, layout_.min_address);
  bool is_hint_good = !is_near || (length <= near_end && hint <= near_end - length);
  if (hint >= layout_.min_address && is_hint_good && is_valid_range(hint, length)) {
    Vma* next = find_from(hint);
    if (!next || next->start >= hint + length) return hint;
  }
  UserAddr top = is_near ? near_end : layout_.mmap_base, lowest = is_near ? near_start : layout_.min_address;
  if (auto below = gap_below(top, lowest, length)) return below;
  return is_near ? err::nomem : gap_above(length);
}

// The highest place of `length` that ends at or below `top`.
Result<UserAddr> AddressSpace::gap_below(UserAddr top, UserAddr lowest, uint64_t length) {
  Vma* vma = vmas_.find_before(top);
  UserAddr bottom = vma ? std::max(vma->end, lowest) : lowest;
  if (bottom <= top && top - bottom >= length) return top - length;
  vma = vmas_.last_with_gap(vma, length);
  if (!vma || vma->start < lowest || vma->start - lowest < length) return err::nomem;
  return vma->start - length;
}

// The lowest place above mmap_base: when there is none below.
Result<UserAddr> AddressSpace::gap_above(uint64_t length) {
  UserAddr bottom = layout_.mmap_base;
  if (Vma* vma = find_from(bottom)) {
    if (vma->start > bottom && vma->start - bottom >= length) return bottom;
    if (Vma* behind = vmas_.first_with_gap(vma->next, length)) return behind->previous->end;
    bottom = vmas_.last()->end;
  }
  if (bottom <= layout_.stack_top && layout_.stack_top - bottom >= length) return bottom;
  return err::nomem;
}

Result<> AddressSpace::split_at(UserAddr address) {
  Vma* vma = find(address);
  if (!vma || vma->start == address) return {};
  if (vmas_.size() >= max_map_count) return err::nomem;
  Own<Vma> upper = TRY(vma->copy(address, vma->end));
  vma->end = address;
  enter(*upper.release());
  return {};
}

Result<> AddressSpace::isolate(UserAddr start, UserAddr end) {
  TRY(split_at(start));
  return split_at(end);
}

void AddressSpace::merge_around(UserAddr start, UserAddr end) {
  Vma* vma = find_from(start > 0 ? start - 1 : 0);
  while (vma && vma->start <= end) {
    if (!vma->next) return;
    if (!vma->can_merge(*vma->next)) {
      vma = vma->next;
      continue;
    }
    Own<Vma> gone(vma->next);
    vmas_.erase(*gone);
    vma->end = gone->end;
    vmas_.note_bounds(*vma);
  }
}

// Takes all pages of [start, end) out of the tables, batch by batch, each shot down before its frames go.
void AddressSpace::clear_pages(UserAddr start, UserAddr end) {
  note_peak();
  UserAddr at = start;
  while (at < end) {
    FrameBatch batch;
    UserAddr from = at;
    if (tables_->unmap(&at, end, batch)) machine_.shoot_down(root(), from, at);
  }
}

void AddressSpace::remove(UserAddr start, UserAddr end, Removed& removed) {
  for (Vma* vma = find_from(start); vma && vma->start < end;) {
    Vma* next = vma->next;
    clear_pages(vma->start, vma->end);
    mapped_pages_ -= vma->length() >> page_shift;
    vmas_.erase(*vma);
    removed.vmas.insert(*vma);
    vma = next;
  }
}

bool AddressSpace::fits_limits(const MapRequest& request, uint64_t length) {
  uint64_t pages = length >> page_shift;
  if (mapped_pages_ + pages > limit_pages_) return false;
  bool is_data = !request.is_shared && (request.protection & prot::write) && !request.grows_down;
  if (!is_data || data_limit_ == ~uint64_t{0}) return true;
  uint64_t data = 0;
  for (const Vma& vma : vmas_)
    if (!vma.is_shared && (vma.protection & prot::write) && !vma.grows_down) data += vma.length();
  return data + length <= data_limit_;
}

namespace {

// Holds off F_SEAL_WRITE while a mapping that may write is made.
class WriterBegun {
 public:
  WriterBegun() = default;
  WriterBegun(const WriterBegun&) = delete;
  WriterBegun& operator=(const WriterBegun&) = delete;
  ~WriterBegun() {
    if (mappers_) mappers_->end_writer();
  }
  // EPERM.
  Result<> begin(PageCache* cache) {
    if (!cache) return {};
    auto begun = cache->mappers().begin_writer();
    if (begun) mappers_ = &cache->mappers();
    return begun;
  }

 private:
  Mappers* mappers_ = nullptr;
};

}  // namespace

Result<UserAddr> AddressSpace::map(const MapRequest& request) {
  if (request.length == 0 || (request.offset & page_mask)) return err::inval;
  uint64_t length = page_ceil(request.length);
  if (length == 0 || length > layout_.user_end) return err::nomem;
  if (request.offset + length < request.offset) return err::overflow;
  Own<Vma> vma = TRY(make<Vma>());
  vma->file = request.file;
  vma->allowed = request.allowed;
  WriterBegun writer;
  if (request.is_shared && request.file && request.file->is_writable()) {
    TRY(writer.begin(vma->cache()));
    Inode* inode = request.file->mappable();
    if (inode && (inode->seals() & seal::future_write)) vma->allowed &= ~prot::write;
  }
  Ref<SharedMemory> shared = request.shared;
  if (request.is_shared && !request.file && !shared) shared = TRY(make_ref<SharedMemory>(length));
  Removed removed;
  UserAddr address;
  {
    LockGuard guard(lock_);
    if (vmas_.size() >= max_map_count || !fits_limits(request, length)) return err::nomem;
    if (request.fixed) {
      address = request.address;
      if (address & page_mask) return err::inval;
      if (!is_valid_range(address, length)) return err::nomem;
      if (address < layout_.min_address && !request.may_be_low) return err::perm;
      if (request.no_replace) {
        Vma* next = find_from(address);
        if (next && next->start < address + length) return err::exist;
      }
      TRY(isolate(address, address + length));
      remove(address, address + length, removed);
    } else {
      address = TRY(find_gap(request.address, length, request.is_near));
    }
    vma->start = address;
    vma->end = address + length;
    vma->protection = request.protection & prot::all;
    vma->is_shared = request.is_shared;
    vma->grows_down = request.grows_down;
    vma->is_locked = request.is_locked || locks_future_;
    vma->name = request.name;
    vma->shared = std::move(shared);
    vma->offset = request.offset;
    enter(*vma.release());
    add_mapped(length);
    merge_around(address, address + length);
  }
  if (request.populate) {
    // What cannot be had now is had when it is touched.
    bool is_writable = !request.is_shared && (request.protection & prot::write);
    static_cast<void>(fault_in(address, address + length, is_writable ? hal::Access::write : hal::Access::read));
  }
  return address;
}

Result<> AddressSpace::unmap(UserAddr address, uint64_t length) {
  length = page_ceil(length);
  if ((address & page_mask) || length == 0 || !is_valid_range(address, length)) return err::inval;
  Removed removed;
  LockGuard guard(lock_);
  TRY(isolate(address, address + length));
  remove(address, address + length, removed);
  return {};
}

Result<> AddressSpace::protect(UserAddr address, uint64_t length, uint32_t protection, bool with_start_of_stack, uint32_t implied) {
  if (address & page_mask) return err::inval;
  if (length == 0) return {};
  length = page_ceil(length);
  if (length == 0 || !is_valid_range(address, length)) return err::nomem;
  UserAddr end = address + length;
  LockGuard guard(lock_);
  if (with_start_of_stack) {
    Vma* first = find(address);
    if (!first) return err::nomem;
    if (!first->grows_down) return err::inval;
    address = first->start;
  }
  // As Linux: what lies before a hole is changed, then ENOMEM.
  UserAddr covered = address;
  for (Vma* vma = find(address); vma && vma->start <= covered && covered < end;) {
    bool needs_write = (protection & prot::write) && vma->is_shared && vma->file;
    if (needs_write && !vma->file->is_writable()) return err::acces;
    if (protection & prot::all & ~vma->allowed) return err::acces;
    UserAddr stop = std::min(end, vma->end);
    TRY(isolate(covered, stop));
    vma = find(covered);
    vma->protection = (protection & prot::all) | (implied & vma->allowed);
    if (tables_->protect(vma->start, vma->end, flags_for(*vma))) machine_.shoot_down(root(), vma->start, vma->end);
    covered = stop;
    vma = vma->next;
  }
  merge_around(address, covered);
  if (covered < end) return err::nomem;
  return {};
}

void AddressSpace::place_break(UserAddr start) {
  LockGuard guard(lock_);
  break_start_ = break_ = start;
}

AddressSpace::BreakRange AddressSpace::break_range() {
  LockGuard guard(lock_);
  return {break_start_, break_};
}

void AddressSpace::set_break_range(BreakRange range) {
  LockGuard guard(lock_);
  break_start_ = range.start;
  break_ = range.end;
}

UserAddr AddressSpace::set_break(UserAddr address) {
  UniqueLock guard(lock_);
  if (address < break_start_ || address >= layout_.user_end) return break_;
  UserAddr old_end = page_ceil(break_);
  UserAddr new_end = page_ceil(address);
  if (new_end == old_end) return break_ = address;
  if (new_end < old_end) {
    Removed removed;
    if (!isolate(new_end, old_end)) return break_;
    remove(new_end, old_end, removed);
    break_ = address;
    guard.unlock();
    return address;
  }
  Vma* next = find_from(old_end);
  if (next && next->start < new_end) return break_;
  if (data_limit_ != ~uint64_t{0} && new_end - break_start_ > data_limit_) return break_;
  if (mapped_pages_ + ((new_end - old_end) >> page_shift) > limit_pages_) return break_;
  Vma* heap = old_end > 0 ? find(old_end - 1) : nullptr;
  if (heap && heap->name && heap->protection == (prot::read | prot::write) && !heap->file && std::string_view(heap->name) == "[heap]") {
    heap->end = new_end;
    vmas_.note_bounds(*heap);
  } else {
    auto vma = make<Vma>();
    if (!vma) return break_;
    (*vma)->start = old_end;
    (*vma)->end = new_end;
    (*vma)->protection = prot::read | prot::write;
    (*vma)->name = "[heap]";
    (*vma)->is_locked = locks_future_;
    enter(*(*vma).release());
  }
  add_mapped(new_end - old_end);
  return break_ = address;
}

}  // namespace halcyon
