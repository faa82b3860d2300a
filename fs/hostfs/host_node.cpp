#include "fs/hostfs/host_node.h"

#include "fs/hostfs/host_directory.h"

namespace halcyon::fs {

Attributes to_attributes(const hal::HostAttributes& from) {
  Attributes to;
  to.type = from.is_synthetic ? FileType::directory : static_cast<FileType>(from.mode & mode::type_mask);
  to.permissions = from.mode & mode::permissions;
  to.links = from.links;
  to.uid = from.uid;
  to.gid = from.gid;
  to.size = from.size;
  to.accessed = to.modified = to.born = from.modified;
  to.changed = from.changed;
  return to;
}

Result<> HostObject::refresh() {
  auto now = host_.on_host(*this, {}, [](hal::HostFiles& files, std::string_view path) { return files.attributes(path); });
  if (!now) return std::unexpected(now.error());
  if (now->id != id()) return err::stale;
  take(*now);
  return {};
}

Result<> HostObject::change_host(const AttributeChange& change) {
  using Change = AttributeChange;
  if (!host_.is_writable()) return err::rofs;
  auto changed = host_.on_host(*this, {}, [&](hal::HostFiles& files, std::string_view path) -> Result<> {
    Result<> result;
    if (change.what & (Change::set_uid | Change::set_gid)) {
      uint32_t uid = (change.what & Change::set_uid) ? change.uid : ~0u;
      uint32_t gid = (change.what & Change::set_gid) ? change.gid : ~0u;
      result = files.set_owner(path, uid, gid);
    }
    if (result && (change.what & Change::set_permissions)) result = files.set_permissions(path, change.permissions);
    if (result && (change.what & (Change::set_accessed | Change::set_modified))) {
      int64_t accessed = (change.what & Change::set_accessed) ? change.accessed : INT64_MIN;
      int64_t modified = (change.what & Change::set_modified) ? change.modified : INT64_MIN;
      result = files.set_times(path, accessed, modified);
    }
    return result;
  });
  return changed ? refresh() : changed;
}

Result<> HostSymlink::read_link(Sink& out) {
  Vec<char> target;
  if (auto sized = target.resize(path_max); !sized) return sized;
  size_t length =
      TRY(host().on_host(*this, {}, [&](hal::HostFiles& files, std::string_view path) { return files.read_link(path, target.span()); }));
  auto written = out.write(std::as_bytes(target.span().first(length)));
  if (!written) return std::unexpected(written.error());
  return {};
}

HostFile::~HostFile() {
  if (host().is_writable()) static_cast<void>(cache().write_back());
  if (is_held_)
    host().on_host(*this, {}, [&](hal::HostFiles& files, std::string_view) -> Result<> { return files.release(id()), Result<>(); });
}

Result<> HostFile::hold() {
  if (is_held_) return {};
  auto held = host().on_host(*this, {}, [&](hal::HostFiles& files, std::string_view path) { return files.hold(path, id()); });
  is_held_ = held.has_value();
  return held;
}

Result<> HostFile::prepare_open(uint32_t) {
  if (is_held_) return {};
  if (auto looked = refresh(); !looked) return looked;
  uint64_t size = own_size();
  if (cached_.load() == modified() && size == cache().size()) return {};
  host().forget_read_ahead(number());
  cache().invalidate(size);
  cached_ = modified();
  return {};
}

// After a change of our own: what is cached is still right.
Result<> HostFile::refresh_unchanged() {
  if (is_held_) return {};
  auto looked = refresh();
  if (looked) cached_ = modified();
  return looked;
}

Result<> HostFile::fill(uint64_t index, std::span<std::byte> page) {
  return host().on_host(*this, {}, [&](hal::HostFiles& files, std::string_view path) {
    return host().read_ahead().page(number(), index << page_shift, page,
                                    [&](uint64_t offset, std::span<std::byte> bytes) { return files.read(path, id(), offset, bytes); });
  });
}

Result<> HostFile::write_back(uint64_t index, std::span<const std::byte> bytes) {
  return host().on_host(*this, {}, [&](hal::HostFiles& files, std::string_view path) {
    host().read_ahead().forget(number());
    return files.write(path, id(), index << page_shift, bytes);
  });
}

Result<> HostFile::note_change(Nanoseconds) {
  if (auto written = cache().write_back(); !written) return written;
  return refresh_unchanged();
}

Result<> HostFile::change(const AttributeChange& wanted) {
  if (wanted.what & AttributeChange::set_size) {
    if (!host().is_writable()) return err::rofs;
    if (auto cut = cache().set_size(wanted.size); !cut) return cut;
    auto done = host().on_host(*this, {}, [&](hal::HostFiles& files, std::string_view path) {
      host().read_ahead().forget(number());
      return files.truncate(path, id(), wanted.size);
    });
    if (!done) return done;
  }
  if (is_held_) return {};
  if (auto changed = change_host(wanted); !changed) return changed;
  return refresh_unchanged();
}

Result<> HostFile::sync() {
  if (!host().is_writable()) return {};
  if (auto written = cache().write_back(); !written) return written;
  return host().on_host(*this, {}, [&](hal::HostFiles& files, std::string_view path) { return files.sync(path, id()); });
}

}  // namespace halcyon::fs
