#include "fs/ramfs/ram_file_system.h"

#include "core/mm/frames/frame.h"
#include "fs/tree/file_node.h"

namespace halcyon::fs {

namespace {

// Text that is too long for Linux to keep it in the inode takes a page.
constexpr size_t short_symlink = 128;

class LongSymlink final : public SymlinkNode {
 public:
  // A page has been taken for it.
  LongSymlink(RamFileSystem& file_system, const NodeStart& start, String target) : SymlinkNode(file_system, start, std::move(target)) {}
  ~LongSymlink() override { file_system().space()->give_pages(1); }

 protected:
  uint64_t blocks() override { return page_size / 512; }
};

}  // namespace

RamFileSystem::RamFileSystem(Vfs& vfs, const RamOptions& options, std::string_view type)
    : TreeFileSystem(vfs, type, type == "ramfs" ? ramfs_magic : tmpfs_magic), options_(options) {
  space()->pages.set_limit(options.max_pages);
  space()->inodes.set_limit(options.max_inodes);
}

Result<Ref<RamFileSystem>> RamFileSystem::create(Vfs& vfs, const RamOptions& options) { return make_ref<RamFileSystem>(vfs, options); }

Result<Ref<Inode>> RamFileSystem::make_root() {
  Ref<Node> root = TRY(new_node(FileType::directory, options_.root_permissions, options_.root_uid, options_.root_gid, 0));
  TRY(root->charge());
  return root;
}

Result<Ref<Node>> RamFileSystem::new_file(const NodeStart& start) {
  Ref<FileNode> file = TRY(make_ref<FileNode>(*this, start));
  file->set_seals(seal::has_seals | seal::seal);  // a file with a name cannot be sealed
  return file;
}

Result<Ref<Node>> RamFileSystem::new_symlink(std::string_view target, uint32_t uid, uint32_t gid) {
  if (target.size() < short_symlink) return TreeFileSystem::new_symlink(target, uid, gid);
  String text = TRY(String::copy(target));
  TRY(space()->take_pages(1));
  NodeStart start{FileType::symlink, 0777, uid, gid, new_number()};
  auto made = make_ref<LongSymlink>(*this, start, std::move(text));
  if (!made) space()->give_pages(1);
  return made;
}

Result<FileSystemStatistics> RamFileSystem::statistics() {
  FileSystemStatistics statistics = TRY(FileSystem::statistics());
  statistics.blocks = space()->pages.limit();
  statistics.blocks_free = statistics.blocks_available = space()->pages.left();
  statistics.files = space()->inodes.limit();
  statistics.files_free = space()->inodes.left();
  return statistics;
}

void RamFileSystem::write_options(Writer& out) {
  RamOptions usual = type() == "ramfs" ? RamOptions() : RamOptions::with_default_limits(01777);
  uint64_t pages = space()->pages.limit(), inodes = space()->inodes.limit();
  if (pages != usual.max_pages) print(out, ",size={}k", pages << (page_shift - 10));
  if (inodes != usual.max_inodes) print(out, ",nr_inodes={}", inodes);
  if (options_.root_permissions != 01777) print(out, ",mode={:o}", options_.root_permissions);
  if (options_.root_uid != 0) print(out, ",uid={}", options_.root_uid);
  if (options_.root_gid != 0) print(out, ",gid={}", options_.root_gid);
}

Result<> RamFileSystem::reconfigure(const MountOptions& options) {
  if (type() == "ramfs") return {};
  RamOptions wanted{.max_pages = space()->pages.limit(), .max_inodes = space()->inodes.limit()};
  RamOptions before = wanted;
  wanted.apply(options);
  if (wanted.max_pages != before.max_pages && !space()->pages.may_become(wanted.max_pages)) return err::inval;
  if (wanted.max_inodes != before.max_inodes && !space()->inodes.may_become(wanted.max_inodes)) return err::inval;
  space()->pages.set_limit(wanted.max_pages);
  space()->inodes.set_limit(wanted.max_inodes);
  return {};
}

Result<Ref<FileSystem>> TmpfsType::create(const MountRequest& request) {
  RamOptions options = RamOptions::with_default_limits(01777);
  options.apply(request.options);
  Ref<RamFileSystem> file_system = TRY(RamFileSystem::create(request.vfs, options));
  return file_system;
}

Result<Ref<FileSystem>> RamfsType::create(const MountRequest& request) {
  RamOptions options;
  options.apply(request.options);
  Ref<RamFileSystem> file_system = TRY(make_ref<RamFileSystem>(request.vfs, options, "ramfs"));
  return file_system;
}

}  // namespace halcyon::fs
