// /proc/config.gz: a gzip member (RFC 1952) of stored blocks.
#include <boost/crc.hpp>

#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(ProcConfiguration);

uint32_t little(std::string_view bytes, size_t at, size_t count) {
  uint32_t value = 0;
  for (size_t index = 0; index < count; ++index) value |= uint32_t{static_cast<unsigned char>(bytes[at + index])} << 8 * index;
  return value;
}

// The text in the stored blocks from `*at` on, which then is behind them.
std::string unpack(std::string_view bytes, size_t* at) {
  std::string text;
  for (bool is_last = false; !is_last;) {
    EXPECT_LE(little(bytes, *at, 1), 1u);
    is_last = little(bytes, *at, 1) == 1;
    uint32_t size = little(bytes, *at + 1, 2);
    EXPECT_EQ(little(bytes, *at + 3, 2), size ^ 0xffff);
    text += bytes.substr(*at + 5, size);
    *at += 5 + size;
  }
  return text;
}

TEST_P(ProcConfiguration, IsACompressedListOfOptions) {
  World world({.isa = isa()});
  must(world.system().mount_standard());
  world.run([](Task& task) {
    std::string bytes = task.read(task.open("/proc/config.gz"));
    ASSERT_GT(bytes.size(), 18u);
    EXPECT_EQ(bytes.substr(0, 3), "\x1f\x8b\x08");
    size_t at = 10;
    std::string text = unpack(bytes, &at);
    ASSERT_EQ(at + 8, bytes.size());
    boost::crc_32_type checksum;
    checksum.process_bytes(text.data(), text.size());
    EXPECT_EQ(little(bytes, at, 4), checksum.checksum());
    EXPECT_EQ(little(bytes, at + 4, 4), text.size());
    EXPECT_NE(text.find("CONFIG_EPOLL=y\n"), std::string::npos);
    EXPECT_NE(text.find(task.by_isa("CONFIG_X86_64=y\n", "CONFIG_RISCV=y\n")), std::string::npos);
  });
}

}  // namespace
}  // namespace halcyon::test
