// Path resolution over a host directory, an archive, or nothing, with bound directories on top.
#include "cli/root/guest_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "cli/failure.h"

namespace halcyon::cli {
namespace {

constexpr int most_links = 40;

constexpr std::string_view kernel_places[] = {"/proc", "/sys", "/dev"};

// What the kernel puts there itself, whatever the root has.
bool is_kernels_own(std::string_view path) {
  for (std::string_view place : kernel_places)
    if (path.starts_with(place) && (path.size() == place.size() || path[place.size()] == '/')) return true;
  return false;
}

bool is_below(std::string_view path, std::string_view place) {
  return path.starts_with(place) && (path.size() == place.size() || place == "/" || path[place.size()] == '/');
}

bool is_in_group(uint32_t gid) {
  if (getegid() == gid) return true;
  std::vector<gid_t> groups(static_cast<size_t>(std::max(getgroups(0, nullptr), 0)));
  int count = getgroups(static_cast<int>(groups.size()), groups.data());
  return std::find(groups.begin(), groups.begin() + std::max(count, 0), gid) != groups.begin() + std::max(count, 0);
}

}  // namespace

GuestTree::GuestTree(const std::optional<std::string>& root, const std::vector<Bind>& binds) {
  struct stat info;
  if (root && *root == "none") {
    kind_ = Kind::none;
  } else if (root) {
    if (stat(root->c_str(), &info) != 0) fail(exit_status::own_failure, "--root: cannot use {}: {}", *root, std::strerror(errno));
    if (S_ISDIR(info.st_mode)) {
      kind_ = Kind::directory;
      directory_ = *root;
      if (access(root->c_str(), R_OK | X_OK) != 0)
        fail(exit_status::own_failure, "--root: cannot read {}: {}", *root, std::strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
      fail(exit_status::own_failure, "--root: {} is neither a directory nor an archive", *root);
    } else {
      kind_ = Kind::archive;
      archive_ = std::make_unique<ArchiveImage>(ArchiveImage::read(*root));
    }
  }
  for (const Bind& bind : binds) add(bind);
}

void GuestTree::add(Bind bind) {
  struct stat info;
  std::unique_ptr<char, decltype(&free)> real(realpath(bind.host.c_str(), nullptr), &free);
  if (!real || stat(real.get(), &info) != 0) fail(exit_status::own_failure, "--bind: cannot use {}: {}", bind.host, std::strerror(errno));
  bind.is_directory = S_ISDIR(info.st_mode);
  if (!bind.is_directory && !S_ISREG(info.st_mode))
    fail(exit_status::own_failure, "--bind: {} is neither a directory nor a regular file", bind.host);
  if (access(real.get(), bind.is_directory ? R_OK | X_OK : R_OK) != 0)
    fail(exit_status::own_failure, "--bind: cannot read {}: {}", bind.host, std::strerror(errno));
  bind.host = real.get();
  std::string normal;
  if (!normalise_path(bind.guest, &normal)) fail(exit_status::own_failure, "--bind: the guest path {} has '..' in it", bind.guest);
  bind.guest = place_of("/" + normal);
  int error = 0;
  auto there = resolve(bind.guest, &error);
  if (there && there->is_directory() != bind.is_directory) {
    const char* kinds[] = {"a file", "a directory"};
    fail(exit_status::own_failure, "--bind: {} is {}, but {} of the guest is {}", bind.host, kinds[bind.is_directory], bind.guest,
         kinds[!bind.is_directory]);
  }
  binds_.push_back(std::move(bind));
}

// Where a path leads as far as it exists, and the rest as it is.
std::string GuestTree::place_of(const std::string& path) const {
  for (size_t end = path.size(); end > 0 && end != std::string::npos; end = path.rfind('/', end - 1)) {
    int error = 0;
    auto node = resolve(std::string_view(path).substr(0, end), &error);
    if (!node) continue;
    std::string rest = path.substr(end);
    return node->path == "/" && !rest.empty() ? rest : node->path + rest;
  }
  return path;
}

// `path` is absolute and has no "." or ".."; no symlink is followed.
std::optional<GuestNode> GuestTree::look_up(const std::string& path, int* error) const {
  GuestNode node;
  node.path = path;
  const Bind* bound = nullptr;
  for (const Bind& bind : binds_) {
    // The directories on the way to a bound one are made if they are missing.
    if (is_below(bind.guest, path) && bind.guest != path) node.mode = 0040755;
    if (is_below(path, bind.guest) && (!bound || bind.guest.size() >= bound->guest.size())) bound = &bind;
  }
  uint32_t made_mode = node.mode;
  if (bound) node.host_path = bound->host + (path == bound->guest ? "" : path.substr(bound->guest == "/" ? 0 : bound->guest.size()));
  else if (kind_ == Kind::host || kind_ == Kind::directory) node.host_path = is_kernels_own(path) ? "" : directory_ + "/" + path;
  if (!node.host_path.empty()) {
    struct stat info;
    if (lstat(node.host_path.c_str(), &info) == 0) {
      node.mode = info.st_mode, node.uid = info.st_uid, node.gid = info.st_gid;
      return node;
    }
    *error = errno;
  } else {
    *error = ENOENT;
    node.entry = archive_ && !is_kernels_own(path) ? archive_->find(std::string_view(path).substr(1)) : nullptr;
    if (node.entry) {
      node.mode = node.entry->mode, node.uid = node.entry->uid, node.gid = node.entry->gid;
      return node;
    }
    if (path == "/" || std::find(std::begin(kernel_places), std::end(kernel_places), path) != std::end(kernel_places)) made_mode = 0040755;
  }
  if (made_mode == 0) return std::nullopt;
  node.mode = made_mode;
  node.host_path.clear();
  return node;
}

std::string GuestTree::read_link(const GuestNode& node) const {
  if (node.entry) return node.entry->target;
  char target[PATH_MAX];
  ssize_t length = readlink(node.host_path.c_str(), target, sizeof target);
  return length < 0 ? std::string() : std::string(target, static_cast<size_t>(length));
}

std::optional<GuestNode> GuestTree::resolve(std::string_view path, int* error) const {
  std::string rest(path);
  std::string at = "/";
  int links = 0;
  auto node = look_up(at, error);
  for (size_t start = 0; node;) {
    start = rest.find_first_not_of('/', start);
    if (start == std::string::npos) return node;
    size_t end = std::min(rest.find('/', start), rest.size());
    std::string component = rest.substr(start, end - start);
    start = end;
    if (!node->is_directory()) {
      *error = ENOTDIR;
      return std::nullopt;
    }
    if (component == ".") continue;
    std::string parent = at;
    if (component == "..") at = at.substr(0, std::max<size_t>(at.rfind('/'), 1));
    else at += (at == "/" ? "" : "/") + component;
    node = look_up(at, error);
    if (!node || !node->is_symlink()) continue;
    if (++links > most_links) {
      *error = ELOOP;
      return std::nullopt;
    }
    std::string target = read_link(*node);
    at = target.starts_with('/') ? "/" : parent;
    rest = target + rest.substr(start);
    start = 0;
    node = look_up(at, error);
  }
  return std::nullopt;
}

std::optional<std::string> GuestTree::read(const GuestNode& node, size_t limit, int* error) const {
  if (node.entry) return node.entry->data.substr(0, limit);
  int fd = open(node.host_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  std::string data;
  if (fd < 0) {
    *error = errno;
    return std::nullopt;
  }
  for (;;) {
    char block[4096];
    ssize_t count = ::read(fd, block, std::min(sizeof block, limit - data.size()));
    if (count < 0) *error = errno;
    if (count > 0) data.append(block, static_cast<size_t>(count));
    if (count > 0 && data.size() < limit) continue;
    close(fd);
    if (count < 0) return std::nullopt;
    return data;
  }
}

bool GuestTree::is_executable(const GuestNode& node) {
  if (geteuid() == 0) return (node.mode & 0111) != 0;
  unsigned shift = geteuid() == node.uid ? 6 : is_in_group(node.gid) ? 3 : 0;
  return (node.mode >> shift & 1) != 0;
}

}  // namespace halcyon::cli
