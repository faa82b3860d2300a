// Filters of system calls (seccomp(2)): what they decide, who has them, and how many there may be.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

class Seccomp : public KernelTest {
 protected:
  Seccomp() : world({.isa = GetParam()}) {}
  void check(Body body, int status = exited(0)) { EXPECT_EQ(world.run(std::move(body)), status); }

  World world;
};
INSTANTIATE_KERNEL_TESTS(Seccomp);

constexpr int sigsys = 31, pr_get_seccomp = 21, pr_set_seccomp = 22, pr_set_no_new_privs = 38, pr_get_no_new_privs = 39;
constexpr int set_strict = 0, set_filter = 1, get_action_avail = 2;
constexpr int flag_tsync = 1, flag_new_listener = 8, flag_tsync_esrch = 16;
constexpr uint32_t ret_kill_process = 0x8000'0000, ret_kill_thread = 0, ret_trap = 0x0003'0000, ret_errno = 0x0005'0000,
                   ret_user_notif = 0x7fc0'0000, ret_trace = 0x7ff0'0000, ret_log = 0x7ffc'0000, ret_allow = 0x7fff'0000;

struct Instruction {
  uint16_t code;
  uint8_t if_true, if_false;
  uint32_t value;
};
struct Program {
  uint16_t length;
  uint64_t instructions;
};

Outcome install(Task& task, const std::vector<Instruction>& program, int flags = 0) {
  UserAddr at = task.room(program.size() * sizeof(Instruction));
  for (size_t index = 0; index < program.size(); ++index) task.set(at + index * sizeof(Instruction), program[index]);
  return task.call(Call::seccomp, set_filter, flags, task.put(Program{static_cast<uint16_t>(program.size()), at}));
}

// getppid(2) gets `action`; everything else is allowed.
Outcome act_on_getppid(Task& task, uint32_t action, int flags = 0) {
  auto number = static_cast<uint32_t>(task.number(Call::getppid));
  return install(task, {{0x20, 0, 0, 0}, {0x15, 0, 1, number}, {6, 0, 0, action}, {6, 0, 0, ret_allow}}, flags);
}

TEST_P(Seccomp, FiltersDecide) {
  check([](Task& task) {
    EXPECT_EQ(task.in_child([](Task& child) {
      EXPECT_EQ(act_on_getppid(child, ret_errno | 13), ok);
      EXPECT_EQ(child.call(Call::getppid), fails::acces);
      EXPECT_EQ(act_on_getppid(child, ret_trace), ok);
      EXPECT_EQ(child.call(Call::getppid), fails::acces);  // the lower action counts
      EXPECT_EQ(child.call(Call::prctl, pr_get_seccomp), 2);
      EXPECT_EQ(child.call(Call::seccomp, set_strict, 0, 0), fails::inval);
      EXPECT_EQ(child.in_child([](Task& grandchild) { EXPECT_EQ(grandchild.call(Call::getppid), fails::acces); }), exited(0));
      act_on_getppid(child, ret_kill_process);
      child.call(Call::getppid);
    }),
              killed(sigsys));
    for (uint32_t action : {ret_trace, ret_user_notif}) {
      task.in_child([action](Task& child) {
        act_on_getppid(child, action);
        EXPECT_EQ(child.call(Call::getppid), fails::nosys);
      });
    }
    task.in_child([](Task& child) {
      act_on_getppid(child, ret_log);
      EXPECT_GT(child.call(Call::getppid).value, 0);
    });
  });
}

TEST_P(Seccomp, TrapTellsTheCall) {
  check([](Task& task) {
    EXPECT_EQ(act_on_getppid(task, ret_trap | 55), ok);
    bool is_told = false;
    task.handle(sigsys, [&is_told](Task& handler, const Task::Delivery& delivery) {
      auto info = handler.get<Siginfo>(delivery.info);
      EXPECT_EQ(info.code, 1);  // SYS_SECCOMP
      EXPECT_EQ(info.error, 55);
      EXPECT_NE(info.address, 0);
      uint64_t architecture = handler.by_isa(0xc000'003e, 0xc000'00f3);
      EXPECT_EQ(info.words[1], handler.number(Call::getppid) | architecture << 32);
      is_told = true;
    });
    task.call(Call::getppid);
    EXPECT_TRUE(is_told);
  });
}

