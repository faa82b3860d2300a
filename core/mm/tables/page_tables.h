// PageTables: one tree of page tables in RAM, in whichever format the machine walks. The only implementation is PageTablesOf<Format>
// (page_tables_of.h); the machine's ISA chooses the format when the kernel is built.
//
// The CPU sets the A and D bits itself, so every store to an entry is an atomic exchange that returns the old entry. A present entry owns
// one reference to its frame. The caller holds the address space's lock and does the shoot-downs; frames taken out of entries are handed to
// a FrameBatch, which the caller empties only after the shoot-down.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/own.h"
#include "core/base/result.h"
#include "core/base/types.h"
#include "core/mm/frames/frame.h"
#include "hal/machine.h"

namespace halcyon {

// What an entry permits. `copy_on_write` marks a private page that is shared and therefore not writable now.
struct PageFlags {
  bool write = false;
  bool execute = false;
  bool copy_on_write = false;
  bool read = true;  // false: PROT_NONE, the entry is not accessible but keeps its frame
  bool dirty = false;
  bool accessed = false;
};

struct Translation {
  PhysAddr frame = 0;
  PageFlags flags;
};

// Looks at present pages, in order of address.
class PageVisitor {
 public:
  virtual void page(UserAddr address, const Translation& translation) = 0;

 protected:
  ~PageVisitor() = default;
};

// Frames that were taken out of entries. They are dropped when it is emptied, or destroyed.
class FrameBatch {
 public:
  FrameBatch() = default;
  FrameBatch(const FrameBatch&) = delete;
  FrameBatch& operator=(const FrameBatch&) = delete;
  ~FrameBatch() { drop_all(); }
  bool is_full() const { return count_ == frames_.size(); }
  bool is_empty() const { return count_ == 0; }
  void add(PhysAddr frame) { frames_[count_++] = frame; }
  void drop_all();

 private:
  std::array<PhysAddr, 64> frames_;
  size_t count_ = 0;
};

class PageTables {
 public:
  virtual ~PageTables();
  // A tree whose kernel half the machine has filled. ENOMEM.
  static Result<Own<PageTables>> create(hal::Machine& machine);

  hal::Root root() const { return root_.address(); }

  // The entry for the page at `address`, if one is present.
  virtual bool find(UserAddr address, Translation* translation) const = 0;
  // What a user copy needs in one walk: the frame, if the CPU's own access would succeed now. Sets A, and D for a write.
  virtual bool translate(UserAddr address, hal::Access access, PhysAddr* frame) = 0;
  // Enters `frame`, whose reference it takes over, where nothing is present. ENOMEM (then `frame` is still the caller's).
  virtual Result<> map(UserAddr address, FrameRef&& frame, PageFlags flags) = 0;
  // Enters up to `count` fresh zeroed frames from `address` on, as far as entries are empty and one table reaches; at least the first must
  // succeed. ENOMEM.
  virtual Result<> map_zeroed(UserAddr address, unsigned count, PageFlags flags) = 0;
  // Replaces a present entry; the old frame goes into `batch` unless it is the same.
  virtual void replace(UserAddr address, FrameRef&& frame, PageFlags flags, FrameBatch& batch) = 0;

  // Takes out entries from *address to `end` until the batch is full; *address is left where to go on. True if any was present.
  virtual bool unmap(UserAddr* address, UserAddr end, FrameBatch& batch) = 0;
  // Narrows or widens what present entries permit. Copy-on-write pages stay read-only. True if any present entry changed.
  virtual bool protect(UserAddr start, UserAddr end, PageFlags flags) = 0;
  // fork: shares the pages of [start, end) with `child`; with copy_on_write writable pages become read-only in both. ENOMEM.
  virtual Result<> share_with(PageTables& child, UserAddr start, UserAddr end, bool copy_on_write) = 0;
  // mremap: moves the entries of [from, from + length) to `to`, where nothing is present. ENOMEM (some may have moved: call again).
  virtual Result<> move(UserAddr from, UserAddr to, uint64_t length) = 0;
  // Visits the present pages of [start, end), for /proc.
  virtual void visit(UserAddr start, UserAddr end, PageVisitor& visitor) const = 0;

  // Present pages, and pages of the tree itself.
  uint64_t present_pages() const { return present_; }
  uint64_t table_pages() const { return tables_; }
  // The machine forgets what it knows of the code in [start, end).
  virtual void sync_code(UserAddr start, UserAddr end) = 0;

 protected:
  explicit PageTables(FrameRef root);
  void count_table();

  FrameRef root_;
  uint64_t present_ = 0;

 private:
  uint64_t tables_ = 0;
};

}  // namespace halcyon
