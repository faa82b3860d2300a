// Every call finds the directory that holds the last component by a descriptor opened without following symlinks, and then works on that
// one name.
#include "hal/host_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "hal/hosted/host/host_descriptors.h"
#include "hal/hosted/host/host_status.h"

namespace halcyon::hal {
namespace {

timespec to_timespec(int64_t time) {
  if (time == INT64_MIN) return {0, UTIME_OMIT};
  int64_t seconds = time / 1'000'000'000;
  int64_t rest = time % 1'000'000'000;
  if (rest < 0) rest += 1'000'000'000, --seconds;
  return {seconds, rest};
}

class HostTree final : public HostFiles {
 public:
  HostTree(Descriptor base, std::string root_name, bool is_writable)
      : base_(std::move(base)), root_name_(std::move(root_name)), is_writable_(is_writable) {
    for (const char* path : {"/proc", "/sys", "/dev"}) {
      HostStatus status;
      if (read_status(AT_FDCWD, path, 0, &status)) synthetic_.push_back(status.id());
    }
  }

  Result<HostAttributes> attributes(std::string_view path) override;
  Result<> list(std::string_view path, HostEntryVisitor& visitor) override;
  Result<size_t> read_link(std::string_view path, std::span<char> target) override;
  Result<> open(std::string_view path, const HostId& id, bool for_writing) override;
  Result<size_t> read(std::string_view path, const HostId& id, uint64_t offset, std::span<const std::span<std::byte>> pieces) override;
  Result<> write(std::string_view path, const HostId& id, uint64_t offset, std::span<const std::byte> bytes) override;
  Result<> truncate(std::string_view path, const HostId& id, uint64_t size) override;
  Result<> sync(std::string_view path, const HostId& id) override;
  Result<> sync_all() override;
  Result<> hold(std::string_view path, const HostId& id) override;
  void release(const HostId& id) override;
  Result<> create_file(std::string_view path, uint32_t permissions) override;
  Result<> make_directory(std::string_view path, uint32_t permissions) override;
  Result<> make_special(std::string_view path, uint32_t mode) override;
  Result<> make_symlink(std::string_view path, std::string_view target) override;
  Result<> link(std::string_view from, std::string_view to) override;
  Result<> unlink(std::string_view path) override;
  Result<> remove_directory(std::string_view path) override;
  Result<> rename(std::string_view from, std::string_view to, uint32_t flags) override;
  Result<> set_permissions(std::string_view path, uint32_t permissions) override;
  Result<> set_owner(std::string_view path, uint32_t uid, uint32_t gid) override;
  Result<> set_times(std::string_view path, int64_t accessed, int64_t modified) override;
  Result<HostSpace> space() override;

 private:
  // A name in an open directory; the descriptor stays the cache's.
  struct Spot {
    int directory;
    std::string name;
  };
  Result<Spot> find(std::string_view path);
  Result<int> directory(std::string_view path);
  Result<int> file(std::string_view path, const HostId& id, bool for_writing);
  Result<FileCache::Entry*> file_entry(std::string_view path, const HostId& id, bool for_writing);
  // Runs a change of a name: call(directory, name) returns as a system call does.
  template <class Call>
  Result<> change(std::string_view path, Call call);
  bool is_synthetic(int directory, const std::string& name, const HostId& id);

