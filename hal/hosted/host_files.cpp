// Every call finds the directory that holds the last component by a descriptor opened without following symlinks, and then works on that
// one name. Descriptors of directories and of regular files are kept in two small caches, the longest unused is closed first; only held
// files (unlinked while in use) keep one for long.
#include "hal/host_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>
#include <string>
#include <vector>

namespace halcyon::hal {
namespace {

constexpr size_t max_directories = 32;
constexpr size_t max_files = 64;

std::unexpected<Errno> failure(int error = errno) { return std::unexpected(static_cast<Errno>(error)); }

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

int64_t nanoseconds(const timespec& time) { return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec; }

timespec to_timespec(int64_t time) {
  if (time == INT64_MIN) return {0, UTIME_OMIT};
  int64_t seconds = time / 1'000'000'000;
  int64_t rest = time % 1'000'000'000;
  if (rest < 0) rest += 1'000'000'000, --seconds;
  return {seconds, rest};
}

// File systems whose contents are the host kernel's own, or appear by being looked at.
bool is_synthetic_magic(uint64_t magic) {
  constexpr uint64_t magics[] = {0x9fa0,     0x62656572, 0x1cd1,     0x27e0eb,   0x63677270, 0x64626720, 0x74726163, 0x73636673, 0x6165676c,
                                 0xcafe4a11, 0x62656570, 0xde5e81e4, 0x19800202, 0x42494e4d, 0xf97cff8c, 0x0187,     0x6e736673};
  return std::find(std::begin(magics), std::end(magics), magic) != std::end(magics);
}

// openat without any symlink on the way, the last component included.
int open_beneath(int directory, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_NOFOLLOW | O_CLOEXEC);
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  long fd = syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how);
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(fd);
  Descriptor at;
  size_t start = 0;
  for (;;) {
    size_t slash = path.find('/', start);
    bool is_last = slash == std::string::npos;
    std::string component = path.substr(start, is_last ? slash : slash - start);
    int step_flags = is_last ? flags : O_PATH | O_DIRECTORY;
    int next = openat(at ? at.get() : directory, component.c_str(), step_flags | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0 || is_last) return next;
    at = Descriptor(next);
    start = slash + 1;
  }
}

struct DirectoryEntry {
  std::string path;
  Descriptor fd;
};

struct FileEntry {
  HostId id;
  Descriptor fd;
  bool is_writable = false;
  unsigned holds = 0;
};

class HostTree final : public HostFiles {
 public:
  HostTree(Descriptor base, std::string root_name, bool is_writable)
      : base_(std::move(base)), root_name_(std::move(root_name)), is_writable_(is_writable) {
    for (const char* path : {"/proc", "/sys", "/dev"}) {
      struct stat status;
      if (::stat(path, &status) == 0) synthetic_.push_back({status.st_dev, status.st_ino});
    }
  }

  Result<HostAttributes> attributes(std::string_view path) override;
  Result<> list(std::string_view path, HostEntryVisitor& visitor) override;
  Result<size_t> read_link(std::string_view path, std::span<char> target) override;
  Result<size_t> read(std::string_view path, const HostId& id, uint64_t offset, std::span<std::byte> bytes) override;
  Result<> write(std::string_view path, const HostId& id, uint64_t offset, std::span<const std::byte> bytes) override;
  Result<> truncate(std::string_view path, const HostId& id, uint64_t size) override;
  Result<> sync(std::string_view path, const HostId& id) override;
  Result<> hold(std::string_view path, const HostId& id) override;
  void release(const HostId& id) override;
  Result<> create_file(std::string_view path, uint32_t permissions) override;
  Result<> make_directory(std::string_view path, uint32_t permissions) override;
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
  Result<FileEntry*> file(std::string_view path, const HostId& id, bool for_writing);
  // Runs a change of a name: call(directory, name) returns as a system call does.
  template <class Call>
  Result<> change(std::string_view path, Call call);
  void forget_directories() { directories_.clear(); }
  void trim_files();
  bool is_synthetic(int directory, const std::string& name, const struct stat& status);

  Descriptor base_;        // the directory that `root_name_` is a name in
  std::string root_name_;  // "." for a tree, the file's name for a single file
  bool is_writable_;
  std::vector<HostId> synthetic_;
  std::list<DirectoryEntry> directories_;  // front: used last
  std::list<FileEntry> files_;             // front: used last
  uint64_t checked_device_ = 0;            // the last device found ordinary
};

