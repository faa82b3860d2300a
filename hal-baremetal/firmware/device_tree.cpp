#include "hal-baremetal/firmware/device_tree.h"

#include <algorithm>
#include <cstring>

#include "core/base/types.h"

namespace halcyon::hal {
namespace {

constexpr uint32_t magic = 0xd00dfeed, version = 17;
constexpr uint32_t begin_node = 1, end_node = 2, property_token = 3, nop = 4, end_of_tree = 9;

// The header's fields, as numbers of 32-bit big-endian words.
enum Field : unsigned {
  f_magic,
  f_size,
  f_structure,
  f_strings,
  f_reservations,
  f_version,
  f_compatible,
  f_cpu,
  f_strings_size,
  f_structure_size
};
constexpr size_t header_size = 40;

uint32_t load32(DeviceTree::Bytes bytes, size_t offset) {
  uint32_t value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return __builtin_bswap32(value);
}

uint64_t load64(DeviceTree::Bytes bytes, size_t offset) { return uint64_t{load32(bytes, offset)} << 32 | load32(bytes, offset + 4); }

// A number of `cells` cells, of which the lowest 64 bits count; the caller has checked that they are there.
uint64_t load_cells(DeviceTree::Bytes bytes, size_t offset, uint32_t cells) {
  uint64_t value = 0;
  for (uint32_t cell = 0; cell < cells; ++cell) value = value << 32 | load32(bytes, offset + cell * 4);
  return value;
}

std::string_view as_text(DeviceTree::Bytes bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

// The part of `blob` at [offset, offset + size), or nothing.
std::optional<DeviceTree::Bytes> part(DeviceTree::Bytes blob, uint32_t offset, uint32_t size) {
  if (offset > blob.size() || size > blob.size() - offset) return {};
  return blob.subspan(offset, size);
}

}  // namespace

uint32_t DeviceTree::size_of(Bytes header) {
  if (header.size() < header_size || load32(header, f_magic * 4) != magic) return 0;
  return load32(header, f_size * 4);
}

std::expected<DeviceTree, std::string_view> DeviceTree::parse(Bytes blob) {
  uint32_t size = size_of(blob);
  if (size == 0) return std::unexpected("no device tree");
  if (size > blob.size() || size < header_size) return std::unexpected("device tree: cut short");
  DeviceTree tree(blob.first(size));
  if (std::string_view failure = tree.check(); !failure.empty()) return std::unexpected(failure);
  return tree;
}

std::string_view DeviceTree::check() {
  auto field = [&](Field which) { return load32(blob_, which * 4); };
  if (field(f_version) < version || field(f_compatible) > version) return "device tree: unknown version";
  auto structure = part(blob_, field(f_structure), field(f_structure_size));
  auto strings = part(blob_, field(f_strings), field(f_strings_size));
  uint32_t reservations = field(f_reservations);
  if (!structure || !strings || reservations > blob_.size() || field(f_structure) % 4 != 0) return "device tree: cut short";
  structure_ = *structure;
  strings_ = *strings;
  reservations_ = blob_.subspan(reservations);
  if (!strings_.empty() && strings_.back() != std::byte{0}) return "device tree: its strings do not end";
  return check_structure();
}

std::string_view DeviceTree::check_structure() {
  constexpr std::string_view broken = "device tree: broken structure", cut = "device tree: cut short";
  unsigned depth = 0;
  bool has_root = false, may_have_properties = false;
  for (size_t at = 0; at + 4 <= structure_.size();) {
    uint32_t kind = token(at);
    at += 4;
    switch (kind) {
      case nop: break;
      case begin_node: {
        if (depth == max_depth || (depth == 0 && has_root)) return broken;
        const void* end = std::memchr(structure_.data() + at, 0, structure_.size() - at);
        if (!end) return cut;
        at = skip_name(at);
        ++depth;
        has_root = may_have_properties = true;
        break;
      }
      case end_node:
        if (depth == 0) return broken;
        --depth;
        may_have_properties = false;
        break;
      case property_token:
        if (!may_have_properties) return broken;
        if (structure_.size() - at < 8 || structure_.size() - at - 8 < token(at)) return cut;
        if (token(at + 4) >= strings_.size()) return broken;
        at = skip_property(at);
        break;
      case end_of_tree: return depth == 0 && has_root ? std::string_view() : broken;
      default: return broken;
    }
  }
  return cut;
}

uint32_t DeviceTree::token(size_t offset) const { return load32(structure_, offset); }

std::string_view DeviceTree::string_at(Bytes block, size_t offset) const {
  std::string_view rest = as_text(block.subspan(offset));
  return rest.substr(0, rest.find('\0'));
}

size_t DeviceTree::skip_name(size_t offset) const { return align_up(offset + string_at(structure_, offset).size() + 1, 4); }

size_t DeviceTree::skip_property(size_t offset) const { return align_up(offset + 8 + token(offset), 4); }

bool DeviceTree::Walk::next() {
  for (;;) {
    uint32_t kind = tree_.token(at_);
    at_ += 4;
    switch (kind) {
      case property_token: at_ = tree_.skip_property(at_); break;
      case end_node: --depth_; break;
      case end_of_tree: at_ -= 4; return false;
      case begin_node: {
        node_ = Node();
        node_.tree_ = &tree_;
        node_.name_ = tree_.string_at(tree_.structure_, at_);
        node_.depth_ = depth_;
        at_ = node_.properties_ = tree_.skip_name(at_);
        const Level& parent = levels_[depth_ == 0 ? 0 : depth_ - 1];
        node_.address_cells_ = parent.address_cells;
        node_.size_cells_ = parent.size_cells;
        node_.is_translated_ = parent.is_translated;
        Level& own = levels_[depth_++];
        own.address_cells = node_.cell("#address-cells", 0).value_or(2);
        own.size_cells = node_.cell("#size-cells", 0).value_or(1);
        // An empty "ranges" says that children live in the same address space, none at all that they live in another.
        auto ranges = node_.property("ranges");
        own.is_translated = node_.depth_ > 0 && (node_.is_translated_ || !ranges || !ranges->empty());
        return true;
      }
      default: break;
    }
  }
}

std::optional<DeviceTree::Bytes> DeviceTree::Node::property(std::string_view name) const {
  for (size_t at = properties_;;) {
    uint32_t kind = tree_->token(at);
    at += 4;
    if (kind == nop) continue;
    if (kind != property_token) return {};
    if (tree_->string_at(tree_->strings_, tree_->token(at + 4)) == name) return tree_->structure_.subspan(at + 8, tree_->token(at));
    at = tree_->skip_property(at);
  }
}

std::string_view DeviceTree::Node::text(std::string_view name) const {
  auto bytes = property(name);
  if (!bytes) return {};
  std::string_view all = as_text(*bytes);
  return all.substr(0, all.find('\0'));
}

std::optional<uint64_t> DeviceTree::Node::number(std::string_view name) const {
  auto bytes = property(name);
  if (!bytes || (bytes->size() != 4 && bytes->size() != 8)) return {};
  return load_cells(*bytes, 0, static_cast<uint32_t>(bytes->size() / 4));
}

std::optional<uint32_t> DeviceTree::Node::cell(std::string_view name, unsigned index) const {
  auto bytes = property(name);
  if (!bytes || bytes->size() / 4 <= index) return {};
  return load32(*bytes, size_t{index} * 4);
}

bool DeviceTree::Node::is_compatible(std::string_view model) const {
  auto bytes = property("compatible");
  if (!bytes) return false;
  for (std::string_view rest = as_text(*bytes); !rest.empty();) {
    std::string_view one = rest.substr(0, rest.find('\0'));
    if (one == model) return true;
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
  }
  return false;
}

bool DeviceTree::Node::is_enabled() const {
  std::string_view status = text("status");
  return status.empty() || status == "okay" || status == "ok";
}

std::optional<DeviceTree::Region> DeviceTree::Node::region(unsigned index) const { return region("reg", index); }

std::optional<DeviceTree::Region> DeviceTree::Node::region(std::string_view name, unsigned index) const {
  constexpr uint32_t most_cells = 4;
  auto bytes = property(name);
  if (!bytes || is_translated_ || address_cells_ > most_cells || size_cells_ > most_cells) return {};
  size_t entry = (size_t{address_cells_} + size_cells_) * 4;
  if (entry == 0 || bytes->size() / entry <= index) return {};
  size_t at = entry * index;
  return Region{load_cells(*bytes, at, address_cells_), load_cells(*bytes, at + size_t{address_cells_} * 4, size_cells_)};
}

std::optional<DeviceTree::Node> DeviceTree::find_compatible(std::string_view model) const {
  std::optional<Node> found;
  for_each([&](const Node& node) {
    if (node.is_compatible(model) && node.is_enabled()) found = node;
    return !found;
  });
  return found;
}

std::optional<DeviceTree::Node> DeviceTree::find(std::string_view path) const {
  if (!path.starts_with('/')) {
    auto aliases = find("/aliases");
    path = aliases ? aliases->text(path) : std::string_view();
    if (!path.starts_with('/')) return {};
  }
  std::optional<Node> found;
  std::string_view rest = path.substr(1);
  unsigned matched = 0;  // how many components of the path the walk stands below
  for_each([&](const Node& node) {
    if (node.depth() == 0 && rest.empty()) found = node;
    if (matched > 0 && node.depth() <= matched) return false;  // the subtree has been left
    if (node.depth() != matched + 1) return !found;
    std::string_view component = rest.substr(0, rest.find('/'));
    if (node.name() != component) return true;
    ++matched;
    rest.remove_prefix(std::min(component.size() + 1, rest.size()));
    if (rest.empty()) found = node;
    return !found;
  });
  return found;
}

std::optional<DeviceTree::Region> DeviceTree::reservation(unsigned index) const {
  size_t at = size_t{index} * 16;
  for (size_t earlier = 0; earlier <= at; earlier += 16) {
    if (earlier + 16 > reservations_.size()) return {};
    if (load64(reservations_, earlier) == 0 && load64(reservations_, earlier + 8) == 0) return {};
  }
  return Region{load64(reservations_, at), load64(reservations_, at + 8)};
}

}  // namespace halcyon::hal
