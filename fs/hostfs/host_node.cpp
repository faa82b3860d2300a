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

// A long chain of directories ends here one by one, not by recursion.
HostObject::~HostObject() {
  HostDirectory* parent = parent_.release();
  while (parent && parent->drop()) {
    HostDirectory* above = static_cast<HostObject*>(parent)->parent_.release();
    parent->~HostDirectory();
    deallocate(parent);
    parent = above;
  }
}

Result<> HostObject::refresh() {
  if (is_gone()) return err::stale;
  auto now = host_.on_host(*this, {}, [](hal::HostFiles& files, std::string_view path) { return files.attributes(path); });
  if (!now) return now.error() == Errno::noent || now.error() == Errno::notdir ? err::stale : std::unexpected(now.error());
  if (now->id != id() || to_attributes(*now).type != host_type()) return err::stale;
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
  TRY(target.resize(path_max));
  size_t length =
      TRY(host().on_host(*this, {}, [&](hal::HostFiles& files, std::string_view path) { return files.read_link(path, target.span()); }));
  static_cast<void>(TRY(out.write(std::as_bytes(target.span().first(length)))));
  return {};
}

}  // namespace halcyon::fs
