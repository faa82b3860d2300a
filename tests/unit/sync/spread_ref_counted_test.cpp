// SpreadRefCounted: no reference is lost or dropped twice, whichever CPU takes it and gives it back, and however often it is gathered.
#include "core/sync/spread_ref_counted.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/unit/sync/test_cpu.h"

namespace halcyon {
namespace {

struct Counted : SpreadRefCounted {};

TEST(SpreadRefCounted, IsACommonCountUntilItIsSpread) {
  test::TestCpu cpu(0);
  Counted object;
  object.retain();
  EXPECT_FALSE(object.drop());
  EXPECT_TRUE(object.drop());
}

TEST(SpreadRefCounted, NoReferenceIsTheLastWhileItIsSpread) {
  test::TestCpu cpu(0);
  Counted object;
  object.spread();
  EXPECT_FALSE(object.drop());
  object.retain();
  EXPECT_EQ(object.gather(), 1);
  EXPECT_TRUE(object.drop());
}

TEST(SpreadRefCounted, CountsWhatOtherCpusGiveBack) {
  Counted object;
  object.spread();
  {
    test::TestCpu cpu(1);
    for (int round = 0; round < 5; ++round) object.retain();
  }
  test::TestCpu cpu(2);
  for (int round = 0; round < 3; ++round) EXPECT_FALSE(object.drop());
  EXPECT_EQ(object.gather(), 3);
  EXPECT_FALSE(object.drop());
  EXPECT_FALSE(object.drop());
  EXPECT_TRUE(object.drop());
}

TEST(SpreadRefCounted, KeepsItsSumWhileItIsGatheredAndSpread) {
  constexpr unsigned cpus = 4;
  constexpr int rounds = 20000;
  Counted object;
  std::atomic<unsigned> running = cpus, last = 0;
  std::vector<std::thread> threads;
  for (unsigned id = 0; id < cpus; ++id)
    threads.emplace_back([&, id] {
      test::TestCpu cpu(id + 1);
      for (int round = 0; round < rounds; ++round) {
        object.retain();
        object.retain();
        last += object.drop();
        last += object.drop();
      }
      --running;
    });
  test::TestCpu cpu(0);
  while (running > 0) {
    object.spread();
    EXPECT_GE(object.gather(), 1);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(last, 0u);
  EXPECT_EQ(object.gather(), 1);
  EXPECT_TRUE(object.drop());
}

}  // namespace
}  // namespace halcyon
