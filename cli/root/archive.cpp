// Reading an archive. A later entry stands for an earlier one of the same name, but both are kept, for links to the earlier one.
#include "cli/root/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "cli/failure.h"

namespace halcyon::cli {
namespace {

struct ReadDeleter {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, ReadDeleter>;

[[noreturn]] void fail_corrupt(const std::string& file, archive* reader) {
  const char* reason = archive_error_string(reader);
  fail(exit_status::own_failure, "--root: {}: corrupt archive: {}", file, reason ? reason : "unknown error");
}

Reader open_archive(const std::string& file) {
  Reader reader(archive_read_new());
  if (!reader) fail(exit_status::own_failure, "--root: {}: out of memory", file);
  archive_read_support_format_tar(reader.get());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_xz(reader.get());
  archive_read_support_filter_zstd(reader.get());
  archive_read_support_filter_bzip2(reader.get());
  if (access(file.c_str(), R_OK) != 0) fail(exit_status::own_failure, "--root: cannot read {}: {}", file, std::strerror(errno));
  if (archive_read_open_filename(reader.get(), file.c_str(), 256 * 1024) != ARCHIVE_OK) fail_corrupt(file, reader.get());
  return reader;
}

std::string text_or(const char* text, const char* utf8) { return text ? text : utf8 ? utf8 : ""; }

std::string read_data(archive* reader, const std::string& file) {
  std::string data;
  const void* block = nullptr;
  size_t size = 0;
  int64_t offset = 0;
  for (;;) {
    int status = archive_read_data_block(reader, &block, &size, &offset);
    if (status == ARCHIVE_EOF) return data;
    if (status < ARCHIVE_WARN) fail_corrupt(file, reader);
    // Between blocks of a sparse file there are zeros.
    data.resize(static_cast<size_t>(offset));
    data.append(static_cast<const char*>(block), size);
  }
}

ArchiveEntry read_entry(archive* reader, archive_entry* raw, const std::string& file) {
  ArchiveEntry entry;
  std::string name = text_or(archive_entry_pathname(raw), archive_entry_pathname_utf8(raw));
  if (!normalise_path(name, &entry.path)) fail(exit_status::own_failure, "--root: {}: the entry '{}' leads outside the root", file, name);
  entry.mode = archive_entry_mode(raw);
  entry.uid = static_cast<uint32_t>(archive_entry_uid(raw));
  entry.gid = static_cast<uint32_t>(archive_entry_gid(raw));
  entry.modified = static_cast<int64_t>(archive_entry_mtime(raw)) * 1'000'000'000 + archive_entry_mtime_nsec(raw);
  entry.device_major = static_cast<uint32_t>(archive_entry_rdevmajor(raw));
  entry.device_minor = static_cast<uint32_t>(archive_entry_rdevminor(raw));
  std::string link = text_or(archive_entry_hardlink(raw), archive_entry_hardlink_utf8(raw));
  if (!link.empty()) {
    entry.is_hard_link = true;
    if (!normalise_path(link, &entry.target))
      fail(exit_status::own_failure, "--root: {}: the link '{}' leads outside the root", file, name);
  } else if (entry.is_symlink()) {
    entry.target = text_or(archive_entry_symlink(raw), archive_entry_symlink_utf8(raw));
  } else if (entry.is_regular()) {
    if (archive_entry_size_is_set(raw)) entry.data.reserve(static_cast<size_t>(std::min<int64_t>(archive_entry_size(raw), 1 << 30)));
    entry.data = read_data(reader, file);
  }
  return entry;
}

ArchiveEntry plain_directory(std::string path) {
  ArchiveEntry entry;
  entry.path = std::move(path);
  entry.mode = 0040755;
  return entry;
}

}  // namespace

bool normalise_path(std::string_view path, std::string* normal) {
  normal->clear();
  while (!path.empty()) {
    size_t slash = path.find('/');
    std::string_view component = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (component.empty() || component == ".") continue;
    if (component == "..") return false;
    if (!normal->empty()) normal->push_back('/');
    normal->append(component);
  }
  return true;
}

ArchiveImage ArchiveImage::read(const std::string& file) {
  Reader reader = open_archive(file);
  ArchiveImage image;
  image.add(plain_directory(""), file);
  size_t count = 0;
  for (;; ++count) {
    archive_entry* raw = nullptr;
    int status = archive_read_next_header(reader.get(), &raw);
    if (status == ARCHIVE_EOF) break;
    if (status < ARCHIVE_WARN) fail_corrupt(file, reader.get());
    image.add(read_entry(reader.get(), raw, file), file);
  }
  if (count == 0) fail(exit_status::own_failure, "--root: {}: the archive is empty", file);
  return image;
}

void ArchiveImage::add_parents(std::string_view path) {
  for (size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    std::string parent(path.substr(0, slash));
    if (index_.contains(parent)) continue;
    index_[parent] = entries_.size();
    entries_.push_back(plain_directory(parent));
  }
}

void ArchiveImage::add(ArchiveEntry entry, const std::string& file) {
  if (entry.is_hard_link && !find(entry.target)) {
    fail(exit_status::own_failure, "--root: {}: corrupt archive: '{}' links to '{}', which does not come before it", file, entry.path,
         entry.target);
  }
  add_parents(entry.path);
  auto old = index_.find(entry.path);
  if (old != index_.end() && entries_[old->second].is_directory()) {
    if (!entry.is_directory())
      fail(exit_status::own_failure, "--root: {}: corrupt archive: '{}' is a directory and something else", file, entry.path);
    entries_[old->second] = std::move(entry);
    return;
  }
  if (entry.is_hard_link && entry.target == entry.path) return;
  index_[entry.path] = entries_.size();
  entries_.push_back(std::move(entry));
}

const ArchiveEntry* ArchiveImage::find(std::string_view path) const {
  for (int links = 0; links < 40; ++links) {
    auto found = index_.find(path);
    if (found == index_.end()) return nullptr;
    const ArchiveEntry& entry = entries_[found->second];
    if (!entry.is_hard_link) return &entry;
    path = entry.target;
  }
  return nullptr;
}

}  // namespace halcyon::cli
