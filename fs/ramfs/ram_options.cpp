#include "fs/ramfs/ram_options.h"

#include "core/file/attributes.h"
#include "core/mm/frames/frame.h"
#include "core/mm/frames/frame_allocator.h"

namespace halcyon::fs {

namespace {

namespace key {
enum : unsigned { without_effect, pages, inodes, permissions, uid, gid };
}

constexpr OptionSpec of_tmpfs[] = {{"size", key::pages, OptionValue::pages},
                                   {"nr_blocks", key::pages, OptionValue::count},
                                   {"nr_inodes", key::inodes, OptionValue::count},
                                   {"mode", key::permissions, OptionValue::octal},
                                   {"uid", key::uid, OptionValue::id},
                                   {"gid", key::gid, OptionValue::id},
                                   {"huge", key::without_effect, OptionValue::word, "never|always|within_size|advise"},
                                   {"mpol", key::without_effect, OptionValue::word, "default|local"},
                                   {"inode32", key::without_effect},
                                   {"inode64", key::without_effect},
                                   {"noswap", key::without_effect}};
constexpr OptionSpec of_ramfs[] = {{"mode", key::permissions, OptionValue::octal}};

}  // namespace

constinit const std::span<const OptionSpec> tmpfs_options = of_tmpfs;
constinit const std::span<const OptionSpec> ramfs_options = of_ramfs;

RamOptions RamOptions::with_default_limits(uint32_t root_permissions) {
  uint64_t half = frames().total_pages() / 2;
  return {.max_pages = half, .max_inodes = half, .root_permissions = root_permissions};
}

void RamOptions::apply(const MountOptions& options) {
  for (const auto& [which, value] : options) {
    switch (which) {
      case key::pages: max_pages = value; break;
      case key::inodes: max_inodes = value; break;
      case key::permissions: root_permissions = static_cast<uint32_t>(value) & mode::permissions; break;
      case key::uid: root_uid = static_cast<uint32_t>(value); break;
      case key::gid: root_gid = static_cast<uint32_t>(value); break;
      default: break;
    }
  }
}

}  // namespace halcyon::fs
