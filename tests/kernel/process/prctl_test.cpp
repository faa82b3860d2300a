// Settings of threads and processes (prctl(2)): whose they are, who may change them, and what stays over fork and execve.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

class Prctl : public KernelTest {
 protected:
  Prctl() : world({.isa = GetParam()}) {}
  void check(Body body, int status = exited(0)) { EXPECT_EQ(world.run(std::move(body)), status); }

  World world;
};
INSTANTIATE_KERNEL_TESTS(Prctl);

constexpr int mce_kill = 33, mce_kill_get = 34, set_mm = 35, set_no_new_privs = 38, get_no_new_privs = 39, set_thp_disable = 41,
              get_thp_disable = 42, get_speculation = 52, set_speculation = 53, set_io_flusher = 57, get_io_flusher = 58,
              set_user_dispatch = 59;
constexpr int mm_start_brk = 6, mm_brk = 7, mm_arg_start = 8, mm_arg_end = 9, mm_auxv = 12, mm_exe_file = 13, mm_map = 14, mm_map_size = 15;

TEST_P(Prctl, NoNewPrivilegesIsTheThreadsOwn) {
  check([](Task& task) {
    UserAddr word = task.map(page), done = word + 8;
    task.set(done, 1u);
    task.thread(
        [](Task& thread) {
          EXPECT_EQ(thread.call(Call::prctl, set_no_new_privs, 1, 0, 0, 0), ok);
          EXPECT_EQ(thread.call(Call::prctl, get_no_new_privs, 0, 0, 0, 0), 1);
          thread.in_child([](Task& child) { EXPECT_EQ(child.call(Call::prctl, get_no_new_privs, 0, 0, 0, 0), 1); });
        },
        done);
    task.join(done);
    EXPECT_EQ(task.call(Call::prctl, get_no_new_privs, 0, 0, 0, 0), 0);
  });
}

TEST_P(Prctl, IsKeptOverForkAndExecve) {
  world.install("/bin/next", [](Task& task) {
    EXPECT_EQ(task.call(Call::prctl, get_thp_disable, 0, 0, 0, 0), 1);
    EXPECT_EQ(task.call(Call::prctl, mce_kill_get, 0, 0, 0, 0), 1);
    EXPECT_EQ(task.call(Call::prctl, get_io_flusher, 0, 0, 0, 0), 1);
    task.exit(6);
  });
  check([](Task& task) {
    EXPECT_EQ(task.call(Call::prctl, mce_kill_get, 0, 0, 0, 0), 2);
    EXPECT_EQ(task.call(Call::prctl, set_thp_disable, 1, 0, 0, 0), ok);
    EXPECT_EQ(task.call(Call::prctl, mce_kill, 1, 1, 0, 0), ok);
    EXPECT_EQ(task.call(Call::prctl, set_io_flusher, 2, 0, 0, 0), fails::inval);
    EXPECT_EQ(task.call(Call::prctl, set_io_flusher, 1, 0, 0, 0), ok);
    EXPECT_EQ(task.in_child([](Task& child) { child.execve("/bin/next"); }), exited(6));
    EXPECT_EQ(task.call(Call::prctl, mce_kill, 0, 0, 0, 0), ok);
    EXPECT_EQ(task.call(Call::prctl, mce_kill_get, 0, 0, 0, 0), 2);
    task.call(Call::setuid, 1000);
    EXPECT_EQ(task.call(Call::prctl, set_io_flusher, 0, 0, 0, 0), fails::perm);
    EXPECT_EQ(task.call(Call::prctl, get_io_flusher, 0, 0, 0, 0), fails::perm);
  });
}

TEST_P(Prctl, SpeculationIsLeftAlone) {
  check([](Task& task) {
    EXPECT_EQ(task.call(Call::prctl, get_speculation, 0, 0, 0, 0), task.by_isa(Outcome{2}, fails::inval));
    EXPECT_EQ(task.call(Call::prctl, get_speculation, 9, 0, 0, 0), task.by_isa(fails::nodev, fails::inval));
    EXPECT_EQ(task.call(Call::prctl, set_speculation, 0, 4, 0, 0), task.by_isa(fails::nxio, fails::inval));
    EXPECT_EQ(task.call(Call::prctl, set_speculation, 1, 2, 0, 0), task.by_isa(ok, fails::inval));
    EXPECT_EQ(task.call(Call::prctl, set_speculation, 1, 4, 0, 0), task.by_isa(fails::perm, fails::inval));
    EXPECT_EQ(task.call(Call::prctl, set_speculation, 1, 3, 0, 0), task.by_isa(fails::range, fails::inval));
  });
}

TEST_P(Prctl, PlacesOfMemoryAreChecked) {
  check([](Task& task) {
    UserAddr pages = task.map(2 * page);
    UserAddr size = task.room(4);
    EXPECT_EQ(task.call(Call::prctl, set_mm, mm_map_size, size, 0, 0), ok);
    EXPECT_EQ(task.get<uint32_t>(size), 104u);
    EXPECT_EQ(task.call(Call::prctl, set_mm, mm_map, size, 4, 0), fails::inval);
    EXPECT_EQ(task.call(Call::prctl, set_mm, mm_map, UserAddr{16}, 104, 0), fails::fault);
    EXPECT_EQ(task.call(Call::prctl, set_mm, 0, pages, 0, 0), fails::inval);
    EXPECT_EQ(task.call(Call::prctl, set_mm, mm_arg_start, UserAddr{16}, 0, 0), fails::inval);
    EXPECT_EQ(task.call(Call::prctl, set_mm, mm_auxv, pages, 4096, 0), fails::inval);
    EXPECT_EQ(task.call(Call::prctl, set_mm, mm_auxv, UserAddr{16}, 16, 0), fails::fault);
    EXPECT_EQ(task.call(Call::prctl, set_mm, mm_exe_file, 99, 0, 0), fails::badf);
    EXPECT_EQ(task.call(Call::prctl, set_mm, mm_exe_file, task.create("plain", "text"), 0, 0), fails::acces);
    task.call(Call::setuid, 1000);
    EXPECT_EQ(task.call(Call::prctl, set_mm, mm_brk, pages, 0, 0), fails::perm);
  });
}

