#include "tests/unit/fs/tree.h"

#include <algorithm>

namespace halcyon::test {

std::string read_some(File& file, size_t count) {
  std::string text(count, '\0');
  KernelSink sink(std::as_writable_bytes(std::span(text)));
  auto done = file.read(sink);
  if (!done) return "!" + error_of(done);
  text.resize(*done);
  return text;
}

std::string read_all(File& file) {
  std::string text;
  for (;;) {
    std::string piece = read_some(file, 1 << 16);
    if (piece.empty()) return text;
    if (piece.starts_with('!')) return piece;
    text += piece;
  }
}

Result<size_t> write_text(File& file, std::string_view text) {
  KernelSource source(std::as_bytes(std::span(text)));
  return file.write(source);
}

std::string describe(File& file) {
  TextBuffer text;
  file.describe(text);
  return std::string(text.view());
}

namespace {

class Collector final : public DirectoryVisitor {
 public:
  Collector(std::vector<Listed>& entries, size_t limit) : entries_(entries), limit_(limit) {}
  bool entry(std::string_view name, uint64_t inode, FileType type, uint64_t next) override {
    if (entries_.size() == limit_) return false;
    entries_.push_back({std::string(name), inode, type, next});
    return true;
  }

 private:
  std::vector<Listed>& entries_;
  size_t limit_;
};

}  // namespace

std::vector<Listed> list(File& directory, size_t limit) {
  std::vector<Listed> entries;
  Collector collector(entries, limit);
  auto listed = directory.list(collector);
  EXPECT_EQ(error_of(listed), "");
  return entries;
}

std::string Program::readlink(std::string_view path) {
  std::string text(4096, '\0');
  KernelSink sink(std::as_writable_bytes(std::span(text)));
  auto done = fs::readlink(caller(), {}, path, sink);
  if (!done) return "!" + error_of(done);
  text.resize(*done);
  return text;
}

std::string Program::cwd() {
  TextBuffer text;
  auto written = fs::getcwd(caller(), text);
  return written ? std::string(text.view()) : "!" + error_of(written);
}

void Program::put(std::string_view path, std::string_view text, uint32_t mode) {
  auto file = must(open(path, flag::write_only | flag::create | flag::truncate, mode));
  ASSERT_EQ(must(write_text(*file, text)), text.size());
}

std::string Program::get(std::string_view path) {
  auto file = open(path);
  return file ? read_all(**file) : "!" + error_of(file);
}

std::vector<std::string> Program::names(std::string_view path) {
  auto directory = must(open(path, flag::directory));
  std::vector<std::string> names;
  for (Listed& entry : list(*directory))
    if (entry.name != "." && entry.name != "..") names.push_back(std::move(entry.name));
  std::sort(names.begin(), names.end());
  return names;
}

Kernelish::Kernelish(size_t dentry_limit) : vfs(std::make_unique<fs::Vfs>(time, dentry_limit, 1)) {
  must(vfs->initialize());
  vfs->add_type(tmpfs);
  vfs->add_type(devtmpfs);
  memory_devices.add_to(vfs->devices());
}

Kernelish::~Kernelish() {
  first = nullptr;
  vfs.reset();
  EXPECT_EQ(memory.heap().live_objects(), 0u);
}

Ref<Credentials> Kernelish::credentials(uint32_t uid, uint32_t gid, std::vector<uint32_t> groups) {
  auto who = must(make_ref<Credentials>());
  who->uid = who->euid = who->suid = who->fsuid = uid;
  who->gid = who->egid = who->sgid = who->fsgid = gid;
  for (uint32_t group : groups) must(who->groups.push(group));
  if (uid == 0) who->permitted = who->effective = capability::all;
  return who;
}

Program Kernelish::program(uint32_t uid, uint32_t gid) {
  auto copy = must(first->copy());
  auto* context = static_cast<fs::Context*>(copy.release());
  return {Ref<fs::Context>::adopt(context), credentials(uid, gid)};
}

FsTest::FsTest() : vfs(*kernel.vfs), root(*root_program), user(*user_program) {
  auto memory = must(fs::RamFileSystem::create(vfs));
  kernel.first = must(vfs.mount_root(memory, "root", 0));
  root_program.emplace(kernel.program());
  user_program.emplace(kernel.program(1000, 1000));
}

FsTest::~FsTest() {
  root_program.reset();
  user_program.reset();
}

void FsTest::SetUp() {}

}  // namespace halcyon::test
