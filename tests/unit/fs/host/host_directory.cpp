#include "tests/unit/fs/host/host_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace halcyon::test {
namespace {

void require(int result, const std::string& what) {
  if (result >= 0) return;
  ADD_FAILURE() << what << ": " << std::strerror(errno);
  std::abort();
}

}  // namespace

HostFolder::HostFolder() {
  char path[] = "/tmp/halcyon-test-XXXXXX";
  if (!mkdtemp(path)) require(-1, "mkdtemp");
  path_ = path;
  require(chmod(path, 0755), path_);
}

HostFolder::~HostFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void HostFolder::put(const std::string& name, std::string_view text, unsigned mode) {
  int fd = open(at(name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  require(fd, name);
  require(write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : -1, name);
  require(fchmod(fd, mode), name);
  close(fd);
}

void HostFolder::replace(const std::string& name, std::string_view text) {
  put(name + ".new", text);
  rename(name + ".new", name);
}

void HostFolder::mkdir(const std::string& name, unsigned mode) {
  require(::mkdir(at(name).c_str(), 0700), name);
  require(chmod(at(name).c_str(), mode), name);
}
void HostFolder::symlink(const std::string& target, const std::string& name) { require(::symlink(target.c_str(), at(name).c_str()), name); }
void HostFolder::link(const std::string& from, const std::string& to) { require(::link(at(from).c_str(), at(to).c_str()), to); }
void HostFolder::remove(const std::string& name) { require(::remove(at(name).c_str()), name); }
void HostFolder::rename(const std::string& from, const std::string& to) { require(::rename(at(from).c_str(), at(to).c_str()), from); }

std::string HostFolder::get(const std::string& name) const {
  int fd = open(at(name).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "!";
  std::string text;
  char buffer[4096];
  for (ssize_t count; (count = read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(count));
  close(fd);
  return text;
}

bool HostFolder::exists(const std::string& name) const {
  struct stat status;
  return lstat(at(name).c_str(), &status) == 0;
}

unsigned HostFolder::mode(const std::string& name) const {
  struct stat status;
  require(lstat(at(name).c_str(), &status), name);
  return status.st_mode;
}

uint64_t HostFolder::size(const std::string& name) const {
  struct stat status;
  require(lstat(at(name).c_str(), &status), name);
  return static_cast<uint64_t>(status.st_size);
}

std::vector<std::string> HostFolder::names(const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(at(name))) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

void HostFolder::set_time(const std::string& name, int64_t seconds) {
  timespec times[2] = {{seconds, 0}, {seconds, 0}};
  require(utimensat(AT_FDCWD, at(name).c_str(), times, AT_SYMLINK_NOFOLLOW), name);
}

Unprivileged::Unprivileged() : user_(geteuid()) {
  if (user_ == 0) require(seteuid(65534), "seteuid");
}

Unprivileged::~Unprivileged() {
  if (user_ == 0) require(seteuid(0), "seteuid");
}

void HostTest::mount(bool is_writable) {
  auto files = must(hal::open_host_files(host.path(), is_writable));
  auto file_system = must(fs::HostFileSystem::create(vfs, std::move(files), is_writable));
  must(fs::mount_new(root.caller(), file_system, host.path(), "/host"));
}

}  // namespace halcyon::test
