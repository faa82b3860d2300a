// The serial driver against a model of the device.
#include "hal-baremetal/drivers/ns16550.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace halcyon::hal {
namespace {

// An NS16550 whose line the test holds. Registers `1 << shift` apart.
class SerialModel final : public Registers {
 public:
  explicit SerialModel(unsigned shift = 0) : shift_(shift) {}

  uint8_t read8(size_t offset) override {
    switch (offset >> shift_) {
      case 0: return has_latch() ? static_cast<uint8_t>(divisor) : receive();
      case 1: return has_latch() ? static_cast<uint8_t>(divisor >> 8) : interrupt_enable;
      case 2: return identify();
      case 3: return line_control;
      case 5: return static_cast<uint8_t>((input.empty() ? 0 : 1) | (room > 0 ? 0x20 : 0));
      case 7: return is_absent ? 0xff : scratch;
      default: return 0;
    }
  }
  void write8(size_t offset, uint8_t value) override {
    switch (offset >> shift_) {
      case 0:
        if (has_latch()) divisor = static_cast<uint16_t>((divisor & 0xff00) | value);
        else send(value);
        break;
      case 1:
        if (has_latch()) {
          divisor = static_cast<uint16_t>((divisor & 0xff) | value << 8);
        } else {
          if ((value & 2) && !(interrupt_enable & 2) && room > 0) is_transmitter_news = true;
          interrupt_enable = value;
        }
        break;
      case 2: fifo_control = value; break;
      case 3: line_control = value; break;
      case 7: scratch = value; break;
      default: break;
    }
  }
  uint16_t read16(size_t) override { return fail(); }
  uint32_t read32(size_t) override { return fail(); }
  void write16(size_t, uint16_t) override { fail(); }
  void write32(size_t, uint32_t) override { fail(); }

  bool interrupts() const { return ((interrupt_enable & 1) && !input.empty()) || ((interrupt_enable & 2) && is_transmitter_news); }
  void make_room(size_t count) {
    room = count;
    is_transmitter_news = true;
  }

  std::deque<uint8_t> input;
  std::string output;
  size_t room = SIZE_MAX;  // bytes that the transmitter takes
  bool is_transmitter_news = false, is_absent = false;
  uint8_t interrupt_enable = 0xf, fifo_control = 0, line_control = 0, scratch = 0;
  uint16_t divisor = 0;

