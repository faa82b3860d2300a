// Flags of calls on memory.
#include "syscalls/strace/names.h"

namespace halcyon::strace {

namespace {

constexpr Name protections[] = {
    {0, "PROT_NONE"}, {1, "PROT_READ"}, {2, "PROT_WRITE"}, {4, "PROT_EXEC"}, {0x01000000, "PROT_GROWSDOWN"}, {0x02000000, "PROT_GROWSUP"}};
constexpr Name map_kinds[] = {{0, "MAP_FILE"}, {1, "MAP_SHARED"}, {2, "MAP_PRIVATE"}, {3, "MAP_SHARED_VALIDATE"}};
constexpr Name map_flags[] = {{0x10, "MAP_FIXED"},      {0x20, "MAP_ANONYMOUS"},          {0x40, "MAP_32BIT"},    {0x100, "MAP_GROWSDOWN"},
                              {0x800, "MAP_DENYWRITE"}, {0x1000, "MAP_EXECUTABLE"},       {0x2000, "MAP_LOCKED"}, {0x4000, "MAP_NORESERVE"},
                              {0x8000, "MAP_POPULATE"}, {0x10000, "MAP_NONBLOCK"},        {0x20000, "MAP_STACK"}, {0x40000, "MAP_HUGETLB"},
                              {0x80000, "MAP_SYNC"},    {0x100000, "MAP_FIXED_NOREPLACE"}};
constexpr Name remap_flags[] = {{1, "MREMAP_MAYMOVE"}, {2, "MREMAP_FIXED"}, {4, "MREMAP_DONTUNMAP"}};
constexpr Name advices[] = {{0, "MADV_NORMAL"},         {1, "MADV_RANDOM"},     {2, "MADV_SEQUENTIAL"},   {3, "MADV_WILLNEED"},
                            {4, "MADV_DONTNEED"},       {8, "MADV_FREE"},       {9, "MADV_REMOVE"},       {10, "MADV_DONTFORK"},
                            {11, "MADV_DOFORK"},        {12, "MADV_MERGEABLE"}, {13, "MADV_UNMERGEABLE"}, {14, "MADV_HUGEPAGE"},
                            {15, "MADV_NOHUGEPAGE"},    {16, "MADV_DONTDUMP"},  {17, "MADV_DODUMP"},      {18, "MADV_WIPEONFORK"},
                            {19, "MADV_KEEPONFORK"},    {20, "MADV_COLD"},      {21, "MADV_PAGEOUT"},     {22, "MADV_POPULATE_READ"},
                            {23, "MADV_POPULATE_WRITE"}};
constexpr Name msync_flags[] = {{1, "MS_ASYNC"}, {2, "MS_INVALIDATE"}, {4, "MS_SYNC"}};

}  // namespace

void show(Writer& out, Hex value) { show_address(out, value); }
void show(Writer& out, Protection value) { show_flags(out, protections, value, "PROT"); }

void show(Writer& out, MapFlags value) {
  show_choice(out, map_kinds, value & 3, "MAP");
  if (uint32_t rest = value & ~3u) {
    out.write("|");
    show_flags(out, map_flags, rest, "MAP");
  }
}

void show(Writer& out, RemapFlags value) { show_flags(out, remap_flags, value, "MREMAP"); }
void show(Writer& out, MadviseAdvice value) { show_choice(out, advices, static_cast<uint64_t>(value.value), "MADV"); }
void show(Writer& out, MsyncFlags value) { show_flags(out, msync_flags, value, "MS"); }

}  // namespace halcyon::strace
