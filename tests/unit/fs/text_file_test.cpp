// Files whose contents are made when they are read.
#include "fs/tree/system_text.h"
#include "tests/unit/fs/tree.h"

namespace halcyon::test {
namespace {

int made = 0;
std::string stored;

Result<> write_count(const fs::TextContext&, Writer& out) {
  print(out, "made {}\n", ++made);
  return {};
}
Result<> write_long(const fs::TextContext&, Writer& out) {
  for (int line = 0; line < 3000; ++line) print(out, "{:07}\n", line);
  return {};
}
Result<> write_error(const fs::TextContext&, Writer&) { return err::srch; }
Result<> store_text(const fs::TextContext&, std::string_view text) {
  if (text == "bad") return err::inval;
  stored = text;
  return {};
}

constexpr fs::SystemText reports[] = {{"count", write_count}, {"long", write_long}, {"error", write_error}};
constexpr fs::SystemText settings[] = {{"fixed", write_count}, {"name", write_count, store_text}};

class TextTree final : public fs::FixedFileSystem {
 public:
  TextTree(fs::Vfs& vfs, Kernel& kernel) : FixedFileSystem(vfs, "texts", 1), kernel_(kernel) {}
  Result<Ref<Inode>> make_root() override {
    Ref<fs::FixedDirectory> root = TRY(make_ref<fs::FixedDirectory>(*this, start(FileType::directory, 0555)));
    must(fs::add_texts(*this, *root, {kernel_, vfs()}, fs::TextKind::report, reports));
    Ref<fs::FixedDirectory> below = TRY(root->add_directory(*this, "set"));
    must(fs::add_texts(*this, *below, {kernel_, vfs()}, fs::TextKind::setting, settings));
    return root;
  }

 private:
  Kernel& kernel_;
};

class TextFiles : public FsTest {
 protected:
  void SetUp() override {
    made = 0;
    stored.clear();
    root.mkdir("/t");
    auto* none = std::bit_cast<Kernel*>(uintptr_t{alignof(Kernel)});  // no text here looks at it
    auto tree = must(make_ref<TextTree>(vfs, *none));
    must(fs::mount_new(root.caller(), tree, "texts", "/t"));
  }
  std::string read_at(File& file, uint64_t offset, size_t count) {
    std::string text(count, '\0');
    KernelSink sink(std::as_writable_bytes(std::span(text)));
    auto done = file.read_at(offset, sink);
    if (!done) return "!" + error_of(done);
    text.resize(*done);
    return text;
  }
};

TEST_F(TextFiles, ASmallBufferSeesOneText) {
  auto file = must(root.open("/t/count"));
  EXPECT_EQ(made, 0);
  EXPECT_EQ(read_some(*file, 3), "mad");
  EXPECT_EQ(read_some(*file, 3), "e 1");
  EXPECT_EQ(read_some(*file, 3), "\n");
  EXPECT_EQ(read_some(*file, 3), "");
  EXPECT_EQ(made, 1);
}

TEST_F(TextFiles, TheStartMakesANewText) {
  auto file = must(root.open("/t/count"));
  EXPECT_EQ(read_all(*file), "made 1\n");
  EXPECT_EQ(must(file->seek(0, Whence::set)), 0u);
  EXPECT_EQ(read_all(*file), "made 2\n");
  EXPECT_EQ(read_at(*file, 5, 10), "2\n");
  EXPECT_EQ(read_at(*file, 0, 10), "made 3\n");
  EXPECT_EQ(read_some(*file, 10), "");  // the position did not move
}

TEST_F(TextFiles, PreadNeedsNoReadBefore) {
  auto file = must(root.open("/t/long"));
  EXPECT_EQ(read_at(*file, 8 * 2999, 100), "0002999\n");
  EXPECT_EQ(read_at(*file, 4094, 8), "1\n000051");
  EXPECT_EQ(read_at(*file, 24000, 8), "");
  EXPECT_EQ(read_at(*file, UINT64_MAX / 2, 8), "");
}

TEST_F(TextFiles, LongTextsAreWhole) {
  std::string text = root.get("/t/long");
  EXPECT_EQ(text.size(), 24000u);
  EXPECT_EQ(text.substr(8 * 1500, 8), "0001500\n");
}

TEST_F(TextFiles, Seek) {
  auto file = must(root.open("/t/long"));
  EXPECT_EQ(must(file->seek(16, Whence::set)), 16u);
  EXPECT_EQ(read_some(*file, 8), "0000002\n");
  EXPECT_EQ(must(file->seek(-8, Whence::current)), 16u);
  EXPECT_EQ(error_of(file->seek(-17, Whence::current)), "EINVAL");
  EXPECT_EQ(error_of(file->seek(0, Whence::end)), "EINVAL");
  auto setting = must(root.open("/t/set/fixed"));
  EXPECT_EQ(must(setting->seek(0, Whence::end)), 0u);
}

TEST_F(TextFiles, ErrorsComeWithTheRead) {
  auto file = must(root.open("/t/error"));
  EXPECT_EQ(read_some(*file, 1), "!ESRCH");
}

TEST_F(TextFiles, Writes) {
  auto report = must(root.open("/t/count", flag::write_only));
  EXPECT_EQ(error_of(write_text(*report, "x")), "EIO");
  EXPECT_EQ(error_of(root.open("/t/set/fixed", flag::write_only)), "EACCES");
  EXPECT_EQ(error_of(user.open("/t/set/name", flag::write_only)), "EACCES");
  auto setting = must(root.open("/t/set/name", flag::write_only | flag::truncate));
  EXPECT_EQ(must(write_text(*setting, "value\n")), 6u);
  EXPECT_EQ(stored, "value");
  EXPECT_EQ(must(write_text(*setting, "more")), 4u);  // behind the first write: dropped
  EXPECT_EQ(stored, "value");
  EXPECT_EQ(must(setting->seek(0, Whence::set)), 0u);
  EXPECT_EQ(error_of(write_text(*setting, "bad")), "EINVAL");
  EXPECT_EQ(must(write_text(*setting, std::string(5000, 'x'))), 4095u);
}

TEST_F(TextFiles, NobodyChangesTheTree) {
  EXPECT_EQ(root.mkdir("/t/new"), "ENOENT");
  EXPECT_EQ(error_of(root.open("/t/new", flag::create | flag::write_only, 0644)), "ENOENT");
  EXPECT_EQ(root.unlink("/t/count"), "EPERM");
  EXPECT_EQ(root.rmdir("/t/set"), "EPERM");
  EXPECT_EQ(root.rename("/t/count", "/t/other"), "EPERM");
  EXPECT_EQ(root.link("/t/count", "/t/other"), "EPERM");
  EXPECT_EQ(root.chmod("/t/set/name", 0777), "EPERM");
  EXPECT_EQ(root.names("/t"), (std::vector<std::string>{"count", "error", "long", "set"}));
  EXPECT_EQ(root.stat("/t").links, 3u);
  EXPECT_EQ(root.stat("/t/count").size, 0u);
  EXPECT_EQ(root.stat("/t/count").permissions, 0444u);
  EXPECT_EQ(root.stat("/t/set/name").permissions, 0644u);
}

}  // namespace
}  // namespace halcyon::test
