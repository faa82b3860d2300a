// Regular files of the host. A write goes into the cache and from there through to the host at once, byte for byte, so that nothing that
// others wrote around it is touched; a shared mapping is written through by pages when it is synchronised or the node goes.
#include <array>
#include <cstring>

#include "fs/hostfs/host_directory.h"

namespace halcyon::fs {

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

Result<Attributes> HostFile::attributes() {
  Attributes attributes = TRY(HostNode<FileNode>::attributes());
  if (!is_gone()) attributes.size = own_size();
  return attributes;
}

Result<> HostFile::prepare_open(uint32_t flags) {
  if (is_gone()) return {};
  TRY(refresh());
  bool for_writing = host().is_writable() && (flags & open_flag::access_mode) != open_flag::read_only;
  auto opened =
      host().on_host(*this, {}, [&](hal::HostFiles& files, std::string_view path) { return files.open(path, id(), for_writing); });
  if (!opened) return opened;
  if (cached_.load() == modified() && own_size() == cache().size()) return {};
  // Others have changed it. What was stored through a mapping is newer.
  if (host().is_writable()) {
    TRY(cache().write_back());
    TRY(refresh());
  }
  cache().invalidate(own_size());
  cached_ = modified();
  return {};
}

// What is cached is still right.
Result<> HostFile::take_over_own_change() {
  if (is_gone()) return {};
  auto looked = refresh();
  if (looked) cached_ = modified();
  // Others may have put something else in its place.
  return !looked && looked.error() == Errno::stale ? Result<>{} : looked;
}

Result<> HostFile::fill(uint64_t index, std::span<std::byte* const> pages) {
  constexpr size_t most = 16;
  std::array<std::span<std::byte>, most> pieces;
  for (size_t start = 0; start < pages.size(); start += most) {
    size_t count = std::min(most, pages.size() - start);
    for (size_t i = 0; i < count; ++i) pieces[i] = {pages[start + i], page_size};
    auto length = host().on_host(*this, {}, [&](hal::HostFiles& files, std::string_view path) {
      return files.read(path, id(), (index + start) << page_shift, std::span(pieces).first(count));
    });
    if (!length) return length.error() == Errno::noent ? err::stale : std::unexpected(length.error());
    for (size_t i = 0; i < count; ++i) {
      size_t here = std::clamp<size_t>(*length, i * page_size, (i + 1) * page_size) - i * page_size;
      std::memset(pieces[i].data() + here, 0, page_size - here);
    }
  }
  return {};
}

Result<> HostFile::write_back(uint64_t offset, std::span<const std::byte> bytes) {
  return host().on_host(*this, {}, [&](hal::HostFiles& files, std::string_view path) { return files.write(path, id(), offset, bytes); });
}

Result<> HostFile::note_change(Nanoseconds now, uint64_t start, uint64_t length) {
  if (is_gone()) touch_modified(now);
  auto written = cache().write_through(start, length);
  auto looked = take_over_own_change();
  if (written) return looked;
  // What did not arrive at the host may not be read here.
  if (!is_gone()) cache().invalidate(own_size());
  return written;
}

Result<> HostFile::truncate(uint64_t size) {
  if (!host().is_writable()) return err::rofs;
  auto cut = host().on_host(*this, {}, [&](hal::HostFiles& files, std::string_view path) { return files.truncate(path, id(), size); });
  return cut ? cache().set_size(size) : cut;
}

Result<> HostFile::change(const AttributeChange& wanted) {
  AttributeChange rest = wanted;
  rest.what &= ~AttributeChange::set_size;
  if (rest.what != wanted.what) {
    TRY(truncate(wanted.size));
    touch_modified(wanted.now);
  }
  if (is_gone()) return HostNode<FileNode>::change(rest);
  TRY(change_host(rest));
  return take_over_own_change();
}

Result<> HostFile::sync() {
  if (!host().is_writable()) return {};
  TRY(cache().write_back());
  TRY(take_over_own_change());
  return host().on_host(*this, {}, [&](hal::HostFiles& files, std::string_view path) { return files.sync(path, id()); });
}

}  // namespace halcyon::fs