  Descriptor base_;        // the directory that `root_name_` is a name in
  std::string root_name_;  // "." for a tree, the file's name for a single file
  bool is_writable_;
  std::vector<HostId> synthetic_;
  std::vector<uint64_t> ordinary_;  // devices that were found to be no synthetic file system
  DirectoryCache directories_;
  FileCache files_;
};

Result<int> HostTree::directory(std::string_view path) {
  return directories_.find(base_.get(), path, path.empty() ? root_name_ : std::string(path));
}

Result<HostTree::Spot> HostTree::find(std::string_view path) {
  if (path.empty()) return Spot{base_.get(), root_name_};
  size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) {
    int root = TRY(directory(""));
    return Spot{root, std::string(path)};
  }
  int parent = TRY(directory(path.substr(0, slash)));
  return Spot{parent, std::string(path.substr(slash + 1))};
}

bool HostTree::is_synthetic(int directory, const std::string& name, const HostId& id) {
  if (std::find(synthetic_.begin(), synthetic_.end(), id) != synthetic_.end()) return true;
  if (std::find(ordinary_.begin(), ordinary_.end(), id.device) != ordinary_.end()) return false;
  Descriptor fd(openat(directory, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return false;
  if (is_synthetic_file_system(fd.get())) return true;
  ordinary_.push_back(id.device);
  return false;
}

Result<HostAttributes> HostTree::attributes(std::string_view path) {
  Spot spot = TRY(find(path));
  HostStatus status;
  if (!read_status(spot.directory, spot.name.c_str(), 0, &status)) return host_failure();
  HostAttributes result = status.attributes();
  // Below a directory only what is mounted on can be another file system's; a root may be anything.
  if (status.is_directory() || path.empty()) result.is_synthetic = is_synthetic(spot.directory, spot.name, result.id);
  if (status.is_directory()) directories_.check(path, result.id);
  return result;
}

Result<> HostTree::list(std::string_view path, HostEntryVisitor& visitor) {
  int handle = TRY(directory(path));
  int fd = openat(handle, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return host_failure();
  DIR* stream = fdopendir(fd);
  if (!stream) {
    close(fd);
    return host_failure(ENOMEM);
  }
  Result<> result;
  errno = 0;
  while (dirent* entry = readdir(stream)) {
    std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    result = visitor.entry(name, entry->d_ino, entry->d_type == DT_UNKNOWN ? 0 : DTTOIF(entry->d_type));
    if (!result) break;
    errno = 0;
  }
  if (result && errno != 0) result = host_failure();
  closedir(stream);
  return result;
}

Result<size_t> HostTree::read_link(std::string_view path, std::span<char> target) {
  Spot spot = TRY(find(path));
  ssize_t length = readlinkat(spot.directory, spot.name.c_str(), target.data(), target.size());
  if (length < 0) return host_failure();
  return static_cast<size_t>(length);
}

Result<FileCache::Entry*> HostTree::file_entry(std::string_view path, const HostId& id, bool for_writing) {
  if (for_writing && !is_writable_) return err::rofs;
  if (FileCache::Entry* known = files_.find(id, for_writing)) return known;
  Spot spot = TRY(find(path));
  int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  bool opened_writable = is_writable_;
  Descriptor fd(openat(spot.directory, spot.name.c_str(), flags | (is_writable_ ? O_RDWR : O_RDONLY)));
  if (!fd && is_writable_ && !for_writing) {
    opened_writable = false;
    fd = Descriptor(openat(spot.directory, spot.name.c_str(), flags | O_RDONLY));
  }
  if (!fd) return host_failure(errno == ELOOP ? ESTALE : errno);
  HostStatus status;
  if (!read_status(fd.get(), "", AT_EMPTY_PATH, &status)) return host_failure();
  if (!status.is_regular() || status.id() != id) return host_failure(ESTALE);
  return &files_.add(id, std::move(fd), opened_writable);
}

Result<int> HostTree::file(std::string_view path, const HostId& id, bool for_writing) {
  FileCache::Entry* entry = TRY(file_entry(path, id, for_writing));
  return entry->fd.get();
}

Result<> HostTree::open(std::string_view path, const HostId& id, bool for_writing) {
  auto opened = file(path, id, for_writing);
  return opened ? Result<>{} : std::unexpected(opened.error());
}

Result<size_t> HostTree::read(std::string_view path, const HostId& id, uint64_t offset, std::span<const std::span<std::byte>> pieces) {
  int fd = TRY(file(path, id, false));
  std::vector<iovec> rest;
  for (std::span<std::byte> piece : pieces) rest.push_back({piece.data(), piece.size()});
  size_t done = 0;
  for (auto next = rest.begin(); next != rest.end();) {
    ssize_t count = preadv(fd, &*next, static_cast<int>(rest.end() - next), static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return host_failure();
    if (count == 0) break;
    done += static_cast<size_t>(count);
    for (auto left = static_cast<size_t>(count); left > 0;) {
      size_t taken = std::min(left, next->iov_len);
      next->iov_base = static_cast<std::byte*>(next->iov_base) + taken;
      next->iov_len -= taken;
      left -= taken;
      if (next->iov_len == 0) ++next;
    }
  }
  return done;
}

Result<> HostTree::write(std::string_view path, const HostId& id, uint64_t offset, std::span<const std::byte> bytes) {
  int fd = TRY(file(path, id, true));
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t count = pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return host_failure();
    done += static_cast<size_t>(count);
  }
  return {};
}

Result<> HostTree::truncate(std::string_view path, const HostId& id, uint64_t size) {
  int fd = TRY(file(path, id, true));
  return ftruncate(fd, static_cast<off_t>(size)) == 0 ? Result<>{} : host_failure();
}

Result<> HostTree::sync(std::string_view path, const HostId& id) {
  int fd = TRY(file(path, id, false));
  return fsync(fd) == 0 ? Result<>{} : host_failure();
}

Result<> HostTree::sync_all() {
  Descriptor directory(openat(base_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory && syncfs(directory.get()) == 0 ? Result<>{} : host_failure();
}

Result<> HostTree::hold(std::string_view path, const HostId& id) {
  FileCache::Entry* entry = TRY(file_entry(path, id, false));
  ++entry->holds;
  return {};
}

void HostTree::release(const HostId& id) { files_.release(id); }

template <class Call>
Result<> HostTree::change(std::string_view path, Call call) {
  if (!is_writable_) return err::rofs;
  Spot spot = TRY(find(path));
  if (call(spot.directory, spot.name.c_str()) != 0) return host_failure();
  return {};
}

// The caller has applied the umask of the guest; the host's must not take more away.
Result<> HostTree::create_file(std::string_view path, uint32_t permissions) {
  return change(path, [&](int directory, const char* name) {
    Descriptor fd(openat(directory, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, permissions & 0777));
    HostStatus status;
    if (!fd || fchmod(fd.get(), permissions & 07777) != 0 || !read_status(fd.get(), "", AT_EMPTY_PATH, &status)) return -1;
    files_.add(status.id(), std::move(fd), true);
    return 0;
  });
}

Result<> HostTree::make_directory(std::string_view path, uint32_t permissions) {
  return change(path, [&](int directory, const char* name) {
    if (mkdirat(directory, name, permissions & 0777) != 0) return -1;
    return fchmodat(directory, name, permissions & 07777, 0);
  });
}

Result<> HostTree::make_special(std::string_view path, uint32_t mode) {
  return change(path, [&](int directory, const char* name) {
    if (mknodat(directory, name, (mode & S_IFMT) | (mode & 0777), 0) != 0) return -1;
    return fchmodat(directory, name, mode & 07777, 0);
  });
}

Result<> HostTree::make_symlink(std::string_view path, std::string_view target) {
  std::string text(target);
  return change(path, [&](int directory, const char* name) { return symlinkat(text.c_str(), directory, name); });
}

Result<> HostTree::link(std::string_view from, std::string_view to) {
  Spot source = TRY(find(from));
  Descriptor keep(dup(source.directory));  // finding the other may close it
  return change(to, [&](int directory, const char* name) { return linkat(keep.get(), source.name.c_str(), directory, name, 0); });
}

Result<> HostTree::unlink(std::string_view path) {
  return change(path, [](int directory, const char* name) { return unlinkat(directory, name, 0); });
}

Result<> HostTree::remove_directory(std::string_view path) {
  auto removed = change(path, [](int directory, const char* name) { return unlinkat(directory, name, AT_REMOVEDIR); });
  directories_.clear();
  return removed;
}

Result<> HostTree::rename(std::string_view from, std::string_view to, uint32_t flags) {
  Spot source = TRY(find(from));
  Descriptor keep(dup(source.directory));
  auto renamed = change(to, [&](int directory, const char* name) {
    return static_cast<int>(syscall(SYS_renameat2, keep.get(), source.name.c_str(), directory, name, flags));
  });
  directories_.clear();
  return renamed;
}

Result<> HostTree::set_permissions(std::string_view path, uint32_t permissions) {
  return change(path, [&](int directory, const char* name) {
    HostStatus status;
    if (!read_status(directory, name, 0, &status)) return -1;
    if (!S_ISLNK(status.attributes().mode)) return fchmodat(directory, name, permissions & 07777, 0);
    errno = EOPNOTSUPP;
    return -1;
  });
}

Result<> HostTree::set_owner(std::string_view path, uint32_t uid, uint32_t gid) {
  return change(path, [&](int directory, const char* name) { return fchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW); });
}

Result<> HostTree::set_times(std::string_view path, int64_t accessed, int64_t modified) {
  timespec times[2] = {to_timespec(accessed), to_timespec(modified)};
  return change(path, [&](int directory, const char* name) { return utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW); });
}

Result<HostSpace> HostTree::space() {
  struct statfs system;
  if (fstatfs(base_.get(), &system) != 0) return host_failure();
  return HostSpace{static_cast<uint64_t>(system.f_bsize), system.f_blocks, system.f_bfree, system.f_bavail, system.f_files, system.f_ffree};
}

}  // namespace

Result<std::unique_ptr<HostFiles>> open_host_files(std::string_view path, bool is_writable) {
  std::string text(path);
  struct stat status;
  if (::stat(text.c_str(), &status) != 0) return host_failure();
  std::string name = ".";
  if (!S_ISDIR(status.st_mode)) {
    // A single file: the name may be a symlink of the host, which is the user's choice here.
    char* real = realpath(text.c_str(), nullptr);
    if (!real) return host_failure();
    text = real;
    free(real);
    size_t slash = text.rfind('/');
    name = text.substr(slash + 1);
    text = slash == 0 ? "/" : text.substr(0, slash);
  }
  Descriptor base(open(text.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!base) return host_failure();
  return std::unique_ptr<HostFiles>(new HostTree(std::move(base), std::move(name), is_writable));
}

}  // namespace halcyon::hal
