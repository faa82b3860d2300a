#include "fs/ramfs/ram_file_system.h"

#include <charconv>

#include "core/mm/frames/frame.h"
#include "core/mm/frames/frame_allocator.h"
#include "fs/tree/file_node.h"

namespace halcyon::fs {

namespace {

constexpr uint64_t pages_of(uint64_t size) { return (size >> page_shift) + ((size & page_mask) != 0); }

class RamFile final : public FileNode {
 public:
  // A file with a name cannot be sealed.
  RamFile(RamFileSystem& file_system, const NodeStart& start) : FileNode(file_system, start) { set_seals(seal::has_seals | seal::seal); }
  ~RamFile() override { ram().release(charged_); }

  Result<> prepare_write(uint64_t end) override {
    if (auto room = FileNode::prepare_write(end); !room) return room;
    uint64_t pages = pages_of(end);
    if (pages <= charged_) return {};
    if (auto charged = ram().charge(pages - charged_); !charged) return charged;
    charged_ = pages;
    return {};
  }

 protected:
  Result<> resize(uint64_t size) override {
    if (auto resized = FileNode::resize(size); !resized) return resized;
    uint64_t pages = pages_of(size);
    if (pages < charged_) ram().release(std::exchange(charged_, pages) - pages);
    return {};
  }

 private:
  RamFileSystem& ram() { return static_cast<RamFileSystem&>(file_system()); }
  uint64_t charged_ = 0;  // pages; under contents_lock
};

// "64k", "10m", "1g", "50%" (of RAM).
Result<uint64_t> parse_size(std::string_view text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return err::inval;
  std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  if (unit.empty()) return value;
  if (unit.size() != 1) return err::inval;
  unsigned shift = 0;
  switch (unit[0] | 0x20) {
    case 'k': shift = 10; break;
    case 'm': shift = 20; break;
    case 'g': shift = 30; break;
    default:
      if (unit[0] != '%' || value > 100) return err::inval;
      return (frames().total_pages() * value / 100) << page_shift;
  }
  if (value >> (63 - shift)) return err::inval;
  return value << shift;
}

Result<uint32_t> parse_number(std::string_view text, int base) {
  uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return err::inval;
  return value;
}

Result<> parse_option(std::string_view option, RamOptions* options) {
  size_t equals = option.find('=');
  if (equals == std::string_view::npos) return {};  // flags such as "noswap" change nothing here
  std::string_view key = option.substr(0, equals);
  std::string_view value = option.substr(equals + 1);
  if (key == "size") options->size_limit = TRY(parse_size(value));
  else if (key == "mode") options->root_permissions = TRY(parse_number(value, 8)) & mode::permissions;
  else if (key == "uid") options->root_uid = TRY(parse_number(value, 10));
  else if (key == "gid") options->root_gid = TRY(parse_number(value, 10));
  return {};
}

}  // namespace

Result<Ref<RamFileSystem>> RamFileSystem::create(Vfs& vfs, const RamOptions& options) { return make_ref<RamFileSystem>(vfs, options); }

Result<Ref<Inode>> RamFileSystem::make_root() {
  Ref<Node> root = TRY(new_node(FileType::directory, options_.root_permissions, options_.root_uid, options_.root_gid, 0));
  return root;
}

Result<Ref<Node>> RamFileSystem::new_file(const NodeStart& start) { return make_ref<RamFile>(*this, start); }

Result<> RamFileSystem::charge(uint64_t pages) {
  uint64_t limit = options_.size_limit >> page_shift;
  uint64_t used = used_pages_.load(std::memory_order_relaxed);
  do {
    if (limit && (pages > limit || used > limit - pages)) return err::nospc;
  } while (!used_pages_.compare_exchange_weak(used, used + pages, std::memory_order_relaxed));
  return {};
}

Result<FileSystemStatistics> RamFileSystem::statistics() {
  FileSystemStatistics statistics = TRY(FileSystem::statistics());
  FrameAllocator& memory = frames();
  uint64_t used = used_pages_.load(std::memory_order_relaxed);
  statistics.blocks = options_.size_limit ? options_.size_limit >> page_shift : memory.total_pages();
  statistics.blocks_free = options_.size_limit ? statistics.blocks - std::min(used, statistics.blocks) : memory.free_pages();
  statistics.blocks_available = statistics.blocks_free;
  statistics.files = memory.total_pages();
  statistics.files_free = memory.free_pages();
  return statistics;
}

void RamFileSystem::write_options(Writer& out) {
  if (options_.size_limit) print(out, ",size={}k", options_.size_limit >> 10);
  if (options_.root_permissions != 01777) print(out, ",mode={:o}", options_.root_permissions);
}

Result<Ref<FileSystem>> RamFileSystemType::create(Vfs& vfs, std::string_view, std::string_view text) {
  RamOptions options;
  options.root_permissions = 01777;
  while (!text.empty()) {
    size_t comma = std::min(text.find(','), text.size());
    if (auto parsed = parse_option(text.substr(0, comma), &options); !parsed) return std::unexpected(parsed.error());
    text = text.substr(std::min(comma + 1, text.size()));
  }
  Ref<RamFileSystem> file_system = TRY(RamFileSystem::create(vfs, options));
  return file_system;
}

}  // namespace halcyon::fs
