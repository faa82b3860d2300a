// Device trees built here, whole and damaged.
#include "hal-baremetal/firmware/device_tree.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace halcyon::hal {
namespace {

// Writes a tree in the flattened format.
class Builder {
 public:
  Builder& begin(const std::string& name) {
    word(structure_, 1);
    text(structure_, name);
    return *this;
  }
  Builder& end() {
    word(structure_, 2);
    return *this;
  }
  Builder& property(const std::string& name, const std::string& bytes) {
    if (!names_.contains(name)) {
      names_[name] = static_cast<uint32_t>(strings_.size());
      strings_ += name + '\0';
    }
    word(structure_, 3);
    word(structure_, static_cast<uint32_t>(bytes.size()));
    word(structure_, names_[name]);
    structure_ += bytes;
    structure_.resize((structure_.size() + 3) / 4 * 4);
    return *this;
  }
  Builder& cells(const std::string& name, std::initializer_list<uint32_t> values) {
    std::string bytes;
    for (uint32_t value : values) word(bytes, value);
    return property(name, bytes);
  }
  Builder& nop() {
    word(structure_, 4);
    return *this;
  }
  Builder& reserve(uint64_t start, uint64_t size) {
    for (uint64_t value : {start, size}) {
      word(reservations_, static_cast<uint32_t>(value >> 32));
      word(reservations_, static_cast<uint32_t>(value));
    }
    return *this;
  }
  std::string finish() {
    std::string structure = structure_, reservations = reservations_ + std::string(16, '\0'), blob;
    word(structure, 9);
    uint32_t at_reservations = 40, at_structure = at_reservations + static_cast<uint32_t>(reservations.size());
    uint32_t at_strings = at_structure + static_cast<uint32_t>(structure.size());
    uint32_t size = at_strings + static_cast<uint32_t>(strings_.size());
    for (uint32_t value : {0xd00dfeedu, size, at_structure, at_strings, at_reservations, 17u, 16u, 0u,
                           static_cast<uint32_t>(strings_.size()), static_cast<uint32_t>(structure.size())})
      word(blob, value);
    return blob + reservations + structure + strings_;
  }

