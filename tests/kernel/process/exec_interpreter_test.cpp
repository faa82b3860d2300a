// execve(2) of what another program has to run: dynamically linked programs and scripts.
#include "tests/kernel/process/exec.h"

namespace halcyon::test {
namespace {

using ExecInterpreter = ExecTest;
INSTANTIATE_KERNEL_TESTS(ExecInterpreter);

TEST_P(ExecInterpreter, TheInterpreterStartsFirst) {
  world.install("/lib-interpreter",
                [](Task& task) {
                  InitialStack stack = read_stack(task);
                  uint64_t base = stack.auxiliary[7];
                  EXPECT_NE(base, 0u);
                  EXPECT_EQ(task.get<uint32_t>(base), 0x464c457fu);
                  // It hands over to the program.
                  task.user().jump(stack.auxiliary[9]);
                },
                {.is_position_independent = true});
  world.install("/bin/next", [](Task& task) { task.exit(7); }, {.interpreter = "/lib-interpreter"});
  check([](Task& task) { task.execve("/bin/next"); }, exited(7));
}

TEST_P(ExecInterpreter, AMissingInterpreterIsNotThere) {
  world.install("/bin/next", [](Task&) {}, {.interpreter = "/lib/nowhere.so"});
  check([](Task& task) { EXPECT_EQ(task.execve("/bin/next"), fails::noent); });
}

TEST_P(ExecInterpreter, ABrokenInterpreterIsNoLibrary) {
  world.make_file("/lib-broken", "this is no ELF file, not at all, but long enough to hold a header, if it were one");
  world.install("/bin/next", [](Task&) {}, {.interpreter = "/lib-broken"});
  check([](Task& task) { EXPECT_EQ(task.execve("/bin/next"), fails::libbad); });
}

TEST_P(ExecInterpreter, ScriptsRunTheirInterpreter) {
  world.install("/bin/shell", [](Task& task) {
    EXPECT_EQ(read_stack(task).arguments, (std::vector<std::string>{"/bin/shell", "-x and more", "/script", "first", "second"}));
    task.exit(8);
  });
  world.make_file("/script", "#! /bin/shell  -x and more \t\necho\n");
  check([](Task& task) { task.execve("/script", {"zero", "first", "second"}); }, exited(8));
}

TEST_P(ExecInterpreter, ScriptsMayRunScripts) {
  world.install("/bin/shell", [](Task& task) {
    EXPECT_EQ(read_stack(task).arguments, (std::vector<std::string>{"/bin/shell", "/outer", "/inner", "x"}));
    task.exit(8);
  });
  world.make_file("/outer", "#!/bin/shell\n");
  world.make_file("/inner", "#!/outer");
  check([](Task& task) { task.execve("/inner", {"zero", "x"}); }, exited(8));
}

TEST_P(ExecInterpreter, ScriptsThatRunInCirclesLoop) {
  world.make_file("/script", "#!/script\n");
  check([](Task& task) { EXPECT_EQ(task.execve("/script"), fails::loop); });
}

TEST_P(ExecInterpreter, BadScripts) {
  world.make_file("/empty-line", "#!\n");
  world.make_file("/blank-line", "#!   \t \n");
  world.make_file("/missing", "#!/nowhere\n");
  world.make_file("/directory", "#!/tmp\n");
  world.make_file("/long", "#!/" + std::string(300, 'x') + "\n");
  check([](Task& task) {
    EXPECT_EQ(task.execve("/empty-line"), fails::noexec);
    EXPECT_EQ(task.execve("/blank-line"), fails::noexec);
    EXPECT_EQ(task.execve("/missing"), fails::noent);
    EXPECT_EQ(task.execve("/directory"), fails::acces);
    EXPECT_EQ(task.execve("/long"), fails::noexec);
  });
}

}  // namespace
}  // namespace halcyon::test
