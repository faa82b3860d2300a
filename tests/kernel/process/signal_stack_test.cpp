// Alternate signal stacks: sigaltstack(2).
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(AlternateStack);

StackT current_stack(Task& task) {
  UserAddr place = task.room(sizeof(StackT));
  EXPECT_EQ(task.call(Call::sigaltstack, nullptr, place), ok);
  return task.get<StackT>(place);
}

TEST_P(AlternateStack, IsUsedByThoseWhoAsk) {
  check([](Task& task) {
    UserAddr stack = task.map(8 * page);
    EXPECT_EQ(task.call(Call::sigaltstack, task.put(StackT{stack, 0, 0, 8 * page}), nullptr), ok);
    auto is_inside = [=](Task& handler) {
      UserAddr sp = handler.user().get(hal::Reg::sp);
      return sp > stack && sp <= stack + 8 * page;
    };
    bool with = false, without = true;
    task.handle(
        sigusr1,
        [&](Task& handler, const Task::Delivery&) {
          with = is_inside(handler);
          EXPECT_EQ(current_stack(handler).flags, ss_onstack);
          EXPECT_EQ(handler.call(Call::sigaltstack, handler.put(StackT{stack, 0, 0, 8 * page}), nullptr), fails::perm);
        },
        sa_onstack);
    task.handle(sigusr2, [&](Task& handler, const Task::Delivery&) { without = is_inside(handler); });
    task.raise(sigusr1);
    task.raise(sigusr2);
    EXPECT_TRUE(with);
    EXPECT_FALSE(without);
    EXPECT_EQ(current_stack(task).flags, 0);
  });
}

TEST_P(AlternateStack, NestedHandlersStayOnIt) {
  check([](Task& task) {
    UserAddr stack = task.map(8 * page);
    EXPECT_EQ(task.call(Call::sigaltstack, task.put(StackT{stack, 0, 0, 8 * page}), nullptr), ok);
    UserAddr outer = 0, inner = 0;
    task.handle(
        sigusr1,
        [&](Task& handler, const Task::Delivery&) {
          outer = handler.user().get(hal::Reg::sp);
          handler.raise(sigusr2);
        },
        sa_onstack);
    task.handle(sigusr2, [&](Task& handler, const Task::Delivery&) { inner = handler.user().get(hal::Reg::sp); }, sa_onstack);
    task.raise(sigusr1);
    EXPECT_LT(inner, outer);
    EXPECT_GT(inner, stack);
  });
}

TEST_P(AlternateStack, FollowsTheManual) {
  check([](Task& task) {
    StackT stack = current_stack(task);
    EXPECT_EQ(stack.flags, ss_disable);
    UserAddr memory = task.map(8 * page);
    auto set = [&](StackT next) { return task.call(Call::sigaltstack, task.put(next), nullptr); };
    EXPECT_EQ(set({memory, 0, 0, 1000}), fails::nomem);  // below MINSIGSTKSZ
    EXPECT_EQ(set({memory, 7, 0, 8 * page}), fails::inval);
    EXPECT_EQ(set({memory, 0, 0, 8 * page}), ok);
    stack = current_stack(task);
    EXPECT_EQ(stack.base, memory);
    EXPECT_EQ(stack.size, 8 * page);
    EXPECT_EQ(stack.flags, 0);
    EXPECT_EQ(set({0, ss_disable, 0, 0}), ok);
    EXPECT_EQ(current_stack(task).flags, ss_disable);
    EXPECT_EQ(task.call(Call::sigaltstack, 8, 0), fails::fault);
    EXPECT_EQ(task.call(Call::sigaltstack, 0, 8), fails::fault);
  });
}

TEST_P(AlternateStack, IsInheritedByForkButNotByThreads) {
  check([](Task& task) {
    UserAddr memory = task.map(8 * page);
    EXPECT_EQ(task.call(Call::sigaltstack, task.put(StackT{memory, 0, 0, 8 * page}), nullptr), ok);
    EXPECT_EQ(task.in_child([=](Task& child) { EXPECT_EQ(current_stack(child).base, memory); }), exited(0));
    UserAddr done = task.room(4);
    task.thread([](Task& thread) { EXPECT_EQ(current_stack(thread).flags, ss_disable); }, done);
    task.join(done);
  });
}

}  // namespace
}  // namespace halcyon::test