// struct prctl_mm_map.
struct Map {
  uint64_t code_start, code_end, data_start, data_end, break_start, break_end, stack_start;
  uint64_t arguments_start, arguments_end, environment_start, environment_end, auxiliary;
  uint32_t auxiliary_size, executable;
};

TEST_P(Prctl, ATitleOfOnesOwn) {
  world.make_directory("/proc");
  check([](Task& task) {
    EXPECT_EQ(task.call(Call::mount, "proc", "/proc", "proc", 0, 0), ok);
    UserAddr pages = task.map(2 * page);
    Map map{pages, pages + 8, pages, pages, pages, pages, pages, pages, pages + 6, pages + 6, pages + 6, pages + 512, 16, ~0u};
    task.set(pages, std::array<char, 6>{'t', 'i', 't', 'l', 'e', 0});
    task.set(pages + 512, std::array<uint64_t, 2>{6, 4096});
    EXPECT_EQ(task.call(Call::prctl, set_mm, mm_map, task.put(map), sizeof map, 0), ok);
    EXPECT_EQ(task.read(task.open("/proc/self/cmdline")), std::string("title\0", 6));
    std::string vector = task.read(task.open("/proc/self/auxv"));
    EXPECT_EQ(vector.substr(0, 16), std::string("\6\0\0\0\0\0\0\0\0\20\0\0\0\0\0\0", 16));
    EXPECT_EQ(task.call(Call::brk, 0), static_cast<int64_t>(pages));
    EXPECT_EQ(task.call(Call::prctl, set_mm, mm_arg_end, pages + 3, 0, 0), ok);
    EXPECT_EQ(task.call(Call::prctl, set_mm, mm_arg_start, pages + 4, 0, 0), fails::inval);  // behind the end
    EXPECT_EQ(task.call(Call::prctl, set_mm, mm_start_brk, pages + page, 0, 0), fails::inval);
    map.code_end = map.code_start;
    EXPECT_EQ(task.call(Call::prctl, set_mm, mm_map, task.put(map), sizeof map, 0), fails::inval);
  });
}

TEST_P(Prctl, PersonalityChangesWhatIsMapped) {
  constexpr uint32_t read_implies_exec = 0x400000, no_randomize = 0x40000, uname26 = 0x20000, query = 0xffff'ffff;
  world.make_directory("/proc");
  world.install("/bin/next", [](Task& task) {
    task.exit(task.call(Call::personality, query) == task.by_isa(no_randomize, no_randomize | read_implies_exec) ? 6 : 7);
  });
  check([](Task& task) {
    EXPECT_EQ(task.call(Call::mount, "proc", "/proc", "proc", 0, 0), ok);
    EXPECT_EQ(task.call(Call::personality, query), 0);
    EXPECT_EQ(task.call(Call::personality, no_randomize | read_implies_exec), 0);
    EXPECT_EQ(task.read(task.open("/proc/self/personality")), "00440000\n");
    UserAddr place = task.map(page, prot_rw);
    EXPECT_NE(task.read(task.open("/proc/self/maps")).find("rwxp"), std::string::npos);
    EXPECT_EQ(task.call(Call::mprotect, place, page, prot_write), ok);
    EXPECT_EQ(task.in_child([](Task& child) { child.execve("/bin/next"); }), exited(6));
    EXPECT_EQ(task.call(Call::personality, uname26), no_randomize | read_implies_exec);
    UserAddr names = task.room(390);
    EXPECT_EQ(task.call(Call::uname, names), ok);
    EXPECT_EQ(task.get_string(names + 130).substr(0, 6), "2.6.61");
  });
}

TEST_P(Prctl, DispatchToTheUser) {
  check([](Task& task) {
    UserAddr selector = task.map(page);
    if (!task.by_isa(true, false)) {
      EXPECT_EQ(task.call(Call::prctl, set_user_dispatch, 1, 0, 0, selector), fails::inval);
      return;
    }
    int redirected = 0;
    task.handle(31, [&](Task& handler, const Task::Delivery& delivery) {
      handler.set(selector, char{0});
      EXPECT_EQ(handler.get<Siginfo>(delivery.info).code, 2);
      ++redirected;
    });
    EXPECT_EQ(task.call(Call::prctl, set_user_dispatch, 1, 0, 0, ~uint64_t{0}), fails::fault);
    EXPECT_EQ(task.call(Call::prctl, set_user_dispatch, 1, 0, 0, selector), ok);
    task.set(selector, char{1});
    task.call(Call::getppid);
    EXPECT_EQ(redirected, 1);
    EXPECT_EQ(task.call(Call::prctl, set_user_dispatch, 0, 0, 0, 0), ok);
  });
}

}  // namespace
}  // namespace halcyon::test
