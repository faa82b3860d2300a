// /proc/PID/maps, smaps and smaps_rollup. VMAs are looked at a few at a time with the address space's lock held, and written without it:
// the names of their files need locks of lower rank.
#include "core/file/inode.h"
#include "core/mm/frames/frame_allocator.h"
#include "fs/procfs/task/task_texts.h"

namespace halcyon::fs {

namespace {

// What the pages of a VMA, or of several, are. In bytes, the proportional sizes with 12 more bits.
struct PageSums {
  uint64_t size = 0, resident = 0, referenced = 0, anonymous = 0;
  uint64_t shared_clean = 0, shared_dirty = 0, private_clean = 0, private_dirty = 0;
  uint64_t proportional = 0, proportional_dirty = 0, proportional_anonymous = 0, proportional_file = 0, proportional_shared = 0, locked = 0;
  void add(const PageSums& other) {
    size += other.size, resident += other.resident, referenced += other.referenced, anonymous += other.anonymous;
    shared_clean += other.shared_clean, shared_dirty += other.shared_dirty;
    private_clean += other.private_clean, private_dirty += other.private_dirty;
    proportional += other.proportional, proportional_dirty += other.proportional_dirty, locked += other.locked;
    proportional_anonymous += other.proportional_anonymous, proportional_file += other.proportional_file;
    proportional_shared += other.proportional_shared;
  }
};

class PageSummer final : public PageVisitor {
 public:
  PageSummer(PageSums& sums, const Vma& vma) : sums_(sums), vma_(vma), cache_(vma.cache()) {}
  void page(UserAddr address, const Translation& translation) override {
    uint64_t users = frames().frame(translation.frame).references.load(std::memory_order_relaxed);
    bool is_cached = cache_ != nullptr;
    if (is_cached && !vma_.is_shared) {
      FrameRef cached = cache_->find(vma_.page_index(address));
      is_cached = cached && cached.address() == translation.frame;
    }
    // The cache's own reference is no mapping.
    if (is_cached && users > 1) --users;
    users = std::max<uint64_t>(users, 1);
    // Fork clears the mark of a page that somebody has written to and that is shared since.
    bool is_dirty = translation.flags.dirty || (!is_cached && translation.flags.copy_on_write);
    uint64_t part = (page_size << 12) / users;
    sums_.resident += page_size;
    sums_.proportional += part;
    if (is_dirty) sums_.proportional_dirty += part;
    (!is_cached ? sums_.proportional_anonymous : cache_->has_source() ? sums_.proportional_file : sums_.proportional_shared) += part;
    if (translation.flags.accessed) sums_.referenced += page_size;
    if (!is_cached) sums_.anonymous += page_size;
    uint64_t& kind =
        users > 1 ? (is_dirty ? sums_.shared_dirty : sums_.shared_clean) : (is_dirty ? sums_.private_dirty : sums_.private_clean);
    kind += page_size;
  }

 private:
  PageSums& sums_;
  const Vma& vma_;
  PageCache* cache_;
};

struct SeenVma {
  MapLine line;
  const char* name = nullptr;
  Ref<File> file;
  Ref<SharedMemory> shared;
  PageSums sums;
  bool grows_down = false, is_locked = false, dont_fork = false, wipe_on_fork = false;
  Special special = Special::none;
};

class Collector final : public VmaVisitor {
 public:
  Collector(bool looks_at_pages, UserAddr stack_start) : looks_at_pages_(looks_at_pages), stack_start_(stack_start) {}
  std::span<SeenVma> seen() { return {vmas_.data(), count_}; }
  bool is_full() const { return count_ == vmas_.size(); }

  bool vma(const Vma& vma, const PageTables& pages) override {
    SeenVma& seen = vmas_[count_++];
    seen.line = {vma.start, vma.end, vma.protection, vma.is_shared, vma.cache() && !vma.name ? vma.offset : 0, 0, 0, {}};
    // Of the parts of a stack that was split, the one where the program began is "[stack]".
    if (!vma.grows_down || vma.contains(stack_start_)) seen.name = vma.name;
    seen.file = vma.file;
    seen.shared = vma.shared;
    seen.grows_down = vma.grows_down, seen.is_locked = vma.is_locked;
    seen.dont_fork = vma.dont_fork, seen.wipe_on_fork = vma.wipe_on_fork;
    seen.special = vma.special;
    if (looks_at_pages_) {
      seen.sums.size = vma.length();
      PageSummer summer(seen.sums, vma);
      pages.visit(vma.start, vma.end, summer);
      if (vma.is_locked) seen.sums.locked = seen.sums.proportional;
    }
    return !is_full();
  }

 private:
  std::array<SeenVma, 8> vmas_;
  size_t count_ = 0;
  bool looks_at_pages_;
  UserAddr stack_start_;
};

// Calls action(seen) for every VMA, without locks.
template <class Action>
Result<> for_each_vma(AddressSpace& memory, bool looks_at_pages, Action action) {
  UserAddr from = 0, stack_start = memory.program().stack_start;
  for (;;) {
    Collector collector(looks_at_pages, stack_start);
    memory.visit(collector, from);
    for (SeenVma& seen : collector.seen()) TRY(action(seen));
    if (!collector.is_full()) return {};
    from = collector.seen().back().line.end;
  }
}

// Writes through what would end a line as an octal escape.
class Escaped final : public Writer {
 public:
  explicit Escaped(Writer& out) : out_(out) {}
  void write(std::string_view text) override {
    for (size_t newline = text.find('\n'); newline != std::string_view::npos; newline = text.find('\n')) {
      out_.write(text.substr(0, newline));
      out_.write("\\012");
      text.remove_prefix(newline + 1);
    }
    out_.write(text);
  }

