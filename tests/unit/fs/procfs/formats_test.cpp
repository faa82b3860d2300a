// The texts of /proc/PID, from states made by hand.
#include "fs/procfs/task/task_texts.h"
#include "tests/unit/fs/tree.h"

namespace halcyon::test {
namespace {

class ProcFormats : public testing::Test {
 protected:
  ProcFormats() {
    state.pid = state.tid = 42;
    state.parent = 7, state.group = 40, state.session = 39;
    state.state = 'S';
    std::string_view("my prog").copy(state.name.data(), 15);
    state.threads = 2;
    state.start_time = 12'340'000'000;
    state.use.user_time = 1'230'000'000, state.use.system_time = 450'000'000;
    state.use.minor_faults = 11, state.use.major_faults = 1;
    state.use.voluntary_switches = 5, state.use.involuntary_switches = 6;
    state.children_use.user_time = 10'000'000;
    state.children_use.minor_faults = 3;
    state.exit_signal = 17;
    state.resident_limit = unlimited;
    state.queued_limit = 100;
    state.has_executed = true;
    auto who = must(make_ref<Credentials>());
    who->uid = 1000, who->euid = 1001, who->suid = 1002, who->fsuid = 1003;
    who->gid = 10, who->egid = 11, who->sgid = 12, who->fsgid = 13;
    must(who->groups.push(10));
    must(who->groups.push(20));
    state.resources.credentials = std::move(who);
    space.use = {.mapped = 100,
                 .peak_mapped = 120,
                 .resident = 50,
                 .peak_resident = 60,
                 .data = 20,
                 .stack = 33,
                 .executable = 15,
                 .locked = 2,
                 .tables = 5};
    space.kinds = {.anonymous = 30, .file = 15, .shared = 5};
    space.program.code_start = 0x400000, space.program.code_end = 0x409123;
    space.program.stack_start = 0x7fff1000;
    space.program.data_start = 0x500000, space.program.data_end = 0x500100, space.program.break_start = 0x600000;
    space.program.arguments_start = 0x7fff2000, space.program.arguments_end = 0x7fff2010;
    space.program.environment_start = 0x7fff2010, space.program.environment_end = 0x7fff2100;
  }
  template <class Format>
  std::string text(Format format) {
    TextBuffer out;
    format(out);
    return std::string(out.view());
  }
  std::string stat(bool has_memory = true, bool may_look = true) {
    return text([&](Writer& out) { format_stat(out, state, has_memory ? &space : nullptr, may_look); });
  }
  std::string status(const fs::StatusDetails& details, bool has_memory = true) {
    return text([&](Writer& out) { format_status(out, state, has_memory ? &space : nullptr, details); });
  }