 private:
  static void word(std::string& to, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>(value >> shift);
  }
  static void text(std::string& to, const std::string& value) {
    to += value + '\0';
    to.resize((to.size() + 3) / 4 * 4);
  }
  std::string structure_, strings_, reservations_;
  std::map<std::string, uint32_t> names_;
};

std::string small_machine() {
  Builder tree;
  tree.reserve(0x1000, 0x2000).begin("").cells("#address-cells", {2}).cells("#size-cells", {2});
  tree.begin("aliases").property("serial0", std::string("/soc/serial@10000000\0", 21)).end();
  tree.begin("chosen").property("stdout-path", std::string("/soc/serial@10000000\0", 21)).end();
  tree.begin("memory@80000000").property("device_type", std::string("memory\0", 7)).cells("reg", {0, 0x80000000, 1, 0x8000000}).end();
  tree.begin("soc").cells("#address-cells", {2}).cells("#size-cells", {2}).property("ranges", "").nop();
  tree.begin("serial@10000000").property("compatible", std::string("ns16550a\0ns16550\0", 17)).cells("reg", {0, 0x10000000, 0, 0x100});
  tree.cells("interrupts", {10}).property("status", std::string("okay\0", 5)).end();
  tree.begin("serial@20000000").property("compatible", std::string("ns16550a\0", 9)).property("status", std::string("disabled\0", 9)).end();
  tree.end();
  tree.begin("far").cells("#address-cells", {1}).cells("#size-cells", {1}).cells("ranges", {0, 0, 0x40000000, 0x1000});
  tree.begin("serial@10000000").cells("reg", {0, 0x100}).end().end();
  tree.end();
  return tree.finish();
}

std::expected<DeviceTree, std::string_view> parse(const std::string& blob) { return DeviceTree::parse(std::as_bytes(std::span(blob))); }

TEST(DeviceTree, FindsNodesAndReadsProperties) {
  std::string blob = small_machine();
  auto tree = parse(blob);
  ASSERT_TRUE(tree) << tree.error();
  auto serial = tree->find("/soc/serial@10000000");
  ASSERT_TRUE(serial);
  EXPECT_EQ(serial->name(), "serial@10000000");
  EXPECT_EQ(serial->base_name(), "serial");
  EXPECT_EQ(serial->depth(), 2u);
  EXPECT_TRUE(serial->is_compatible("ns16550a"));
  EXPECT_TRUE(serial->is_compatible("ns16550"));
  EXPECT_FALSE(serial->is_compatible("ns1655"));
  EXPECT_TRUE(serial->is_enabled());
  EXPECT_EQ(serial->cell("interrupts", 0), 10u);
  EXPECT_FALSE(serial->cell("interrupts", 1));
  EXPECT_FALSE(serial->property("reg-shift"));
  ASSERT_TRUE(serial->region());
  EXPECT_EQ(serial->region()->start, 0x10000000u);
  EXPECT_EQ(serial->region()->size, 0x100u);
  EXPECT_FALSE(serial->region(1));
  EXPECT_EQ(tree->find("serial0")->name(), "serial@10000000");
  EXPECT_FALSE(tree->find("serial1"));
  EXPECT_FALSE(tree->find("/soc/serial"));
  EXPECT_FALSE(tree->find("/chosen/serial@10000000"));
  EXPECT_FALSE(tree->find("/memory@80000000/serial@10000000"));
  EXPECT_EQ(tree->find("/")->depth(), 0u);
  auto memory = tree->find("/memory@80000000")->region();
  EXPECT_EQ(memory->start, 0x80000000u);
  EXPECT_EQ(memory->size, 0x1'0800'0000u);
}

TEST(DeviceTree, KnowsWhatIsDisabledTranslatedAndReserved) {
  std::string blob = small_machine();
  auto tree = parse(blob);
  ASSERT_TRUE(tree);
  EXPECT_FALSE(tree->find("/soc/serial@20000000")->is_enabled());
  EXPECT_EQ(tree->find_compatible("ns16550a")->name(), "serial@10000000");
  EXPECT_FALSE(tree->find_compatible("nothing"));
  EXPECT_FALSE(tree->find("/far/serial@10000000")->region()) << "a bus that translates addresses lies above it";
  ASSERT_TRUE(tree->reservation(0));
  EXPECT_EQ(tree->reservation(0)->start, 0x1000u);
  EXPECT_EQ(tree->reservation(0)->size, 0x2000u);
  EXPECT_FALSE(tree->reservation(1));
  EXPECT_FALSE(tree->reservation(2));
}

TEST(DeviceTree, RefusesEveryTruncation) {
  std::string blob = small_machine();
  for (size_t size = 0; size < blob.size(); ++size) EXPECT_FALSE(parse(blob.substr(0, size))) << size;
  // Also when the header claims less than there is.
  for (size_t size = 0; size < blob.size(); ++size) {
    std::string cut = blob;
    for (int byte = 0; byte < 4; ++byte) cut[static_cast<size_t>(4 + byte)] = static_cast<char>(size >> (24 - 8 * byte));
    EXPECT_FALSE(parse(cut)) << size;
  }
}

// Whatever a byte becomes: refused, or walked without leaving the blob (which the sanitizer build watches).
TEST(DeviceTree, SurvivesAnyChangedByte) {
  std::string blob = small_machine();
  unsigned accepted = 0;
  for (size_t at = 0; at < blob.size(); ++at) {
    for (int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      std::vector<char> changed(blob.begin(), blob.end());
      changed[at] = static_cast<char>(value);
      auto tree = DeviceTree::parse(std::as_bytes(std::span(changed)));
      if (!tree) continue;
      ++accepted;
      tree->for_each([](const DeviceTree::Node& node) {
        node.region();
        node.is_compatible("x");
        node.text("status");
        return true;
      });
      tree->find("serial0");
      for (unsigned index = 0; index < 4; ++index) tree->reservation(index);
    }
  }
  EXPECT_GT(accepted, 0u);
}

TEST(DeviceTree, RefusesUnsoundNesting) {
  EXPECT_FALSE(parse(Builder().begin("").finish()));
  EXPECT_FALSE(parse(Builder().begin("").end().end().finish()));
  EXPECT_FALSE(parse(Builder().begin("").end().begin("").end().finish()));
  EXPECT_FALSE(parse(Builder().finish()));
  EXPECT_FALSE(parse(Builder().begin("").begin("a").end().property("late", "x").end().finish()));
  Builder deep;
  for (int level = 0; level < 40; ++level) deep.begin("n");
  for (int level = 0; level < 40; ++level) deep.end();
  EXPECT_FALSE(parse(deep.finish()));
}

}  // namespace
}  // namespace halcyon::hal
