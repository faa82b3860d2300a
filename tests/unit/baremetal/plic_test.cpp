// The interrupt controller's driver against a model of it.
#include "hal-baremetal/drivers/plic.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace halcyon::hal {
namespace {

class PlicModel final : public Registers {
 public:
  explicit PlicModel(unsigned context) : claim_port_(0x200004 + 0x1000 * context), enables_(0x2000 + 0x80 * context) {}
  uint32_t read32(size_t offset) override {
    if (offset != claim_port_) return words_[offset];
    if (is_mad) return mad_value;
    for (unsigned input : active) {
      bool is_enabled = (words_[enables_ + input / 32 * 4] >> input % 32 & 1) != 0;
      if (is_enabled && words_[input * 4] > words_[claim_port_ - 4] && !claimed.contains(input)) {
        claimed.insert(input);
        return input;
      }
    }
    return 0;
  }
  void write32(size_t offset, uint32_t value) override {
    if (offset == claim_port_) claimed.erase(value);
    else words_[offset] = value;
  }
  uint8_t read8(size_t) override { return 0; }
  uint16_t read16(size_t) override { return 0; }
  void write8(size_t, uint8_t) override {}
  void write16(size_t, uint16_t) override {}

  std::set<unsigned> active, claimed;
  bool is_mad = false;
  uint32_t mad_value = 0;

 private:
  size_t claim_port_, enables_;
  std::map<size_t, uint32_t> words_;
};

struct Counter final : InterruptHandler {
  Counter(PlicModel& controller, unsigned line) : model(controller), input(line) {}
  void handle_interrupt() override {
    ++count;
    model.active.erase(input);
  }
  PlicModel& model;
  unsigned input;
  int count = 0;
};

TEST(Plic, CallsTheHandlersOfActiveInputs) {
  PlicModel model(3);
  Plic plic(model, 95, 3);
  Counter ten(model, 10), forty(model, 40);
  ASSERT_TRUE(plic.connect(10, ten));
  ASSERT_TRUE(plic.connect(40, forty));
  plic.dispatch();
  EXPECT_EQ(ten.count + forty.count, 0);
  model.active = {10, 40, 11};
  plic.dispatch();
  EXPECT_EQ(ten.count, 1);
  EXPECT_EQ(forty.count, 1);
  EXPECT_TRUE(model.claimed.empty());
  model.active = {40};
  plic.dispatch();
  EXPECT_EQ(forty.count, 2);
}

TEST(Plic, CallsAllThatShareAnInput) {
  PlicModel model(1);
  Plic plic(model, 95, 1);
  Counter one(model, 32), two(model, 32), other(model, 33);
  ASSERT_TRUE(plic.connect(32, one));
  ASSERT_TRUE(plic.connect(33, other));
  ASSERT_TRUE(plic.connect(32, two));
  model.active = {32};
  plic.dispatch();
  EXPECT_EQ(one.count, 1);
  EXPECT_EQ(two.count, 1);
  EXPECT_EQ(other.count, 0);
}

TEST(Plic, RefusesInputsThatDoNotExist) {
  PlicModel model(1);
  Plic plic(model, 95, 1);
  Counter counter(model, 0);
  EXPECT_FALSE(plic.connect(0, counter));
  EXPECT_FALSE(plic.connect(96, counter));
  EXPECT_TRUE(plic.connect(95, counter));
}

TEST(Plic, EndsWithAControllerThatNeverFallsSilent) {
  PlicModel model(1);
  Plic plic(model, 95, 1);
  Counter counter(model, 10);
  ASSERT_TRUE(plic.connect(10, counter));
  model.is_mad = true;
  for (uint32_t value : {10u, 95u, 96u, 1000u, ~0u}) {
    model.mad_value = value;
    plic.dispatch();
  }
  EXPECT_GT(counter.count, 0);
  EXPECT_LE(counter.count, 128);
}

}  // namespace
}  // namespace halcyon::hal
