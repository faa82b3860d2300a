// PageTablesOf<Format>: the one implementation of PageTables, over the entry format that the machine walks (hal/isa/<isa>/page_format.h).
#pragma once

#include "core/mm/tables/page_tables.h"

namespace halcyon {

template <class Format>
class PageTablesOf final : public PageTables {
 public:
  explicit PageTablesOf(FrameRef root) : PageTables(std::move(root)) {}
  ~PageTablesOf() override;

  bool find(UserAddr address, Translation* translation) const override;
  bool translate(UserAddr address, hal::Access access, PhysAddr* frame) override;
  Result<> map(UserAddr address, FrameRef&& frame, PageFlags flags) override;
  Result<> map_zeroed(UserAddr address, unsigned count, PageFlags flags) override;
  void replace(UserAddr address, FrameRef&& frame, PageFlags flags, FrameBatch& batch) override;
  bool unmap(UserAddr* address, UserAddr end, FrameBatch& batch) override;
  bool protect(UserAddr start, UserAddr end, PageFlags flags) override;
  Result<> share_with(PageTables& child, UserAddr start, UserAddr end, bool copy_on_write) override;
  Result<> move(UserAddr from, UserAddr to, uint64_t length) override;
  void visit(UserAddr start, UserAddr end, PageVisitor& visitor) const override;
  void sync_code(UserAddr start, UserAddr end) override;

 private:
  static constexpr uint64_t entries_per_table = 512;
  static unsigned index_at(UserAddr address, unsigned level) { return static_cast<unsigned>(address >> (page_shift + 9 * level)) & 511; }
  static uint64_t* table_at(PhysAddr address);
  uint64_t exchange(uint64_t& entry, uint64_t value);
  static uint64_t encode(PhysAddr frame, PageFlags flags);
  static PageFlags decode(uint64_t entry);
  // The last-level entry for `address`; null if a table on the way is missing.
  uint64_t* entry(UserAddr address) const;
  Result<uint64_t*> make_entry(UserAddr address);
  void destroy(PhysAddr table, unsigned level);
  // Calls action(address, entry) for present entries until it returns false; skips holes by whole tables.
  template <class Action>
  void for_each(UserAddr start, UserAddr end, Action action) const;

  // What translate() found last, by access: system calls reach for the same few pages, most of them of the stack. Since entries change by
  // exchange() alone, but for bits that the CPU sets, it forgets.
  struct Recent {
    UserAddr page = ~UserAddr{0};
    PhysAddr frame = 0;
  };
  std::array<Recent, 3> recent_;
};

}  // namespace halcyon
