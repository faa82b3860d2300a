// Drivers of a PC's own devices against models of them.
#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <functional>

#include "hal-baremetal/drivers/cmos_clock.h"
#include "hal-baremetal/drivers/io_apic.h"

namespace halcyon::hal {
namespace {

class RegisterModel : public Registers {
 public:
  uint8_t read8(size_t) override { return 0; }
  uint16_t read16(size_t) override { return 0; }
  uint32_t read32(size_t) override { return 0; }
  void write8(size_t, uint8_t) override {}
  void write16(size_t, uint16_t) override {}
  void write32(size_t, uint32_t) override {}
};

class IoApicModel final : public RegisterModel {
 public:
  uint32_t read32(size_t offset) override { return offset == 0x10 ? words[selected] : selected; }
  void write32(size_t offset, uint32_t value) override {
    if (offset == 0) selected = value & 0xff;
    else words[selected] = value;
  }
  uint32_t low(unsigned input) const { return words[0x10 + 2 * input]; }
  uint32_t high(unsigned input) const { return words[0x11 + 2 * input]; }

  uint32_t selected = 0;
  std::array<uint32_t, 256> words{};
};

struct Handler final : InterruptHandler {
  void handle_interrupt() override { ++count; }
  int count = 0;
};

TEST(IoApic, LeadsInputsToVectors) {
  IoApicModel model;
  model.words[1] = 23 << 16 | 0x20;
  IoApic io_apic(model, 24, 0x30, 7);
  for (unsigned input = 0; input < 24; ++input) EXPECT_TRUE(model.low(input) & 0x10000) << input;
  Handler handler, other;
  io_apic.configure(26, true, true);
  EXPECT_TRUE(io_apic.connect(26, handler));
  EXPECT_TRUE(io_apic.connect(27, other));
  EXPECT_EQ(model.low(2), 0x30u + 26 | 0xa000);
  EXPECT_EQ(model.high(2), 7u << 24);
  EXPECT_EQ(model.low(3), 0x30u + 27);
  EXPECT_TRUE(io_apic.dispatch(26));
  EXPECT_EQ(handler.count, 1);
  EXPECT_EQ(other.count, 0);
  EXPECT_FALSE(io_apic.dispatch(28));
}

TEST(IoApic, HasNoOtherInputs) {
  IoApicModel model;
  model.words[1] = 23 << 16;
  IoApic io_apic(model, 24, 0x30, 0);
  Handler handler;
  for (unsigned input : {0u, 23u, 48u, ~0u}) {
    EXPECT_FALSE(io_apic.has(input)) << input;
    EXPECT_FALSE(io_apic.connect(input, handler)) << input;
    EXPECT_FALSE(io_apic.dispatch(input)) << input;
    io_apic.configure(input, true, true);
  }
  // One that claims more inputs than there can be.
  model.words[1] = 255 << 16;
  EXPECT_FALSE(IoApic(model, 0, 0x30, 0).has(200));
}

class CmosModel final : public RegisterModel {
 public:
  uint8_t read8(size_t) override {
    if (on_read) on_read();
    return registers[selected & 0x7f];
  }
  void write8(size_t offset, uint8_t value) override {
    if (offset == 0) selected = value;
  }
  void set(std::array<int, 7> seconds_to_century) {
    constexpr int numbers[] = {0, 2, 4, 7, 8, 9, 0x32};
    for (size_t index = 0; index < 7; ++index)
      registers[static_cast<size_t>(numbers[index])] = static_cast<uint8_t>(seconds_to_century[index]);
  }

  uint8_t selected = 0;
  std::array<uint8_t, 128> registers{};
  std::function<void()> on_read;
};

int64_t seconds_of(int year, int month, int day, int hour, int minute, int second) {
  std::tm time{};
  time.tm_year = year - 1900, time.tm_mon = month - 1, time.tm_mday = day;
  time.tm_hour = hour, time.tm_min = minute, time.tm_sec = second;
  return timegm(&time);
}

TEST(CmosClock, ReadsEveryFormat) {
  CmosModel model;
  model.set({0x59, 0x34, 0x23, 0x29, 0x02, 0x24, 0x20});
  model.registers[11] = 2;
  EXPECT_EQ(read_cmos_clock(model, 0x32), seconds_of(2024, 2, 29, 23, 34, 59));
  model.set({59, 34, 23, 29, 2, 24, 20});
  model.registers[11] = 2 | 4;
  EXPECT_EQ(read_cmos_clock(model, 0x32), seconds_of(2024, 2, 29, 23, 34, 59));
  model.set({0x00, 0x05, 0x92, 0x01, 0x01, 0x99, 0x19});
  model.registers[11] = 0;
  EXPECT_EQ(read_cmos_clock(model, 0x32), seconds_of(1999, 1, 1, 12, 5, 0));
  model.set({0x00, 0x05, 0x12, 0x01, 0x01, 0x99, 0x19});
  EXPECT_EQ(read_cmos_clock(model, 0), seconds_of(1999, 1, 1, 0, 5, 0));
  model.set({0x00, 0x05, 0x81, 0x01, 0x01, 0x26, 0x00});
  EXPECT_EQ(read_cmos_clock(model, 0), seconds_of(2026, 1, 1, 13, 5, 0));
}

TEST(CmosClock, KnowsWhenThereIsNone) {
  CmosModel model;
  model.registers.fill(0xff);
  EXPECT_EQ(read_cmos_clock(model, 0x32), 0);
  model.registers.fill(0);
  EXPECT_EQ(read_cmos_clock(model, 0x32), 0);
}

// A second passes while the registers are read.
TEST(CmosClock, ReadsOneMoment) {
  CmosModel model;
  model.set({0x59, 0x59, 0x23, 0x31, 0x12, 0x25, 0x20});
  model.registers[11] = 2;
  int reads = 0;
  model.on_read = [&] {
    if (++reads == 4) model.set({0x00, 0x00, 0x00, 0x01, 0x01, 0x26, 0x20});
  };
  EXPECT_EQ(read_cmos_clock(model, 0x32), seconds_of(2026, 1, 1, 0, 0, 0));
}

}  // namespace
}  // namespace halcyon::hal
