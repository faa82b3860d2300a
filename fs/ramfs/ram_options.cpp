#include "fs/ramfs/ram_options.h"

#include <algorithm>
#include <charconv>

#include "core/mm/frames/frame.h"
#include "core/mm/frames/frame_allocator.h"

namespace halcyon::fs {

namespace {

template <class Number>
Result<Number> parse_number(std::string_view text, int base) {
  Number value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return err::inval;
  return value;
}

// "64k", "10m", "1g": how many it is.
Result<uint64_t> parse_count(std::string_view text) {
  constexpr std::string_view units = "kmgtpe";
  unsigned shift = 0;
  if (!text.empty()) {
    size_t unit = units.find(static_cast<char>(text.back() | 0x20));
    if (unit != std::string_view::npos) {
      shift = 10 * static_cast<unsigned>(unit + 1);
      text.remove_suffix(1);
    }
  }
  uint64_t value = TRY(parse_number<uint64_t>(text, 10));
  if (value > static_cast<uint64_t>(INT64_MAX) >> shift) return err::inval;
  return value << shift;
}

// In pages, of bytes or of a part of RAM ("50%").
Result<uint64_t> parse_size(std::string_view text) {
  if (text.ends_with('%')) {
    uint64_t percent = TRY(parse_number<uint32_t>(text.substr(0, text.size() - 1), 10));
    return frames().total_pages() * percent / 100;
  }
  uint64_t bytes = TRY(parse_count(text));
  return (bytes >> page_shift) + ((bytes & page_mask) != 0);
}

Result<uint32_t> parse_id(std::string_view text) {
  uint32_t id = TRY(parse_number<uint32_t>(text, 10));
  if (id == ~uint32_t{0}) return err::inval;
  return id;
}

Result<> parse_mode(std::string_view text, RamOptions* options) {
  options->root_permissions = TRY(parse_number<uint32_t>(text, 8)) & mode::permissions;
  return {};
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

Result<> parse_tmpfs_option(std::string_view key, std::string_view value, RamOptions* options) {
  if (key == "size") options->max_pages = TRY(parse_size(value));
  else if (key == "nr_blocks") options->max_pages = TRY(parse_count(value));
  else if (key == "nr_inodes") options->max_inodes = TRY(parse_count(value));
  else if (key == "mode") return parse_mode(value, options);
  else if (key == "uid") options->root_uid = TRY(parse_id(value));
  else if (key == "gid") options->root_gid = TRY(parse_id(value));
  else if (key == "huge" && is_one_of(value, {"never", "always", "within_size", "advise"})) return {};
  else if (key == "mpol" && is_one_of(value, {"default", "local"})) return {};
  else return err::inval;
  return {};
}

// Calls take(key, value, has_value) for each option.
template <class Take>
Result<> for_each_option(std::string_view text, Take take) {
  while (!text.empty()) {
    std::string_view option = text.substr(0, text.find(','));
    text.remove_prefix(std::min(option.size() + 1, text.size()));
    if (option.empty()) continue;
    size_t equals = option.find('=');
    std::string_view value = equals == std::string_view::npos ? std::string_view() : option.substr(equals + 1);
    if (auto taken = take(option.substr(0, equals), value, equals != std::string_view::npos); !taken) return taken;
  }
  return {};
}

}  // namespace

Result<> parse_tmpfs_options(std::string_view text, RamOptions* options) {
  return for_each_option(text, [&](std::string_view key, std::string_view value, bool has_value) -> Result<> {
    if (!has_value) return is_one_of(key, {"inode32", "inode64", "noswap"}) ? Result<>() : err::inval;
    return parse_tmpfs_option(key, value, options);
  });
}

Result<> parse_ramfs_options(std::string_view text, RamOptions* options) {
  return for_each_option(text, [&](std::string_view key, std::string_view value, bool has_value) -> Result<> {
    return key == "mode" && has_value ? parse_mode(value, options) : Result<>();
  });
}

}  // namespace halcyon::fs
