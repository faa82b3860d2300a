#include "hal-baremetal/boot/cpio.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/types.h"

namespace halcyon {
namespace {

// The header's fields after the magic: eight hexadecimal digits each.
enum Field : unsigned {
  f_inode,
  f_mode,
  f_uid,
  f_gid,
  f_links,
  f_modified,
  f_size,
  f_major,
  f_minor,
  f_special_major,
  f_special_minor,
  f_name_size,
  f_check,
  field_count
};
constexpr size_t magic_size = 6, field_size = 8, header_size = magic_size + field_size * field_count;
static_assert(header_size == 110);
constexpr std::string_view trailer = "TRAILER!!!";

std::string_view as_text(std::span<const std::byte> bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

bool read_fields(std::string_view header, std::array<uint32_t, field_count>& fields) {
  for (unsigned index = 0; index < field_count; ++index) {
    std::string_view digits = header.substr(magic_size + index * field_size, field_size);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), fields[index], 16);
    if (error != std::errc() || end != digits.data() + digits.size()) return false;
  }
  return true;
}

}  // namespace

CpioReader::Status CpioReader::next(CpioEntry* entry) {
  for (;;) {
    if (has_ended_ || is_empty_)
      while (at_ < archive_.size() && archive_[at_] == std::byte{0}) ++at_;
    if (at_ == archive_.size() && (has_ended_ || is_empty_)) return is_empty_ ? fail("is empty") : Status::end;
    Status status = read_entry(entry);
    if (status != Status::entry) return status;
    is_empty_ = false;
    has_ended_ = entry->path == trailer;
    if (!has_ended_) return status;
  }
}

CpioReader::Status CpioReader::read_entry(CpioEntry* entry) {
  std::span<const std::byte> rest = archive_.subspan(at_);
  std::string_view text = as_text(rest);
  if (text.size() < magic_size) return fail("is cut short");
  if (!text.starts_with("070701") && !text.starts_with("070702")) return fail("is no cpio archive of the newc format");
  if (text.size() < header_size) return fail("is cut short");
  std::array<uint32_t, field_count> fields;
  if (!read_fields(text, fields)) return fail("has a header that is not made of hexadecimal numbers");
  uint64_t name_end = header_size + uint64_t{fields[f_name_size]};
  // The padding behind the very last entry may be missing.
  uint64_t data_start = std::min<uint64_t>(align_up(name_end, 4), text.size()), data_end = data_start + fields[f_size];
  if (fields[f_name_size] == 0) return fail("has an entry without a name");
  if (name_end > text.size() || data_end > text.size()) return fail("is cut short");
  std::string_view name = text.substr(header_size, fields[f_name_size]);
  if (name.find('\0') != name.size() - 1) return fail("has a name that does not end where it should");
  *entry = {.path = name.substr(0, name.size() - 1),
            .data = rest.subspan(data_start, fields[f_size]),
            .inode = fields[f_inode],
            .mode = fields[f_mode],
            .uid = fields[f_uid],
            .gid = fields[f_gid],
            .links = fields[f_links],
            .modified = fields[f_modified],
            .device_major = fields[f_major],
            .device_minor = fields[f_minor],
            .special_major = fields[f_special_major],
            .special_minor = fields[f_special_minor]};
  at_ += std::min<uint64_t>(align_up(data_end, 4), text.size());
  return Status::entry;
}

}  // namespace halcyon
