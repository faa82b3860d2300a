// Tree: a whole VFS with a root in memory, and callers of different rights, for tests that work as programs do: by paths.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fs/calls/attributes.h"
#include "fs/calls/directories.h"
#include "fs/calls/mounts.h"
#include "fs/calls/names.h"
#include "fs/calls/open.h"
#include "fs/devfs/device_file_system.h"
#include "fs/ramfs/ram_file_system.h"
#include "tests/unit/fs/memory.h"

namespace halcyon::test {

namespace flag = open_flag;
using fs::Start;
using fs::walk_flag::follow;

// Time that moves only when a test says so.
class ManualTime final : public fs::TimeSource {
 public:
  Nanoseconds realtime() override { return now; }
  Nanoseconds now = 1'000'000'000'000;
  void advance(Nanoseconds by = 1'000'000'000) { now += by; }
};

class CountingRandom final : public fs::RandomSource {
 public:
  void fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(++next_);
  }

 private:
  unsigned next_ = 0;
};

template <class T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << "failed with " << errno_name(result.error());
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// "" for success, else the error's name.
template <class T>
std::string error_of(const Result<T>& result) {
  return result ? "" : std::string(errno_name(result.error()));
}

// A program's view: what its system calls would do.
class Program {
 public:
  Program(Ref<fs::Context> view, Ref<Credentials> credentials) : context(std::move(view)), who(std::move(credentials)) {}

  fs::Caller caller() { return {*context, *who}; }
  Start at(Ref<File> file) { return {std::move(file)}; }

  Result<Ref<File>> open(std::string_view path, uint32_t flags = flag::read_only, uint32_t mode = 0) {
    return fs::open(caller(), {}, path, flags, mode);
  }
  std::string mkdir(std::string_view path, uint32_t mode = 0755) { return error_of(fs::mkdir(caller(), {}, path, mode)); }
  std::string unlink(std::string_view path) { return error_of(fs::unlink(caller(), {}, path)); }
  std::string rmdir(std::string_view path) { return error_of(fs::rmdir(caller(), {}, path)); }
  std::string rename(std::string_view from, std::string_view to, uint32_t flags = 0) {
    return error_of(fs::rename(caller(), {}, from, {}, to, flags));
  }
  std::string symlink(std::string_view target, std::string_view path) { return error_of(fs::symlink(caller(), target, {}, path)); }
  std::string link(std::string_view from, std::string_view to, uint32_t flags = 0) {
    return error_of(fs::link(caller(), {}, from, {}, to, flags));
  }
  std::string mknod(std::string_view path, uint32_t mode, uint64_t device = 0) {
    return error_of(fs::mknod(caller(), {}, path, mode, device));
  }
  std::string chmod(std::string_view path, uint32_t mode) { return error_of(fs::chmod(caller(), {}, path, mode, follow)); }
  std::string chown(std::string_view path, uint32_t uid, uint32_t gid) { return error_of(fs::chown(caller(), {}, path, uid, gid, follow)); }
  std::string chdir(std::string_view path) { return error_of(fs::chdir(caller(), path)); }
  std::string truncate(std::string_view path, uint64_t size) { return error_of(fs::truncate(caller(), path, size)); }
  std::string access(std::string_view path, uint32_t wanted) { return error_of(fs::access(caller(), {}, path, wanted, true, follow)); }
  std::string mount(std::string_view source, std::string_view target, std::string_view type, uint32_t flags = 0,
                    std::string_view options = "") {
    return error_of(fs::mount(caller(), source, target, type, flags, options));
  }
  std::string umount(std::string_view target, uint32_t flags = 0) { return error_of(fs::umount(caller(), target, flags)); }
  Result<Attributes> try_stat(std::string_view path, uint32_t flags = follow) { return fs::stat(caller(), {}, path, flags); }
  Attributes stat(std::string_view path) { return must(try_stat(path)); }
  Attributes lstat(std::string_view path) { return must(try_stat(path, 0)); }
  std::string stat_error(std::string_view path) { return error_of(try_stat(path)); }
  bool exists(std::string_view path) { return try_stat(path, 0).has_value(); }
  std::string readlink(std::string_view path);
  std::string cwd();

  // Creates or replaces a file.
  void put(std::string_view path, std::string_view text, uint32_t mode = 0644);
  // The whole contents, or "!" and the error's name.
  std::string get(std::string_view path);
  // Names without "." and "..", sorted.
  std::vector<std::string> names(std::string_view path);

  Ref<fs::Context> context;
  Ref<Credentials> who;
};

std::string read_all(File& file);
std::string read_some(File& file, size_t count);
Result<size_t> write_text(File& file, std::string_view text);
std::string describe(File& file);

struct Listed {
  std::string name;
  uint64_t inode;
  FileType type;
  uint64_t next;
};
// Up to `limit` entries from the directory's position on.
std::vector<Listed> list(File& directory, size_t limit = SIZE_MAX);

// The kernel side: memory first, everything else above it.
class Kernelish {
 public:
  explicit Kernelish(size_t dentry_limit = 1024);
  ~Kernelish();
  Ref<Credentials> credentials(uint32_t uid, uint32_t gid, std::vector<uint32_t> groups = {});
  Program program(uint32_t uid = 0, uint32_t gid = 0);

  MemoryCpu memory;
  ManualTime time;
  CountingRandom random;
  fs::MemoryDevices memory_devices{random};
  fs::TmpfsType tmpfs;
  fs::DeviceFileSystemType devtmpfs;
  std::unique_ptr<fs::Vfs> vfs;
  Ref<fs::Context> first;
};

class FsTest : public testing::Test {
 protected:
  FsTest();
  ~FsTest() override;
  void SetUp() override;

  Kernelish kernel;
  fs::Vfs& vfs;
  std::optional<Program> root_program, user_program;
  Program& root;  // uid 0
  Program& user;  // uid 1000, gid 1000
};

}  // namespace halcyon::test
