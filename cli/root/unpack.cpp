// Archives are unpacked entry by entry through the calls that programs use, so that links, modes and times come out as tar(1) would leave
// them.
#include "cli/root/unpack.h"

#include "cli/failure.h"
#include "fs/calls/attributes.h"
#include "fs/calls/names.h"
#include "fs/calls/open.h"

namespace halcyon::cli {
namespace {

constexpr uint32_t type_mask = 0170000;

class Unpacker {
 public:
  explicit Unpacker(const fs::Caller& caller) : caller_(caller) {}

  void create(ArchiveEntry& entry) {
    std::string path = "/" + entry.path;
    Result<> made = make(entry, path);
    if (!made && made.error() == Errno::exist) {
      // A later entry of the same name: tar(1) removes the earlier object.
      require(fs::unlink(caller_, {}, path), entry);
      made = make(entry, path);
    }
    require(made, entry);
    if (entry.is_hard_link) return;
    if (entry.is_regular()) fill(entry, path);
    set_attributes(entry, path);
  }

  // A directory's time would change with every entry in it.
  void set_time(const ArchiveEntry& entry) {
    fs::TimeChange time{fs::TimeChange::Kind::set, entry.modified};
    require(fs::utimens(caller_, {}, "/" + entry.path, time, time, 0), entry);
  }

 private:
  void require(const Result<>& outcome, const ArchiveEntry& entry) {
    if (outcome) return;
    const char* hint = outcome.error() == Errno::nomem || outcome.error() == Errno::nospc ? " (give more --memory)" : "";
    fail(exit_status::own_failure, "--root: cannot unpack '{}': {}{}", entry.path, errno_name(outcome.error()), hint);
  }

  Result<> make(const ArchiveEntry& entry, const std::string& path) {
    if (entry.is_hard_link) return fs::link(caller_, {}, "/" + entry.target, {}, path, 0);
    if (entry.is_symlink()) return fs::symlink(caller_, entry.target, {}, path);
    if (!entry.is_directory()) return fs::mknod(caller_, {}, path, entry.mode, make_device(entry.device_major, entry.device_minor));
    if (entry.path.empty()) return {};
    Result<> made = fs::mkdir(caller_, {}, path, entry.mode & ~type_mask);
    if (made || made.error() != Errno::exist) return made;
    auto old = fs::stat(caller_, {}, path, 0);
    if (old && old->type == FileType::directory) return {};
    return made;
  }

  void fill(ArchiveEntry& entry, const std::string& path) {
    auto file = fs::open(caller_, {}, path, open_flag::write_only | open_flag::no_follow, 0);
    if (!file) require(std::unexpected(file.error()), entry);
    KernelSource source(std::as_bytes(std::span(entry.data)));
    while (source.remaining() > 0) {
      auto written = (*file)->write(source);
      if (!written) require(std::unexpected(written.error()), entry);
    }
    std::string().swap(entry.data);
  }

  void set_attributes(const ArchiveEntry& entry, const std::string& path) {
    uint32_t follow = 0;
    require(fs::chown(caller_, {}, path, entry.uid, entry.gid, follow), entry);
    // After chown(2), which clears the set-id bits.
    if (!entry.is_symlink()) require(fs::chmod(caller_, {}, path, entry.mode & ~type_mask, follow), entry);
    if (!entry.is_directory()) set_time(entry);
  }

  const fs::Caller& caller_;
};

}  // namespace

void unpack(ArchiveImage& image, const fs::Caller& caller) {
  uint32_t umask = caller.context.set_umask(0);
  Unpacker unpacker(caller);
  for (ArchiveEntry& entry : image.entries()) unpacker.create(entry);
  for (ArchiveEntry& entry : image.entries())
    if (entry.is_directory()) unpacker.set_time(entry);
  caller.context.set_umask(umask);
}

}  // namespace halcyon::cli