Result<int> HostTree::directory(std::string_view path) {
  for (auto entry = directories_.begin(); entry != directories_.end(); ++entry) {
    if (entry->path != path) continue;
    directories_.splice(directories_.begin(), directories_, entry);
    return entry->fd.get();
  }
  std::string text = path.empty() ? root_name_ : std::string(path);
  Descriptor fd(open_beneath(base_.get(), text, O_PATH | O_DIRECTORY));
  if (!fd) return errno == ELOOP ? failure(ENOTDIR) : failure();
  directories_.push_front({std::string(path), std::move(fd)});
  if (directories_.size() > max_directories) directories_.pop_back();
  return directories_.front().fd.get();
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

bool HostTree::is_synthetic(int directory, const std::string& name, const struct stat& status) {
  HostId id{status.st_dev, status.st_ino};
  if (std::find(synthetic_.begin(), synthetic_.end(), id) != synthetic_.end()) return true;
  if (status.st_dev == checked_device_) return false;
  Descriptor fd(openat(directory, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct statfs system;
  if (!fd || fstatfs(fd.get(), &system) != 0) return false;
  if (is_synthetic_magic(static_cast<uint64_t>(system.f_type) & 0xffffffff)) return true;
  checked_device_ = status.st_dev;
  return false;
}

Result<HostAttributes> HostTree::attributes(std::string_view path) {
  Spot spot = TRY(find(path));
  struct stat status;
  if (fstatat(spot.directory, spot.name.c_str(), &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) return failure();
  HostAttributes result;
  result.id = {status.st_dev, status.st_ino};
  result.mode = status.st_mode;
  result.links = static_cast<uint32_t>(status.st_nlink);
  result.uid = status.st_uid;
  result.gid = status.st_gid;
  result.special_device = status.st_rdev;
  result.size = static_cast<uint64_t>(status.st_size);
  result.blocks = static_cast<uint64_t>(status.st_blocks);
  result.modified = nanoseconds(status.st_mtim);
  result.changed = nanoseconds(status.st_ctim);
  result.is_synthetic = S_ISDIR(status.st_mode) && is_synthetic(spot.directory, spot.name, status);
  return result;
}

Result<> HostTree::list(std::string_view path, HostEntryVisitor& visitor) {
  int handle = TRY(directory(path));
  int fd = openat(handle, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return failure();
  DIR* stream = fdopendir(fd);
  if (!stream) {
    close(fd);
    return failure(ENOMEM);
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
  if (result && errno != 0) result = failure();
  closedir(stream);
  return result;
}

Result<size_t> HostTree::read_link(std::string_view path, std::span<char> target) {
  Spot spot = TRY(find(path));
  ssize_t length = readlinkat(spot.directory, spot.name.c_str(), target.data(), target.size());
  if (length < 0) return failure();
  return static_cast<size_t>(length);
}

void HostTree::trim_files() {
  size_t excess = files_.size() > max_files ? files_.size() - max_files : 0;
  for (auto entry = files_.end(); excess > 0 && entry != files_.begin();) {
    --entry;
    if (entry->holds == 0) {
      entry = files_.erase(entry);
      --excess;
    }
  }
}

Result<FileEntry*> HostTree::file(std::string_view path, const HostId& id, bool for_writing) {
  if (for_writing && !is_writable_) return err::rofs;
  for (auto entry = files_.begin(); entry != files_.end(); ++entry) {
    if (entry->id != id || (for_writing && !entry->is_writable)) continue;
    files_.splice(files_.begin(), files_, entry);
    return &files_.front();
  }
  Spot spot = TRY(find(path));
  int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  bool opened_writable = is_writable_;
  int fd = openat(spot.directory, spot.name.c_str(), flags | (is_writable_ ? O_RDWR : O_RDONLY));
  if (fd < 0 && is_writable_ && !for_writing) {
    opened_writable = false;
    fd = openat(spot.directory, spot.name.c_str(), flags | O_RDONLY);
  }
  if (fd < 0) return errno == ELOOP ? failure(ESTALE) : failure();
  Descriptor opened(fd);
  struct stat status;
  if (fstat(fd, &status) != 0) return failure();
  if (!S_ISREG(status.st_mode) || HostId{status.st_dev, status.st_ino} != id) return failure(ESTALE);
  files_.push_front({id, std::move(opened), opened_writable, 0});
  trim_files();
  return &files_.front();
}

Result<size_t> HostTree::read(std::string_view path, const HostId& id, uint64_t offset, std::span<std::byte> bytes) {
  FileEntry* entry = TRY(file(path, id, false));
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t count = pread(entry->fd.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure();
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  return done;
}

Result<> HostTree::write(std::string_view path, const HostId& id, uint64_t offset, std::span<const std::byte> bytes) {
  FileEntry* entry = TRY(file(path, id, true));
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t count = pwrite(entry->fd.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure();
    done += static_cast<size_t>(count);
  }
  return {};
}

Result<> HostTree::truncate(std::string_view path, const HostId& id, uint64_t size) {
  FileEntry* entry = TRY(file(path, id, true));
  if (ftruncate(entry->fd.get(), static_cast<off_t>(size)) != 0) return failure();
  return {};
}

Result<> HostTree::sync(std::string_view path, const HostId& id) {
  FileEntry* entry = TRY(file(path, id, false));
  if (fsync(entry->fd.get()) != 0) return failure();
  return {};
}

Result<> HostTree::hold(std::string_view path, const HostId& id) {
  FileEntry* entry = TRY(file(path, id, false));
  ++entry->holds;
  return {};
}

void HostTree::release(const HostId& id) {
  for (FileEntry& entry : files_) {
    if (entry.id != id || entry.holds == 0) continue;
    --entry.holds;
    break;
  }
  trim_files();
}

template <class Call>
Result<> HostTree::change(std::string_view path, Call call) {
  if (!is_writable_) return err::rofs;
  Spot spot = TRY(find(path));
  if (call(spot.directory, spot.name.c_str()) != 0) return failure();
  return {};
}

// The caller has applied the umask of the guest; the host's must not take more away.
Result<> HostTree::create_file(std::string_view path, uint32_t permissions) {
  return change(path, [&](int directory, const char* name) {
    Descriptor fd(openat(directory, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, permissions & 0777));
    return fd ? fchmod(fd.get(), permissions & 07777) : -1;
  });
}

Result<> HostTree::make_directory(std::string_view path, uint32_t permissions) {
  return change(path, [&](int directory, const char* name) {
    if (mkdirat(directory, name, permissions & 0777) != 0) return -1;
    return fchmodat(directory, name, permissions & 07777, 0);
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
  forget_directories();
  return removed;
}

Result<> HostTree::rename(std::string_view from, std::string_view to, uint32_t flags) {
  Spot source = TRY(find(from));
  Descriptor keep(dup(source.directory));
  auto renamed = change(to, [&](int directory, const char* name) {
    return static_cast<int>(syscall(SYS_renameat2, keep.get(), source.name.c_str(), directory, name, flags));
  });
  forget_directories();
  return renamed;
}

Result<> HostTree::set_permissions(std::string_view path, uint32_t permissions) {
  return change(path, [&](int directory, const char* name) {
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return -1;
    if (S_ISLNK(status.st_mode)) {
      errno = EOPNOTSUPP;
      return -1;
    }
    return fchmodat(directory, name, permissions & 07777, 0);
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
  if (fstatfs(base_.get(), &system) != 0) return failure();
  return HostSpace{static_cast<uint64_t>(system.f_bsize), system.f_blocks, system.f_bfree, system.f_bavail, system.f_files, system.f_ffree};
}

}  // namespace

Result<std::unique_ptr<HostFiles>> open_host_files(std::string_view path, bool is_writable) {
  std::string text(path);
  struct stat status;
  if (::stat(text.c_str(), &status) != 0) return failure();
  std::string name = ".";
  if (!S_ISDIR(status.st_mode)) {
    // A single file: the name may be a symlink of the host, which is the user's choice here.
    char* real = realpath(text.c_str(), nullptr);
    if (!real) return failure();
    text = real;
    free(real);
    size_t slash = text.rfind('/');
    name = text.substr(slash + 1);
    text = slash == 0 ? "/" : text.substr(0, slash);
  }
  Descriptor base(open(text.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!base) return failure();
  return std::unique_ptr<HostFiles>(new HostTree(std::move(base), std::move(name), is_writable));
}

}  // namespace halcyon::hal
