// How programs end: exit, exit_group, death by signal, and what their parents learn.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Exit);

TEST_P(Exit, StatusReachesTheStarter) {
  EXPECT_EQ(run([](Task& task) { task.exit(42); }), exited(42));
}

}  // namespace
}  // namespace halcyon::test