 private:
  Writer& out_;
};

Result<> write_map(Writer& out, SeenVma& seen) {
  TextBuffer name;
  if (seen.file) {
    if (auto attributes = seen.file->attributes()) {
      seen.line.device = attributes->device;
      seen.line.inode = attributes->inode;
    }
    Escaped escaped(name);
    TRY(write_seen_file(escaped, *seen.file));
  } else if (seen.name) {
    name.write(seen.name);
  } else if (seen.shared) {
    seen.line.device = 1;
    seen.line.inode = seen.shared->id();
    name.write("/dev/zero (deleted)");
  }
  if (name.has_failed()) return err::nomem;
  seen.line.name = name.view();
  format_map(out, seen.line);
  return {};
}

void write_sums(Writer& out, const PageSums& sums, bool is_rollup) {
  auto line = [&](std::string_view name, uint64_t bytes) {
    FixedText<32> label;
    print(label, "{}:", name);
    print(out, "{:<15} {:8} kB\n", label.view(), bytes >> 10);
  };
  line("Rss", sums.resident);
  line("Pss", sums.proportional >> 12);
  line("Pss_Dirty", sums.proportional_dirty >> 12);
  if (is_rollup) {
    line("Pss_Anon", sums.proportional_anonymous >> 12);
    line("Pss_File", sums.proportional_file >> 12);
    line("Pss_Shmem", sums.proportional_shared >> 12);
  }
  line("Shared_Clean", sums.shared_clean);
  line("Shared_Dirty", sums.shared_dirty);
  line("Private_Clean", sums.private_clean);
  line("Private_Dirty", sums.private_dirty);
  line("Referenced", sums.referenced);
  line("Anonymous", sums.anonymous);
  for (std::string_view none :
       {"LazyFree", "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb", "Swap", "SwapPss"})
    line(none, 0);
  line("Locked", sums.locked >> 12);
}

void write_flags(Writer& out, const SeenVma& seen) {
  uint32_t protection = seen.line.protection;
  bool is_vvar = seen.special == Special::vvar;
  bool may_write = !is_vvar && (!seen.line.is_shared || !seen.file || seen.file->is_writable());
  const struct {
    bool holds;
    std::string_view name;
  } flags[] = {{(protection & prot::read) != 0, "rd"},
               {(protection & prot::write) != 0, "wr"},
               {(protection & prot::execute) != 0, "ex"},
               {seen.line.is_shared && may_write, "sh"},
               {true, "mr"},
               {may_write, "mw"},
               {!is_vvar, "me"},
               {seen.line.is_shared, "ms"},
               {seen.grows_down, "gd"},
               {is_vvar, "pf"},
               {seen.is_locked, "lo"},
               {is_vvar, "io"},
               {seen.dont_fork, "dc"},
               {seen.special != Special::none, "de"},
               {(protection & prot::write) && !seen.line.is_shared, "ac"},
               {seen.wipe_on_fork, "wf"},
               {is_vvar, "dd"}};
  out.write("VmFlags: ");
  for (const auto& flag : flags)
    if (flag.holds) print(out, "{} ", flag.name);
  out.write("\n");
}

}  // namespace

void format_map(Writer& out, const MapLine& line) {
  constexpr size_t name_column = 73;
  FixedText<160> start;
  auto bit = [&](uint32_t which, char letter) { return (line.protection & which) ? letter : '-'; };
  auto device = static_cast<uint32_t>(line.device);
  print(start, "{:08x}-{:08x} {}{}{}{} {:08x} {:02x}:{:02x} {} ", line.start, line.end, bit(prot::read, 'r'), bit(prot::write, 'w'),
        bit(prot::execute, 'x'), line.is_shared ? 's' : 'p', line.offset, device >> 8 & 0xfff, (device & 0xff) | (device >> 12 & 0xfff00),
        line.inode);
  if (line.name.empty()) print(out, "{}\n", start.view());
  else print(out, "{:<{}}{}{}\n", start.view(), name_column, start.view().size() >= name_column ? " " : "", line.name);
}

Result<> write_maps(const Task& task, Writer& out) {
  TaskState state = TRY(task.look());
  if (!state.resources.memory) return {};
  return for_each_vma(*state.resources.memory, false, [&](SeenVma& seen) { return write_map(out, seen); });
}

Result<> write_smaps(const Task& task, Writer& out) {
  TaskState state = TRY(task.look());
  if (!state.resources.memory) return {};
  return for_each_vma(*state.resources.memory, true, [&](SeenVma& seen) -> Result<> {
    TRY(write_map(out, seen));
    print(out, "{:<15} {:8} kB\n{:<15} {:8} kB\n{:<15} {:8} kB\n", "Size:", seen.sums.size >> 10, "KernelPageSize:", 4, "MMUPageSize:", 4);
    write_sums(out, seen.sums, false);
    out.write("THPeligible:    0\n");
    write_flags(out, seen);
    return {};
  });
}

Result<> write_smaps_rollup(const Task& task, Writer& out) {
  TaskState state = TRY(task.look());
  if (!state.resources.memory) return err::srch;
  PageSums all;
  UserAddr first = 0, last = 0;
  auto summed = for_each_vma(*state.resources.memory, true, [&](SeenVma& seen) -> Result<> {
    if (last == 0) first = seen.line.start;
    last = seen.line.end;
    all.add(seen.sums);
    return {};
  });
  if (!summed) return summed;
  format_map(out, {first, last, 0, false, 0, 0, 0, "[rollup]"});
  write_sums(out, all, true);
  return {};
}

}  // namespace halcyon::fs