TEST_P(Seccomp, StrictModeEndsAllElse) {
  check([](Task& task) {
    EXPECT_EQ(task.call(Call::seccomp, set_strict, 1, 0), fails::inval);
    EXPECT_EQ(task.in_child([](Task& child) {
      EXPECT_EQ(child.call(Call::prctl, pr_set_seccomp, 1), ok);
      EXPECT_EQ(child.call(Call::write, 0, UserAddr{0}, 0), 0);
      child.call(Call::exit, 4);
    }),
              exited(4));
    EXPECT_EQ(task.in_child([](Task& child) {
      child.call(Call::prctl, pr_set_seccomp, 1);
      child.call(Call::getpid);
    }),
              killed(sigkill));
  });
}

TEST_P(Seccomp, WhoMayGetNothingNewMayFilter) {
  check([](Task& task) {
    EXPECT_EQ(task.call(Call::setuid, 1000), ok);
    EXPECT_EQ(act_on_getppid(task, ret_allow), fails::acces);
    EXPECT_EQ(task.call(Call::prctl, pr_set_no_new_privs, 1, 0, 0, 0), ok);
    EXPECT_EQ(act_on_getppid(task, ret_allow), ok);
    EXPECT_EQ(act_on_getppid(task, ret_allow, flag_new_listener), fails::inval);
    EXPECT_EQ(task.call(Call::seccomp, get_action_avail, 0, task.put(ret_kill_thread)), ok);
    EXPECT_EQ(task.call(Call::seccomp, get_action_avail, 0, task.put(ret_user_notif)), fails::opnotsupp);
    EXPECT_EQ(task.call(Call::seccomp, get_action_avail, 0, UserAddr{16}), fails::fault);
  });
}

TEST_P(Seccomp, AllThreadsAtOnce) {
  check([](Task& task) {
    UserAddr word = task.map(page), done = word + 8;
    task.call(Call::prctl, pr_set_no_new_privs, 1, 0, 0, 0);
    task.set(done, 1u);
    task.thread(
        [word](Task& thread) {
          EXPECT_EQ(thread.call(Call::prctl, pr_get_no_new_privs, 0, 0, 0, 0), 1);  // inherited
          thread.set(word, 1u);
          while (thread.get<uint32_t>(word) != 2) thread.call(Call::sched_yield);
          EXPECT_EQ(thread.call(Call::getppid), fails::acces);
          EXPECT_EQ(act_on_getppid(thread, ret_allow), ok);  // one of its own: it cannot follow any more
          thread.set(word, 3u);
          while (thread.get<uint32_t>(word) != 4) thread.call(Call::sched_yield);
        },
        done);
    while (task.get<uint32_t>(word) != 1) task.call(Call::sched_yield);
    EXPECT_EQ(act_on_getppid(task, ret_errno | 13, flag_tsync), ok);
    task.set(word, 2u);
    while (task.get<uint32_t>(word) != 3) task.call(Call::sched_yield);
    EXPECT_EQ(act_on_getppid(task, ret_allow, flag_tsync), task.pid() + 1);
    EXPECT_EQ(act_on_getppid(task, ret_allow, flag_tsync | flag_tsync_esrch), fails::srch);
    task.set(word, 4u);
    task.join(done);
  });
}

// Each filter is one allocation, and what many of them leave is freed without a stack of destructors.
TEST_P(Seccomp, AsManyAsThereMayBe) {
  check([](Task& task) {
    int count = 0;
    Outcome last = ok;
    while ((last = install(task, {{6, 0, 0, ret_allow}})) == ok) ++count;
    EXPECT_EQ(last, fails::nomem);
    EXPECT_EQ(count, 32768 / 5 + 1);
    EXPECT_EQ(task.in_child([](Task& child) { EXPECT_GT(child.call(Call::getppid).value, 0); }), exited(0));
  });
}

}  // namespace
}  // namespace halcyon::test
