// OverlayTest: a host directory, covered by the overlay at /top. Whatever a test does in the guest, the host directory stays as it was put
// up: changed() tells.
#pragma once

#include "core/mm/cache/page_cache.h"
#include "fs/overlay/overlay_file_system.h"
#include "tests/unit/fs/host/host_directory.h"

namespace halcyon::test {

class OverlayTest : public HostTest {
 protected:
  void cover() {
    auto files = must(hal::open_host_files(host.path(), false));
    auto lower = must(fs::HostFileSystem::create(vfs, std::move(files), false));
    must(fs::mount_new(root.caller(), must(fs::OverlayFileSystem::create(vfs, std::move(lower))), host.path(), "/top"));
  }
  // Whatever nobody uses is dropped: what the layer holds must come back as it was.
  void forget() {
    while (vfs.dentries().shrink(1000) > 0) {
    }
  }
  uint64_t number(std::string_view path) { return root.lstat(path).inode; }
};

}  // namespace halcyon::test
