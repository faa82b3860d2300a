#include "cli/root/guest_user.h"

#include <charconv>
#include <optional>

#include "cli/failure.h"

namespace halcyon::cli {
namespace {

using Fields = std::vector<std::string_view>;

constexpr size_t largest_file = 1 << 20;

Fields split(std::string_view text, char separator) {
  Fields fields;
  for (size_t at = 0;; ++at) {
    size_t end = std::min(text.find(separator, at), text.size());
    fields.push_back(text.substr(at, end - at));
    if (end == text.size()) return fields;
    at = end;
  }
}

// An id; ~0 means "unchanged" to system calls, and nobody has it.
std::optional<uint32_t> number(std::string_view text) {
  uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == UINT32_MAX) return std::nullopt;
  return value;
}

// /etc/passwd or /etc/group: lines of fields.
class Database {
 public:
  Database(const GuestTree& tree, std::string path) : path_(std::move(path)) {
    int error = 0;
    auto node = tree.resolve(path_, &error);
    if (node && node->is_regular()) text_ = tree.read(*node, largest_file, &error).value_or("");
    for (std::string_view line : split(text_, '\n')) lines_.push_back(split(line, ':'));
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::vector<Fields>& lines() const { return lines_; }
  // The line that has `key` in this column and a number in the third.
  const Fields* find(size_t column, std::string_view key) const {
    for (const Fields& line : lines_)
      if (line.size() > 3 && line[column] == key && number(line[2])) return &line;
    return nullptr;
  }
  [[noreturn]] void missing(std::string_view what, std::string_view name) const {
    fail(exit_status::own_failure, "--user: the guest's {} has no {} '{}'", path_, what, name);
  }

 private:
  std::string path_, text_;
  std::vector<Fields> lines_;
};

}  // namespace

GuestUser find_user(const GuestTree& tree, const std::string& text) {
  Database users(tree, "/etc/passwd"), groups(tree, "/etc/group");
  size_t colon = text.find(':');
  std::string name = text.substr(0, colon);
  GuestUser user;
  auto uid = number(name);
  const Fields* line = users.find(uid ? 2 : 0, name);
  if (!uid && !line) users.missing("user", name);
  user.uid = user.gid = uid ? *uid : *number((*line)[2]);
  if (line) user.gid = number((*line)[3]).value_or(user.gid);
  if (colon != std::string::npos) {
    std::string group = text.substr(colon + 1);
    auto gid = number(group);
    const Fields* found = gid ? nullptr : groups.find(0, group);
    if (!gid && !found) groups.missing("group", group);
    user.gid = gid ? *gid : *number((*found)[2]);
    return user;
  }
  if (!line) return user;
  for (const Fields& group : groups.lines()) {
    if (group.size() < 4 || !number(group[2])) continue;
    for (std::string_view member : split(group[3], ','))
      if (member == (*line)[0]) user.groups.push_back(*number(group[2]));
  }
  return user;
}

}  // namespace halcyon::cli
