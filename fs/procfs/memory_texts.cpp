// /proc/meminfo and vmstat.
#include "core/mm/frames/frame_allocator.h"
#include "fs/procfs/proc_file_system.h"

namespace halcyon::fs {

namespace {

// Pages by who holds them. Nothing is taken back from caches when memory is short: what is available is what is free.
struct PageCounts {
  explicit PageCounts(Kernel& kernel) {
    FrameAllocator& frames = kernel.frames();
    total = frames.total_pages();
    free = frames.free_pages();
    memory_files = frames.memory_file_pages;
    files = frames.cached_pages + memory_files;
    slab = kernel.heap().pages();
    tables = frames.table_pages;
  }
  uint64_t total, free, files, memory_files, slab, tables;
};

Result<> write_memory_info(const TextContext& context, Writer& out) {
  PageCounts pages(context.kernel);
  const struct {
    std::string_view name;
    uint64_t pages;
  } lines[] = {{"MemTotal:", pages.total},
               {"MemFree:", pages.free},
               {"MemAvailable:", pages.free},
               {"Buffers:", 0},
               {"Cached:", pages.files},
               {"SwapCached:", 0},
               {"SwapTotal:", 0},
               {"SwapFree:", 0},
               {"Shmem:", pages.memory_files},
               {"KReclaimable:", 0},
               {"Slab:", pages.slab},
               {"SReclaimable:", 0},
               {"SUnreclaim:", pages.slab},
               {"PageTables:", pages.tables}};
  for (const auto& line : lines) print(out, "{:<15} {:8} kB\n", line.name, line.pages * (page_size / 1024));
  return {};
}

Result<> write_vm_statistics(const TextContext& context, Writer& out) {
  PageCounts pages(context.kernel);
  const struct {
    std::string_view name;
    uint64_t value;
  } lines[] = {{"nr_free_pages", pages.free},         {"nr_slab_unreclaimable", pages.slab},
               {"nr_file_pages", pages.files},        {"nr_shmem", pages.memory_files},
               {"nr_page_table_pages", pages.tables}, {"pgfault", context.kernel.statistics().page_faults}};
  for (const auto& line : lines) print(out, "{} {}\n", line.name, line.value);
  return {};
}

constexpr SystemText texts[] = {{"meminfo", write_memory_info}, {"vmstat", write_vm_statistics}};

}  // namespace

const std::span<const SystemText> memory_texts = texts;

}  // namespace halcyon::fs