  MemoryCpu memory;
  fs::TaskState state;
  fs::TaskMemory space;
};

TEST_F(ProcFormats, StatHasFiftyTwoColumns) {
  EXPECT_EQ(stat(),
            "42 (my prog) S 7 40 39 0 -1 0 11 3 1 0 123 45 1 0 20 0 2 0 1234 409600 50 18446744073709551615 4194304 4231459 2147422208 "
            "0 0 0 0 0 0 1 0 0 17 0 0 0 0 0 0 5242880 5243136 6291456 2147426304 2147426320 2147426320 2147426560 0\n");
}

TEST_F(ProcFormats, StatHidesAddressesFromOthers) {
  state.exit_status = 256;
  std::string seen = stat(true, false);
  EXPECT_NE(seen.find(" 409600 50 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 "), std::string::npos) << seen;
  EXPECT_TRUE(seen.ends_with(" 0 0 0 0 0 0 0 0\n")) << seen;
}

TEST_F(ProcFormats, StatOfAZombie) {
  state.state = 'Z';
  state.is_exiting = true;
  state.exit_status = 256;
  std::string seen = stat(false);
  EXPECT_TRUE(seen.starts_with("42 (my prog) Z 7 40 39 0 -1 4 ")) << seen;
  EXPECT_NE(seen.find(" 1234 0 0 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 "), std::string::npos) << seen;
  EXPECT_TRUE(seen.ends_with(" 256\n")) << seen;
}

TEST_F(ProcFormats, StatShowsTerminalSignalsAndNice) {
  state.terminal = make_device(136, 300);
  state.terminal_group = 40;
  state.nice = -5;
  state.pending.add(1), state.blocked.add(31), state.blocked.add(64), state.ignored.add(2), state.caught.add(32);
  std::string seen = stat();
  EXPECT_TRUE(seen.starts_with("42 (my prog) S 7 40 39 1083436 40 ")) << seen;  // 0x10882c: 136, 300 as makedev(3) lays them out
  EXPECT_NE(seen.find(" 15 -5 2 0 1234 "), std::string::npos) << seen;
  EXPECT_NE(seen.find(" 0 0 1 1073741824 2 0 1 "), std::string::npos) << seen;
}

TEST_F(ProcFormats, Statm) {
  EXPECT_EQ(text([&](Writer& out) { format_statm(out, space); }), "100 50 20 10 0 53 0\n");
}

TEST_F(ProcFormats, Status) {
  state.caught.add(2);
  state.affinity = ~uint64_t{0};
  EXPECT_EQ(status({.umask = 022, .has_umask = true, .descriptors = 64, .cpus = 4}),
            "Name:\tmy prog\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t42\nNgid:\t0\nPid:\t42\nPPid:\t7\nTracerPid:\t0\n"
            "Uid:\t1000\t1001\t1002\t1003\nGid:\t10\t11\t12\t13\nFDSize:\t64\nGroups:\t10 20 \n"
            "NStgid:\t42\nNSpid:\t42\nNSpgid:\t40\nNSsid:\t39\n"
            "VmPeak:\t     480 kB\nVmSize:\t     400 kB\nVmLck:\t       8 kB\nVmPin:\t       0 kB\nVmHWM:\t     240 kB\n"
            "VmRSS:\t     200 kB\nRssAnon:\t     120 kB\nRssFile:\t      60 kB\nRssShmem:\t      20 kB\nVmData:\t      80 kB\n"
            "VmStk:\t     132 kB\nVmExe:\t      40 kB\nVmLib:\t      20 kB\nVmPTE:\t      20 kB\nVmSwap:\t       0 kB\n"
            "HugetlbPages:\t       0 kB\nCoreDumping:\t0\nTHP_enabled:\t0\n"
            "Threads:\t2\nSigQ:\t0/100\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\nSigBlk:\t0000000000000000\n"
            "SigIgn:\t0000000000000000\nSigCgt:\t0000000000000002\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
            "CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t0\n"
            "Seccomp_filters:\t0\nSpeculation_Store_Bypass:\tunknown\nSpeculationIndirectBranch:\tunsupported\n"
            "Cpus_allowed:\tf\nCpus_allowed_list:\t0-3\nMems_allowed:\t1\nMems_allowed_list:\t0\n"
            "voluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t6\n");
}

TEST_F(ProcFormats, StatusSaysHowTheCpuSpeculates) {
  std::string seen = status({.speculates = true});
  EXPECT_NE(seen.find("\nSpeculation_Store_Bypass:\tvulnerable\nSpeculationIndirectBranch:\talways enabled\n"), std::string::npos) << seen;
}

TEST_F(ProcFormats, StatusWithoutMemoryHasNoSizes) {
  std::string seen = status({}, false);
  EXPECT_EQ(seen.find("Vm"), std::string::npos);
  EXPECT_EQ(seen.find("Umask"), std::string::npos);
}

TEST_F(ProcFormats, StatusEscapesNames) {
  state.name = {};
  std::string_view("a\nb\\c").copy(state.name.data(), 15);
  EXPECT_TRUE(status({}).starts_with("Name:\ta\\nb\\\\c\nState:"));
}

TEST_F(ProcFormats, StatusAffinity) {
  state.affinity = 0b1011'0000'0001;
  EXPECT_NE(status({.cpus = 12}).find("Cpus_allowed:\tb01\nCpus_allowed_list:\t0,8-9,11\n"), std::string::npos);
  state.affinity = uint64_t{1} << 40 | 1;
  EXPECT_NE(status({.cpus = 41}).find("Cpus_allowed:\t100,00000001\nCpus_allowed_list:\t0,40\n"), std::string::npos);
  EXPECT_NE(status({.cpus = 8}).find("Cpus_allowed:\t01\nCpus_allowed_list:\t0\n"), std::string::npos);
}

TEST_F(ProcFormats, Maps) {
  auto map = [&](const fs::MapLine& line) { return text([&](Writer& out) { format_map(out, line); }); };
  EXPECT_EQ(map({0x400000, 0x401000, prot::read | prot::execute, false, 0x1000, make_device(8, 1), 175, "/bin/x"}),
            "00400000-00401000 r-xp 00001000 08:01 175                                /bin/x\n");
  EXPECT_EQ(map({0x7ffff7fef000, 0x7ffff7fff000, prot::read | prot::write, true, 0, 0, 0, {}}),
            "7ffff7fef000-7ffff7fff000 rw-s 00000000 00:00 0 \n");
  EXPECT_EQ(map({0x7ffff7fef000, 0x7ffff7fff000, 0, false, 0x123456789000, make_device(259, 300), 12345678901234567890u, "/very"}),
            "7ffff7fef000-7ffff7fff000 ---p 123456789000 103:12c 12345678901234567890  /very\n");
}

TEST_F(ProcFormats, Limits) {
  ResourceLimits limits{};
  limits[static_cast<unsigned>(Limit::stack)] = {8 << 20, unlimited};
  limits[static_cast<unsigned>(Limit::nice)] = {0, 0};
  std::string seen = text([&](Writer& out) { fs::format_limits(out, limits); });
  EXPECT_TRUE(
      seen.starts_with("Limit                     Soft Limit           Hard Limit           Units     \n"
                       "Max cpu time              unlimited            unlimited            seconds   \n"));
  EXPECT_NE(seen.find("Max stack size            8388608              unlimited            bytes     \n"), std::string::npos);
  EXPECT_NE(seen.find("Max nice priority         0                    0                    \n"), std::string::npos);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), '\n'), 17);
}

}  // namespace
}  // namespace halcyon::test
