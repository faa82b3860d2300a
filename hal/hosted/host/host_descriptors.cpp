#include "hal/hosted/host/host_descriptors.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>

#include "hal/hosted/host/host_status.h"

namespace halcyon::hal {

int open_beneath(int directory, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_NOFOLLOW | O_CLOEXEC);
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  long fd = syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how);
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(fd);
  // A host without openat2, or one that hides it: step by step.
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

Result<int> DirectoryCache::find(int base, std::string_view path, const std::string& text) {
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->path != path) continue;
    entries_.splice(entries_.begin(), entries_, entry);
    return entry->fd.get();
  }
  Descriptor fd(open_beneath(base, text, O_PATH | O_DIRECTORY));
  if (!fd) return host_failure(errno == ELOOP ? ENOTDIR : errno);
  HostStatus status;
  if (!read_status(fd.get(), "", AT_EMPTY_PATH, &status)) return host_failure();
  entries_.push_front({std::string(path), std::move(fd), status.id()});
  if (entries_.size() > limit) entries_.pop_back();
  return entries_.front().fd.get();
}

void DirectoryCache::check(std::string_view path, const HostId& id) {
  for (const Entry& entry : entries_) {
    if (entry.path != path) continue;
    if (entry.id == id) return;
    entries_.remove_if([&](const Entry& each) {
      return each.path.starts_with(path) && (each.path.size() == path.size() || path.empty() || each.path[path.size()] == '/');
    });
    return;
  }
}

FileCache::Entry* FileCache::find(const HostId& id, bool for_writing) {
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->id != id || (for_writing && !entry->is_writable)) continue;
    entries_.splice(entries_.begin(), entries_, entry);
    return &entries_.front();
  }
  return nullptr;
}

FileCache::Entry& FileCache::add(const HostId& id, Descriptor fd, bool is_writable) {
  entries_.push_front({id, std::move(fd), is_writable});
  trim(is_writable, is_writable ? write_limit : read_limit);
  return entries_.front();
}

void FileCache::release(const HostId& id) {
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->id != id || entry->holds == 0) continue;
    if (--entry->holds == 0) entries_.erase(entry);
    return;
  }
}

void FileCache::trim(bool writable, size_t limit) {
  size_t count = 0;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    bool counts = entry->is_writable == writable && entry->holds == 0;
    if (counts && ++count > limit) entry = entries_.erase(entry);
    else ++entry;
  }
}

}  // namespace halcyon::hal
