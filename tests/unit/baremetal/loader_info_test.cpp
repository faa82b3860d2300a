#include "hal-baremetal/firmware/loader_info.h"

#include <gtest/gtest.h>

#include <vector>

namespace halcyon::hal {
namespace {

constexpr uint64_t one_mib = 1 << 20, test_base = 0x60'0000;

// Some memory from `test_base` on, and nothing else.
class TestMemory final : public PhysicalMemory {
 public:
  std::span<const std::byte> at(uint64_t address, size_t size) const override {
    if (address < test_base || address - test_base > bytes.size() || size > bytes.size() - (address - test_base)) return {};
    return std::span(bytes).subspan(address - test_base, size);
  }

  uint64_t end() const { return test_base + bytes.size(); }
  void add(std::span<const std::byte> more) { bytes.insert(bytes.end(), more.begin(), more.end()); }
  template <class... T>
  void add_words(T... words) {
    (add(std::as_bytes(std::span(&words, 1))), ...);
  }
  void add_text(std::string_view text) {
    add(std::as_bytes(std::span(text)));
    bytes.push_back(std::byte{0});
  }
  void pad() { bytes.resize((bytes.size() + 7) & ~size_t{7}); }

  std::vector<std::byte> bytes;
};

struct Outcome {
  std::string_view complaint;
  LoaderInfo info;
  MemoryMap map;
};

template <class Read>
Outcome read(Read read, const TestMemory& memory, uint64_t address = test_base) {
  Outcome outcome;
  outcome.complaint = read(memory, address, &outcome.info, &outcome.map);
  return outcome;
}

TestMemory pvh(uint32_t version = 1, uint32_t ranges = 2) {
  TestMemory memory;
  uint64_t modules = test_base + 56, map = modules + 32, line = map + 48;
  memory.add_words(uint32_t{0x336ec578}, version, uint32_t{0}, uint32_t{1}, modules, line, uint64_t{0xf5a40}, map, ranges, uint32_t{0});
  memory.add_words(8 * one_mib, uint64_t{0x1234}, uint64_t{0}, uint64_t{0});
  memory.add_words(uint64_t{0}, 16 * one_mib, uint32_t{1}, uint32_t{0});
  memory.add_words(uint64_t{0xfffc0000}, uint64_t{0x40000}, uint32_t{2}, uint32_t{0});
  memory.add_text("init=/bin/sh -- -l");
  return memory;
}

TEST(LoaderInfo, ReadsPvh) {
  TestMemory passed = pvh();  // the command line stays in it
  Outcome outcome = read(read_pvh, passed);
  EXPECT_EQ(outcome.complaint, "");
  EXPECT_EQ(outcome.info.command_line, "init=/bin/sh -- -l");
  EXPECT_EQ(outcome.info.initramfs.start, 8 * one_mib);
  EXPECT_EQ(outcome.info.initramfs.size, 0x1234u);
  EXPECT_EQ(outcome.info.acpi_root, 0xf5a40u);
  EXPECT_EQ(outcome.map.highest(), 16 * one_mib);
  auto memory = outcome.map.memory();
  // What was passed is not for use: its page, and the module's.
  ASSERT_EQ(memory.holes.size(), 2u);
  EXPECT_EQ(memory.holes[0].start, test_base & ~uint64_t{0xfff});
  EXPECT_EQ(memory.holes[1].start, 8 * one_mib);
  EXPECT_EQ(memory.holes[1].size, 0x2000u);
}

TEST(LoaderInfo, RefusesWhatIsNotPvh) {
  EXPECT_NE(read(read_pvh, pvh(0)).complaint, "");
  EXPECT_NE(read(read_pvh, pvh(), test_base + 8).complaint, "");
  EXPECT_NE(read(read_pvh, pvh(1, 200)).complaint, "");
  EXPECT_NE(read(read_pvh, TestMemory()).complaint, "");
}

// The text has no end within memory.
TEST(LoaderInfo, DoesNotReadATextBeyondMemory) {
  TestMemory memory = pvh();
  memory.bytes.pop_back();
  EXPECT_EQ(read(read_pvh, memory).info.command_line, "");
}

TestMemory multiboot() {
  TestMemory memory;
  memory.add_words(uint32_t{0}, uint32_t{0});
  memory.add_words(uint32_t{1}, uint32_t{8 + 4}), memory.add_text("a=b"), memory.pad();
  memory.add_words(uint32_t{3}, uint32_t{16 + 1}, uint32_t{4 * one_mib}, uint32_t{4 * one_mib + 0x800}), memory.add_text(""), memory.pad();
  memory.add_words(uint32_t{6}, uint32_t{16 + 2 * 24}, uint32_t{24}, uint32_t{0});
  memory.add_words(uint64_t{0}, 32 * one_mib, uint32_t{1}, uint32_t{0}, 32 * one_mib, one_mib, uint32_t{3}, uint32_t{0});
  memory.add_words(uint32_t{15}, uint32_t{8 + 36}), memory.bytes.resize(memory.bytes.size() + 36), memory.pad();
  memory.add_words(uint32_t{14}, uint32_t{8 + 20}), memory.bytes.resize(memory.bytes.size() + 20), memory.pad();
  memory.add_words(uint32_t{0}, uint32_t{8});
  uint32_t size = static_cast<uint32_t>(memory.bytes.size());
  std::memcpy(memory.bytes.data(), &size, sizeof size);
  return memory;
}

TEST(LoaderInfo, ReadsMultiboot) {
  TestMemory memory = multiboot();
  Outcome outcome = read(read_multiboot, memory);
  EXPECT_EQ(outcome.complaint, "");
  EXPECT_EQ(outcome.info.command_line, "a=b");
  EXPECT_EQ(outcome.info.initramfs.start, 4 * one_mib);
  EXPECT_EQ(outcome.info.initramfs.size, 0x800u);
  // The newer of the two pointers.
  EXPECT_EQ(outcome.info.acpi_root, memory.end() - 8 - 32 - 36 - 4);
  EXPECT_EQ(outcome.map.highest(), 32 * one_mib);
}

TEST(LoaderInfo, RefusesMultibootThatIsCutShort) {
  TestMemory whole = multiboot();
  for (size_t size = 0; size < whole.bytes.size(); ++size) {
    TestMemory memory = whole;
    memory.bytes.resize(size);
    EXPECT_NE(read(read_multiboot, memory).complaint, "") << size;
    if (size < 8) continue;
    memory = whole;
    auto said = static_cast<uint32_t>(size);
    std::memcpy(memory.bytes.data(), &said, sizeof said);
    EXPECT_NE(read(read_multiboot, memory).complaint, "") << size;
  }
}

struct ScreenTag {
  uint32_t kind = 8, size = 38;
  uint64_t address = 0xfd00'0000;
  uint32_t pitch = 4096, width = 1024, height = 768;
  uint8_t bits = 32, type = 1;
  uint16_t reserved = 0;
  uint8_t colors[8] = {16, 8, 8, 8, 0, 8};
};

LoaderScreen screen_of(const ScreenTag& tag) {
  TestMemory memory;
  uint32_t room = (tag.size + 7) & ~7u;
  memory.add_words(8 + room + 8, uint32_t{0});
  memory.add(std::as_bytes(std::span(&tag, 1)).first(room));
  memory.add_words(uint32_t{0}, uint32_t{8});
  Outcome outcome = read(read_multiboot, memory);
  EXPECT_EQ(outcome.complaint, "");
  return outcome.info.screen;
}

TEST(LoaderInfo, FindsTheScreen) {
  LoaderScreen pixels = screen_of({});
  EXPECT_EQ(pixels.kind, LoaderScreen::Kind::pixels);
  EXPECT_EQ(pixels.address, 0xfd00'0000u);
  EXPECT_EQ(pixels.width, 1024u);
  EXPECT_EQ(pixels.red_shift, 16);
  EXPECT_EQ(pixels.blue_bits, 8);
  LoaderScreen text = screen_of({.size = 32, .address = 0xb8000, .pitch = 160, .width = 80, .height = 25, .bits = 16, .type = 2});
  EXPECT_EQ(text.kind, LoaderScreen::Kind::text);
  EXPECT_EQ(text.height, 25u);
}

TEST(LoaderInfo, TakesAScreenThatMakesNoSenseForNone) {
  for (const ScreenTag& tag :
       {ScreenTag{.size = 31}, ScreenTag{.size = 37}, ScreenTag{.pitch = 4095}, ScreenTag{.width = 0}, ScreenTag{.height = 0},
        ScreenTag{.height = 1u << 20}, ScreenTag{.bits = 8, .type = 0}, ScreenTag{.bits = 8}, ScreenTag{.bits = 64}, ScreenTag{.type = 3},
        ScreenTag{.colors = {30, 8, 8, 8, 0, 8}}, ScreenTag{.colors = {16, 9, 8, 8, 0, 8}}})
    EXPECT_EQ(screen_of(tag).kind, LoaderScreen::Kind::none);
}

TEST(LoaderInfo, RefusesATagWithoutSize) {
  TestMemory memory = multiboot();
  uint32_t none = 0;
  std::memcpy(memory.bytes.data() + 12, &none, sizeof none);
  EXPECT_NE(read(read_multiboot, memory).complaint, "");
}

}  // namespace
}  // namespace halcyon::hal