 private:
  bool has_latch() const { return (line_control & 0x80) != 0; }
  uint8_t receive() {
    if (input.empty()) return 0;
    uint8_t byte = input.front();
    input.pop_front();
    return byte;
  }
  void send(uint8_t byte) {
    if (room == 0) return;  // overrun: lost
    if (room != SIZE_MAX) --room;
    output += static_cast<char>(byte);
  }
  uint8_t identify() {
    if ((interrupt_enable & 1) && !input.empty()) return 0xc4;
    if ((interrupt_enable & 2) && is_transmitter_news) {
      is_transmitter_news = false;
      return 0xc2;
    }
    return 0xc1;
  }
  static uint16_t fail() {
    ADD_FAILURE() << "an access that is not 8 bits wide";
    return 0;
  }
  unsigned shift_;
};

std::string read_all(Ns16550& line) {
  std::string all(4096, '\0');
  all.resize(line.read(std::as_writable_bytes(std::span(all))));
  return all;
}

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(Ns16550, SetsTheLineUp) {
  SerialModel model(2);
  Ns16550 line(model, 2);
  ASSERT_TRUE(line.initialize(3));
  EXPECT_EQ(model.divisor, 3);
  EXPECT_EQ(model.line_control, 3);
  EXPECT_EQ(model.fifo_control & 1, 1);
  EXPECT_EQ(model.interrupt_enable, 0);
  line.enable_input();
  EXPECT_EQ(model.interrupt_enable, 1);
}

TEST(Ns16550, SeesThatNothingIsThere) {
  SerialModel model;
  model.is_absent = true;
  EXPECT_FALSE(Ns16550(model, 0).initialize());
}

TEST(Ns16550, Receives) {
  SerialModel model;
  Ns16550 line(model, 0);
  ASSERT_TRUE(line.initialize());
  line.enable_input();
  EXPECT_FALSE(line.can_read());
  model.input = {'a', 'b', 'c'};
  ASSERT_TRUE(model.interrupts());
  line.handle_interrupt();
  EXPECT_FALSE(model.interrupts());
  EXPECT_TRUE(line.event().take());
  EXPECT_TRUE(line.can_read());
  EXPECT_EQ(read_all(line), "abc");
  EXPECT_FALSE(line.can_read());
}

TEST(Ns16550, LeavesInTheDeviceWhatItCannotHold) {
  SerialModel model;
  Ns16550 line(model, 0);
  ASSERT_TRUE(line.initialize());
  line.enable_input();
  std::string sent;
  for (int index = 0; index < 5000; ++index) sent += static_cast<char>('a' + index % 26);
  model.input.assign(sent.begin(), sent.end());
  std::string received;
  for (int turn = 0; turn < 100 && received.size() < sent.size(); ++turn) {
    if (model.interrupts()) line.handle_interrupt();
    if (turn == 0) EXPECT_FALSE(model.interrupts()) << "a full driver silences the device";
    received += read_all(line);
  }
  EXPECT_EQ(received, sent);
}

TEST(Ns16550, SendsAsMuchAsTheTransmitterTakes) {
  SerialModel model;
  Ns16550 line(model, 0);
  ASSERT_TRUE(line.initialize());
  EXPECT_EQ(line.write(bytes("hello")), 5u);
  model.room = 0;
  EXPECT_FALSE(line.can_write());
  EXPECT_EQ(line.write(bytes("world")), 0u);
  line.want(true, true);
  EXPECT_FALSE(model.interrupts());
  model.make_room(16);
  ASSERT_TRUE(model.interrupts());
  line.handle_interrupt();
  EXPECT_FALSE(model.interrupts());
  EXPECT_TRUE(line.event().take());
  EXPECT_EQ(line.write(bytes("world")), 5u);
  EXPECT_EQ(model.output, "helloworld");
  model.make_room(16);
  EXPECT_FALSE(model.interrupts()) << "only once for each want()";
}

TEST(Ns16550, IgnoresAnInterruptOfSomebodyElse) {
  SerialModel model;
  Ns16550 line(model, 0);
  ASSERT_TRUE(line.initialize());
  line.enable_input();
  line.handle_interrupt();
  EXPECT_FALSE(line.event().take());
}

// A device that claims for ever to have input, as one does that is not there.
TEST(Ns16550, EndsWithADeviceThatNeverFallsSilent) {
  struct Babbler final : Registers {
    uint8_t read8(size_t) override { return 0x04 | 0x01 << 5 | 1 << 6; }
    uint16_t read16(size_t) override { return 0; }
    uint32_t read32(size_t) override { return 0; }
    void write8(size_t, uint8_t) override {}
    void write16(size_t, uint16_t) override {}
    void write32(size_t, uint32_t) override {}
  } model;
  Ns16550 line(model, 0);
  line.handle_interrupt();
  EXPECT_LE(read_all(line).size(), 1024u);
}

TEST(Ns16550, GivesUpOnATransmitterThatIsStuck) {
  SerialModel model;
  Ns16550 line(model, 0);
  ASSERT_TRUE(line.initialize());
  line.send_now("a\n");
  EXPECT_EQ(model.output, "a\r\n");
  model.room = 0;
  line.send_now("lost");
  EXPECT_TRUE(line.is_broken());
  EXPECT_EQ(line.write(bytes("goes nowhere")), 12u);
}

}  // namespace
}  // namespace halcyon::hal
