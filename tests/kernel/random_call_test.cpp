// The fuzzer's short run: a hundred seeds for each ISA. `./dev fuzz` makes long ones, and finds what a seed that fails here does.
#include "tests/fuzz/fuzz.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(RandomCall);

TEST_P(RandomCall, HundredSeeds) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    fuzz::Run run;
    run.isa = isa();
    run.seed = seed;
    EXPECT_GE(fuzz::run(run), run.calls);
  }
}

}  // namespace
}  // namespace halcyon::test
