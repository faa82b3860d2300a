// A first program that is pid 1 (KernelOptions::first_program_is_init): what Linux's init is and may.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Init);

constexpr uint64_t set_of(int signal) { return uint64_t{1} << (signal - 1); }

int run_init(hal::Isa isa, Body body) { return World({.isa = isa, .first_program_is_init = true}).run(std::move(body)); }

TEST_P(Init, IsPidOneWithoutAParent) {
  EXPECT_EQ(run_init(isa(),
                     [](Task& task) {
                       EXPECT_EQ(task.pid(), 1);
                       EXPECT_EQ(task.call(Call::getppid), 0);
                       task.exit(7);
                     }),
            exited(7));
}

TEST_P(Init, GetsOrphansAndSigchldForThem) {
  EXPECT_EQ(run_init(isa(),
                     [](Task& task) {
                       task.block(set_of(sigchld));
                       Task::Pipe pipe = task.pipe();
                       int child = task.fork([pipe](Task& parent) {
                         int orphan = parent.fork([pipe](Task& grandchild) {
                           while (static_cast<int>(grandchild.call(Call::getppid)) != 1) grandchild.sleep(millisecond);
                           grandchild.write(pipe.out, "x");
                           grandchild.exit(3);
                         });
                         parent.exit(orphan > 0 ? 0 : 1);
                       });
                       EXPECT_EQ(task.wait(child), exited(0));
                       EXPECT_EQ(task.read(pipe.in), "x");
                       EXPECT_EQ(task.wait(), exited(3));
                       EXPECT_NE(task.pending() & set_of(sigchld), 0u);
                       EXPECT_EQ(task.call(Call::wait4, -1, nullptr, 0, nullptr), fails::child);
                     }),
            exited(0));
}

TEST_P(Init, AZombieThatItInheritsIsAnnounced) {
  EXPECT_EQ(run_init(isa(),
                     [](Task& task) {
                       int signals = 0;
                       task.handle(sigchld, [&](Task&, const Task::Delivery&) { ++signals; });
                       int child = task.fork([](Task& parent) {
                         parent.fork([](Task& grandchild) { grandchild.exit(4); });
                         parent.sleep(5 * millisecond);  // it is a zombie by then
                       });
                       int status = -1;
                       for (int reaped = 0; reaped < 2; ++reaped) {
                         status = task.wait();
                         EXPECT_TRUE(status == exited(0) || status == exited(4));
                       }
                       EXPECT_GE(signals, 1);
                       EXPECT_GT(child, 0);
                     }),
            exited(0));
}

TEST_P(Init, TakesNoSignalThatItDoesNotHandle) {
  EXPECT_EQ(run_init(isa(),
                     [](Task& task) {
                       for (int signal = 1; signal <= 64; ++signal) {
                         EXPECT_EQ(task.kill(1, signal), ok);
                         EXPECT_EQ(task.in_child([signal](Task& child) { EXPECT_EQ(child.kill(1, signal), ok); }), exited(0));
                       }
                       int seen = 0;
                       task.handle(sigterm, [&](Task&, const Task::Delivery&) { ++seen; });
                       EXPECT_EQ(task.raise(sigterm), ok);
                       EXPECT_EQ(seen, 1);
                       // What is blocked waits, and is dropped when it would do something.
                       task.block(set_of(sigusr1));
                       EXPECT_EQ(task.raise(sigusr1), ok);
                       EXPECT_NE(task.pending() & set_of(sigusr1), 0u);
                       task.unblock(set_of(sigusr1));
                       EXPECT_EQ(task.pending() & set_of(sigusr1), 0u);
                       // Its children are ordinary.
                       int child = task.sleeper();
                       task.kill(child, sigkill);
                       EXPECT_EQ(task.wait(child), killed(sigkill));
                     }),
            exited(0));
}

TEST_P(Init, DiesOfItsOwnFaults) {
  EXPECT_EQ(run_init(isa(), [](Task& task) { task.get<int>(8); }), killed(sigsegv));
}

TEST_P(Init, WithItEverythingEnds) {
  EXPECT_EQ(run_init(isa(),
                     [](Task& task) {
                       for (int i = 0; i < 3; ++i) task.sleeper();
                       task.fork([](Task& child) { child.exit(1); });  // nobody waits for it
                       task.fork([](Task& child) {
                         child.sleeper();
                         child.pause();
                       });
                       task.sleep(5 * millisecond);
                       task.exit(9);
                     }),
            exited(9));
}

TEST_P(Init, RebootEndsIt) {
  EXPECT_EQ(run_init(isa(),
                     [](Task& task) {
                       task.sleeper();
                       task.in_child([](Task& child) { child.call(Call::reboot, 0xfee1dead, 672274793, 0x4321fedc, nullptr); });
                       for (;;) task.pause();
                     }),
            exited(0));
}

}  // namespace
}  // namespace halcyon::test
