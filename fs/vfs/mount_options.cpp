#include "fs/vfs/mount_options.h"

#include <algorithm>
#include <charconv>

#include "core/mm/frames/frame.h"
#include "core/mm/frames/frame_allocator.h"
#include "fs/vfs/mount.h"

namespace halcyon::fs {

namespace {

template <class Number>
Result<Number> parse_number(std::string_view text, int base) {
  if (base == 0) {
    base = !text.starts_with('0') ? 10 : text.size() > 2 && (text[1] | 0x20) == 'x' ? 16 : 8;
    if (base == 16) text.remove_prefix(2);
  }
  Number value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return err::inval;
  return value;
}

Result<uint64_t> parse_count(std::string_view text) {
  constexpr std::string_view units = "kmgtpe";
  unsigned shift = 0;
  size_t unit = text.empty() ? std::string_view::npos : units.find(static_cast<char>(text.back() | 0x20));
  if (unit != std::string_view::npos && !text.starts_with("0x")) {
    shift = 10 * static_cast<unsigned>(unit + 1);
    text.remove_suffix(1);
    if (text.empty()) return 0;
  }
  uint64_t value = TRY(parse_number<uint64_t>(text, 0));
  if (value > static_cast<uint64_t>(INT64_MAX) >> shift) return err::inval;
  return value << shift;
}

Result<uint64_t> parse_pages(std::string_view text) {
  if (text.ends_with('%')) {
    uint64_t percent = TRY(parse_number<uint32_t>(text.substr(0, text.size() - 1), 0));
    return frames().total_pages() * percent / 100;
  }
  uint64_t bytes = TRY(parse_count(text));
  return (bytes >> page_shift) + ((bytes & page_mask) != 0);
}

Result<uint64_t> parse_id(std::string_view text) {
  uint32_t id = TRY(parse_number<uint32_t>(text, 0));
  if (id == ~uint32_t{0}) return err::inval;
  return id;
}

Result<uint64_t> parse_word(std::string_view text, std::string_view words) {
  for (uint64_t index = 0; !words.empty(); ++index) {
    std::string_view word = words.substr(0, words.find('|'));
    if (word == text) return index;
    words.remove_prefix(std::min(word.size() + 1, words.size()));
  }
  return err::inval;
}

Result<uint64_t> parse_value(const OptionSpec& spec, std::string_view text) {
  switch (spec.value) {
    case OptionValue::none: break;
    case OptionValue::octal: return parse_number<uint32_t>(text, 8);
    case OptionValue::id: return parse_id(text);
    case OptionValue::count: return parse_count(text);
    case OptionValue::pages: return parse_pages(text);
    case OptionValue::word: return parse_word(text, spec.words);
  }
  return 0;
}

}  // namespace

// Those of old that change nothing here are taken, too.
bool MountOptions::take_common(std::string_view option) {
  if (option == "ro") set_ |= mount_flag::read_only, cleared_ &= ~mount_flag::read_only;
  else if (option == "rw") cleared_ |= mount_flag::read_only, set_ &= ~mount_flag::read_only;
  else return parse_word(option, "sync|async|dirsync|lazytime|nolazytime|mand|nomand").has_value();
  return true;
}

Result<> MountOptions::take(std::string_view option, std::span<const OptionSpec> specs, Unknown unknown) {
  if (take_common(option)) return {};
  size_t equals = option.find('=');
  bool has_value = equals != std::string_view::npos;
  std::string_view name = option.substr(0, equals);
  auto spec = std::find_if(specs.begin(), specs.end(), [&](const OptionSpec& one) { return one.name == name; });
  if (spec == specs.end()) return unknown == Unknown::ignore ? Result<>() : err::inval;
  std::string_view text = has_value ? option.substr(equals + 1) : std::string_view();
  if (has_value == (spec->value == OptionValue::none) || (has_value && text.empty())) return err::inval;
  uint64_t value = TRY(parse_value(*spec, text));
  return options_.push({spec->key, value});
}

Result<> MountOptions::parse(std::string_view text, std::span<const OptionSpec> specs, Unknown unknown) {
  while (!text.empty()) {
    std::string_view option = text.substr(0, text.find(','));
    text.remove_prefix(std::min(option.size() + 1, text.size()));
    if (!option.empty()) TRY(take(option, specs, unknown));
  }
  return {};
}

}  // namespace halcyon::fs
