// DeviceTree: the flattened tree with which firmware describes a machine (Devicetree Specification, chapter 5).
//
// parse() checks the whole blob once: that every token, name and property lies inside it and that the nesting is sound. So what comes after
// may walk it without a check, and a blob that was cut short is refused before anything believes it. Nothing is copied: nodes and
// properties point into the blob, which must outlive them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

namespace halcyon::hal {

class DeviceTree {
 public:
  using Bytes = std::span<const std::byte>;

  // A piece of the machine's address space.
  struct Region {
    uint64_t start = 0;
    uint64_t size = 0;
  };

  class Node {
   public:
    // "serial@10000000"; empty for the root.
    std::string_view name() const { return name_; }
    // "serial"
    std::string_view base_name() const { return name_.substr(0, name_.find('@')); }
    // 0 for the root.
    unsigned depth() const { return depth_; }

    std::optional<Bytes> property(std::string_view name) const;
    // The first string of a property; empty if there is none.
    std::string_view text(std::string_view name) const;
    // A number of one or two cells.
    std::optional<uint64_t> number(std::string_view name) const;
    // Cell `index` of a property.
    std::optional<uint32_t> cell(std::string_view name, unsigned index) const;
    // One of the strings in "compatible" is `model`.
    bool is_compatible(std::string_view model) const;
    // status = "okay", or none.
    bool is_enabled() const;
    // Part `index` of "reg", by the cell counts of the parent. Nothing if it is missing, or if a bus in between translates addresses.
    std::optional<Region> region(unsigned index = 0) const;
    // The same of another property that is written like "reg".
    std::optional<Region> region(std::string_view property, unsigned index) const;

   private:
    friend class DeviceTree;
    const DeviceTree* tree_ = nullptr;
    std::string_view name_;
    unsigned depth_ = 0;
    size_t properties_ = 0;  // offset of the first token after the name
    uint32_t address_cells_ = 2, size_cells_ = 1;
    bool is_translated_ = false;
  };

  // Why the blob is no device tree.
  static std::expected<DeviceTree, std::string_view> parse(Bytes blob);
  // The size that a blob claims in its header, to find out how much memory it takes. 0 if that is no header.
  static uint32_t size_of(Bytes header);

  // Calls visit(node) for every node, parents first, until it returns false.
  template <class Visit>
  void for_each(Visit&& visit) const {
    Walk walk(*this);
    while (walk.next())
      if (!visit(walk.node())) return;
  }
  // The first enabled node that says so; nothing if there is none.
  std::optional<Node> find_compatible(std::string_view model) const;
  // By its path, unit addresses included, or by an alias ("serial0").
  std::optional<Node> find(std::string_view path) const;

  // The memory that the blob's header reserves; nothing past the last.
  std::optional<Region> reservation(unsigned index) const;

 private:
  static constexpr unsigned max_depth = 16;

  // A walk over the nodes that keeps what children inherit.
  class Walk {
   public:
    explicit Walk(const DeviceTree& tree) : tree_(tree) {}
    bool next();
    const Node& node() const { return node_; }

   private:
    const DeviceTree& tree_;
    size_t at_ = 0;
    unsigned depth_ = 0;  // of the next node
    struct Level {
      uint32_t address_cells = 2, size_cells = 1;
      bool is_translated = false;
    } levels_[max_depth + 1];
    Node node_;
  };

  explicit DeviceTree(Bytes blob) : blob_(blob) {}
  std::string_view check();
  std::string_view check_structure();
  uint32_t token(size_t offset) const;  // of the structure block
  std::string_view string_at(Bytes block, size_t offset) const;
  size_t skip_name(size_t offset) const;
  size_t skip_property(size_t offset) const;

  Bytes blob_, structure_, strings_, reservations_;
};

}  // namespace halcyon::hal
