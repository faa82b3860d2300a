// Page tables as memory: walking, entering and removing entries. Every store to a leaf entry is an atomic exchange, because the CPU sets A
// and D in it meanwhile.
#include <atomic>

#include "core/base/assert.h"
#include "core/mm/frames/frame_allocator.h"
#include "core/mm/tables/page_tables_of.h"
#include "hal/isa/isa.h"

namespace halcyon {

void FrameBatch::drop_all() {
  for (size_t index = 0; index < count_; ++index) frames().drop(frames_[index]);
  count_ = 0;
}

PageTables::PageTables(FrameRef root) : root_(std::move(root)) { count_table(); }

PageTables::~PageTables() { frames().table_pages.fetch_sub(tables_, std::memory_order_relaxed); }

void PageTables::count_table() {
  ++tables_;
  frames().table_pages.fetch_add(1, std::memory_order_relaxed);
}

template <class Format>
uint64_t* PageTablesOf<Format>::table_at(PhysAddr address) {
  return reinterpret_cast<uint64_t*>(frames().data(address));
}

template <class Format>
uint64_t PageTablesOf<Format>::exchange(uint64_t& entry, uint64_t value) {
  for (Recent& recent : recent_) recent.page = ~UserAddr{0};
  return std::atomic_ref(entry).exchange(value, std::memory_order_acq_rel);
}

template <class Format>
uint64_t PageTablesOf<Format>::encode(PhysAddr frame, PageFlags flags) {
  if (flags.execute) frames().mark_executable(frame);
  return Format::leaf(frame, flags.read, flags.write, flags.execute, flags.copy_on_write);
}

template <class Format>
PageFlags PageTablesOf<Format>::decode(uint64_t entry) {
  return PageFlags{.write = Format::may_write(entry),
                   .execute = Format::may_execute(entry),
                   .copy_on_write = Format::is_copy_on_write(entry),
                   .read = Format::may_read(entry),
                   .dirty = Format::is_dirty(entry),
                   .accessed = (entry & Format::accessed) != 0};
}

template <class Format>
void PageTablesOf<Format>::destroy(PhysAddr table, unsigned level) {
  uint64_t* entries = table_at(table);
  uint64_t count = level == Format::levels - 1 ? Format::user_root_entries : entries_per_table;
  for (uint64_t index = 0; index < count; ++index) {
    uint64_t value = entries[index];
    if (!Format::is_present(value)) continue;
    if (level > 0) destroy(Format::address(value), level - 1);
    frames().drop(Format::address(value));
  }
}

template <class Format>
PageTablesOf<Format>::~PageTablesOf() {
  destroy(root(), Format::levels - 1);
}

template <class Format>
uint64_t* PageTablesOf<Format>::entry(UserAddr address) const {
  FrameAllocator& allocator = frames();  // looked up once: this is the path of every access to user memory
  auto table_at = [&](PhysAddr frame) { return reinterpret_cast<uint64_t*>(allocator.data(frame)); };
  uint64_t* table = table_at(root());
  for (unsigned level = Format::levels - 1; level > 0; --level) {
    uint64_t value = table[index_at(address, level)];
    if (!Format::is_present(value)) return nullptr;
    table = table_at(Format::address(value));
  }
  return &table[index_at(address, 0)];
}

template <class Format>
Result<uint64_t*> PageTablesOf<Format>::make_entry(UserAddr address) {
  uint64_t* table = table_at(root());
  for (unsigned level = Format::levels - 1; level > 0; --level) {
    uint64_t& value = table[index_at(address, level)];
    if (!Format::is_present(value)) {
      FrameRef fresh = TRY(FrameRef::allocate());
      exchange(value, Format::table(fresh.release()));
      count_table();
    }
    table = table_at(Format::address(value));
  }
  return &table[index_at(address, 0)];
}

template <class Format>
bool PageTablesOf<Format>::find(UserAddr address, Translation* translation) const {
  const uint64_t* found = entry(address);
  if (!found) return false;
  uint64_t value = *found;
  if (!Format::is_present(value)) return false;
  *translation = {Format::address(value), decode(value)};
  return true;
}

template <class Format>
bool PageTablesOf<Format>::translate(UserAddr address, hal::Access access, PhysAddr* frame) {
  Recent& recent = recent_[static_cast<size_t>(access)];
  if (recent.page == page_floor(address)) [[likely]] {
    *frame = recent.frame;
    return true;
  }
  uint64_t* found = entry(address);
  if (!found) return false;
  uint64_t value = *found;
  if (!Format::permits(value, access)) return false;
  uint64_t touched = Format::touched(access);
  if ((value & touched) != touched) std::atomic_ref(*found).fetch_or(touched, std::memory_order_relaxed);
  *frame = Format::address(value);
  recent = {page_floor(address), *frame};
  return true;
}

template <class Format>
Result<> PageTablesOf<Format>::map(UserAddr address, FrameRef&& frame, PageFlags flags) {
  uint64_t* slot = TRY(make_entry(address));
  ASSERT(!Format::is_present(*slot));
  exchange(*slot, encode(frame.release(), flags));
  ++present_;
  return {};
}

template <class Format>
Result<> PageTablesOf<Format>::map_zeroed(UserAddr address, unsigned count, PageFlags flags) {
  uint64_t* slot = TRY(make_entry(address));
  unsigned left = static_cast<unsigned>(entries_per_table) - index_at(address, 0);
  for (unsigned index = 0; index < std::min(count, left); ++index) {
    if (Format::is_present(slot[index])) {
      ASSERT(index > 0);
      break;
    }
    auto frame = FrameRef::allocate();
    if (!frame && index == 0) return std::unexpected(frame.error());
    if (!frame) break;
    exchange(slot[index], encode(frame->release(), flags));
    ++present_;
  }
  return {};
}

template <class Format>
void PageTablesOf<Format>::replace(UserAddr address, FrameRef&& frame, PageFlags flags, FrameBatch& batch) {
  uint64_t* slot = entry(address);
  PhysAddr next = frame.release();
  uint64_t old = exchange(*slot, encode(next, flags));
  if (Format::address(old) == next) frames().drop(next);
  else batch.add(Format::address(old));
}

template <class Format>
template <class Action>
void PageTablesOf<Format>::for_each(UserAddr start, UserAddr end, Action action) const {
  UserAddr address = start;
  while (address < end) {
    uint64_t* table = table_at(root());
    unsigned level = Format::levels - 1;
    for (; level > 0; --level) {
      uint64_t value = table[index_at(address, level)];
      if (!Format::is_present(value)) break;
      table = table_at(Format::address(value));
    }
    uint64_t span = uint64_t{1} << (page_shift + 9 * (level == 0 ? 1 : level));
    UserAddr boundary = (address & ~(span - 1)) + span;
    if (boundary > end || boundary < address) boundary = end;
    if (level > 0) {
      address = boundary;
      continue;
    }
    for (; address < boundary; address += page_size) {
      uint64_t& slot = table[index_at(address, 0)];
      if (Format::is_present(slot) && !action(address, slot)) return;
    }
  }
}

template <class Format>
bool PageTablesOf<Format>::unmap(UserAddr* address, UserAddr end, FrameBatch& batch) {
  bool any = false;
  UserAddr next = end;
  for_each(*address, end, [&](UserAddr at, uint64_t& slot) {
    if (batch.is_full()) {
      next = at;
      return false;
    }
    batch.add(Format::address(exchange(slot, 0)));
    --present_;
    any = true;
    return true;
  });
  *address = next;
  return any;
}

template <class Format>
bool PageTablesOf<Format>::protect(UserAddr start, UserAddr end, PageFlags flags) {
  bool changed = false;
  for_each(start, end, [&](UserAddr, uint64_t& slot) {
    uint64_t old = slot;
    PageFlags next = flags;
    // A page that may be shared with a fork or a cache stays read-only until a write fault has looked at it.
    if (flags.copy_on_write && Format::may_write(old)) next.write = true, next.copy_on_write = false;
    uint64_t value = encode(Format::address(old), next);
    if ((old & ~(Format::accessed | Format::dirty)) == (value & ~(Format::accessed | Format::dirty))) return true;
    exchange(slot, value | (old & (Format::accessed | Format::dirty)));
    changed = true;
    return true;
  });
  return changed;
}

template <class Format>
Result<> PageTablesOf<Format>::share_with(PageTables& child, UserAddr start, UserAddr end, bool copy_on_write) {
  Result<> result;
  auto& other = static_cast<PageTablesOf&>(child);
  for_each(start, end, [&](UserAddr at, uint64_t& slot) {
    auto target = other.make_entry(at);
    if (!target) {
      result = std::unexpected(target.error());
      return false;
    }
    uint64_t value = slot;
    PageFlags flags = decode(value);
    if (copy_on_write && flags.write) {
      flags.write = false;
      flags.copy_on_write = true;
      exchange(slot, encode(Format::address(value), flags));
    }
    frames().retain(Format::address(value));
    exchange(**target, encode(Format::address(value), flags));
    ++other.present_;
    return true;
  });
  return result;
}

template <class Format>
Result<> PageTablesOf<Format>::move(UserAddr from, UserAddr to, uint64_t length) {
  Result<> result;
  for_each(from, from + length, [&](UserAddr at, uint64_t& slot) {
    auto target = make_entry(to + (at - from));
    if (!target) {
      result = std::unexpected(target.error());
      return false;
    }
    exchange(**target, exchange(slot, 0));
    return true;
  });
  return result;
}

template <class Format>
void PageTablesOf<Format>::sync_code(UserAddr start, UserAddr end) {
  for_each(start, end, [](UserAddr, uint64_t& slot) {
    if (Format::may_execute(slot)) frames().note_kernel_write(Format::address(slot));
    return true;
  });
}

template <class Format>
void PageTablesOf<Format>::visit(UserAddr start, UserAddr end, PageVisitor& visitor) const {
  for_each(start, end, [&](UserAddr address, uint64_t& slot) {
    uint64_t value = slot;
    visitor.page(address, {Format::address(value), decode(value)});
    return true;
  });
}

// Behind the members, which are made for each format here.
Result<Own<PageTables>> PageTables::create(hal::Machine& machine) {
  FrameRef root = TRY(FrameRef::allocate());
  hal::Root address = root.address();
  machine.init_root(address);
  return hal::with_traits(machine.isa(), [&]<class Traits>(Traits) -> Result<Own<PageTables>> {
    return TRY(make<PageTablesOf<typename Traits::PageFormat>>(std::move(root)));
  });
}

}  // namespace halcyon
