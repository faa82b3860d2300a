// What programs find of the vDSO: where it is, what may be done to it, and that its data follow the kernel's clocks. Its code runs on
// machines with a CPU only: tests/guest/programs/time.
#include "hal/isa/isa.h"
#include "hal/vdso_data.h"
#include "tests/kernel/file/proc.h"

namespace halcyon::test {
namespace {

struct Map {
  UserAddr start = 0, end = 0;
  std::string permissions;
};

Map map_of(Task& task, const std::string& name) {
  std::istringstream maps(contents(task, "/proc/self/maps"));
  for (std::string line; std::getline(maps, line);) {
    if (!line.ends_with(name)) continue;
    Map map;
    char dash;
    std::istringstream(line) >> std::hex >> map.start >> dash >> map.end >> map.permissions;
    return map;
  }
  return {};
}

uint64_t auxiliary(Task& task, uint64_t kind) {
  int fd = task.open("/proc/self/auxv");
  std::string bytes = task.read(fd);
  task.close(fd);
  for (size_t at = 0; at + 16 <= bytes.size(); at += 16) {
    uint64_t entry[2];
    std::memcpy(entry, bytes.data() + at, sizeof entry);
    if (entry[0] == kind) return entry[1];
  }
  return 0;
}

constexpr uint64_t at_sysinfo_ehdr = 33;
constexpr uint64_t may_move = 1, fixed = 2, dont_unmap = 4;

class VdsoPages : public ProcTest {};

// What a program computes that reads the time as the machine's clock shows it.
Nanoseconds read_clock(Task& task, int clock, Nanoseconds machine_time) {
  auto shown = task.get<hal::VdsoData>(map_of(task, "[vvar]").start);
  return machine_time + shown.offsets[clock == clock_realtime];
}

}  // namespace

INSTANTIATE_KERNEL_TESTS(VdsoPages);

TEST_P(VdsoPages, IsMappedAboveItsDataAndNamedByTheAuxiliaryVector) {
  run_in_proc([](Task& task) {
    Map code = map_of(task, "[vdso]"), data = map_of(task, "[vvar]");
    EXPECT_EQ(code.permissions, "r-xp");
    EXPECT_EQ(data.permissions, "r--p");
    EXPECT_EQ(code.end - code.start, page);
    EXPECT_EQ(data.end, code.start);
    EXPECT_EQ(auxiliary(task, at_sysinfo_ehdr), code.start);
    EXPECT_EQ(task.get_text(code.start, 4),
              "\x7f"
              "ELF");
    EXPECT_EQ(task.get<uint16_t>(code.start + 18), hal::description(task.user().isa()).elf_machine);
    std::string smaps = contents(task, "/proc/self/smaps");
    EXPECT_NE(smaps.find("VmFlags: rd mr pf io de dd \n"), std::string::npos);
    EXPECT_NE(smaps.find("VmFlags: rd ex mr mw me de \n"), std::string::npos);
  });
}

// A page of a fake machine's program has nothing to read its clock by: the page says so, and all else that is needed.
TEST_P(VdsoPages, ShowsTheKernelsClocks) {
  run_in_proc([](Task& task) {
    auto shown = task.get<hal::VdsoData>(map_of(task, "[vvar]").start);
    EXPECT_EQ(shown.reading.counter, hal::Counter::none);
    EXPECT_EQ(shown.sequence % 2, 0u);
    for (int clock : {clock_monotonic, clock_realtime}) {
      Nanoseconds before = task.world().machine().monotonic_time(), now = task.now(clock), after = task.world().machine().monotonic_time();
      EXPECT_GE(now, read_clock(task, clock, before));
      EXPECT_LE(now, read_clock(task, clock, after));
    }
    constexpr Nanoseconds long_ago = 1'000'000'000'000'000'000;
    EXPECT_EQ(task.call(Call::clock_settime, clock_realtime, task.timespec(long_ago)), ok);
    Nanoseconds before = task.world().machine().monotonic_time(), now = task.now(clock_realtime);
    EXPECT_GE(now, long_ago);
    EXPECT_LT(now, long_ago + 1'000'000'000);
    EXPECT_GE(now, read_clock(task, clock_realtime, before));
    EXPECT_LE(now, read_clock(task, clock_realtime, task.world().machine().monotonic_time()));
  });
}

TEST_P(VdsoPages, IsOneForAllAndFollowsForkAndExec) {
  run_in_proc([](Task& task) {
    Map code = map_of(task, "[vdso]");
    task.get<int>(code.start);  // touched, or not
    EXPECT_EQ(task.in_child([code](Task& child) {
      EXPECT_EQ(map_of(child, "[vdso]").start, code.start);
      EXPECT_EQ(child.get_text(code.start + 1, 3), "ELF");
      EXPECT_EQ(map_of(child, "[vvar]").permissions, "r--p");
    }),
              exited(0));
  });
}

TEST_P(VdsoPages, ItsDataAreNeverWrittenOrExecuted) {
  run_in_proc([](Task& task) {
    Map data = map_of(task, "[vvar]"), code = map_of(task, "[vdso]");
    constexpr uint64_t r = 1, w = 2, x = 4;
    EXPECT_EQ(task.call(Call::mprotect, data.start, page, r | w), fails::acces);
    EXPECT_EQ(task.call(Call::mprotect, data.start, page, r | x), fails::acces);
    EXPECT_EQ(task.call(Call::mprotect, data.start, page, 0), ok);
    EXPECT_EQ(task.call(Call::mprotect, data.start, page, r), ok);
    EXPECT_EQ(task.call(Call::madvise, data.start, page, 4), fails::inval);
    // The code may be: that is the process's own copy from then on.
    EXPECT_EQ(task.in_child([code](Task& child) {
      EXPECT_EQ(child.call(Call::mprotect, code.start, page, r | w), ok);
      child.set(code.start + 1, 'X');
      EXPECT_EQ(child.get_text(code.start + 1, 3), "XLF");
    }),
              exited(0));
    EXPECT_EQ(task.get_text(code.start + 1, 3), "ELF");
  });
}

TEST_P(VdsoPages, MovesButDoesNotGrow) {
  run_in_proc([](Task& task) {
    Map code = map_of(task, "[vdso]"), data = map_of(task, "[vvar]");
    EXPECT_EQ(task.call(Call::mremap, code.start, page, 2 * page, may_move), fails::fault);
    EXPECT_EQ(task.call(Call::mremap, data.start, page, 2 * page, may_move), fails::fault);
    EXPECT_EQ(task.call(Call::mremap, code.start, page, page, may_move | dont_unmap), fails::inval);
    EXPECT_EQ(task.call(Call::mremap, code.start, 0, page, may_move), fails::inval);
    UserAddr room = task.map(2 * page);
    EXPECT_EQ(task.call(Call::mremap, data.start, page, page, may_move | fixed, room), static_cast<int64_t>(room));
    EXPECT_EQ(task.call(Call::mremap, code.start, page, page, may_move | fixed, room + page), static_cast<int64_t>(room + page));
    EXPECT_EQ(map_of(task, "[vvar]").start, room);
    EXPECT_EQ(map_of(task, "[vdso]").start, room + page);
    EXPECT_EQ(task.get_text(room + page + 1, 3), "ELF");
    int handled = 0;
    task.handle(10, [&](Task&, const Task::Delivery&) { ++handled; });
    task.raise(10);
    EXPECT_EQ(handled, 1);
  });
}

TEST_P(VdsoPages, CanBeUnmapped) {
  run_in_proc([](Task& task) {
    EXPECT_EQ(task.in_child([](Task& child) {
      EXPECT_EQ(child.call(Call::munmap, map_of(child, "[vdso]").start, page), ok);
      EXPECT_EQ(child.call(Call::munmap, map_of(child, "[vvar]").start, page), ok);
      EXPECT_EQ(map_of(child, "[vdso]").start, 0u);
      EXPECT_EQ(map_of(child, "[vvar]").start, 0u);
    }),
              exited(0));
    EXPECT_NE(map_of(task, "[vdso]").start, 0u);
  });
}

TEST_P(VdsoPages, HardwareProbeTellsWhatThePageTells) {
  run_in_proc([](Task& task) {
    if (!task.has(Call::riscv_hwprobe)) return;
    struct Probe {
      int64_t key;
      uint64_t value;
    };
    auto shown = task.get<hal::VdsoData>(map_of(task, "[vvar]").start);
    ASSERT_GT(shown.probe_count, 4u);
    for (uint64_t key = 0; key < shown.probe_count; ++key) {
      UserAddr probe = task.put(Probe{static_cast<int64_t>(key), 99});
      EXPECT_EQ(task.call(Call::riscv_hwprobe, probe, 1, 0, nullptr, 0), ok);
      EXPECT_EQ(task.get<Probe>(probe).value, shown.probed[key]);
    }
    UserAddr unknown = task.put(Probe{static_cast<int64_t>(shown.probe_count), 99});
    EXPECT_EQ(task.call(Call::riscv_hwprobe, unknown, 1, 0, nullptr, 0), ok);
    EXPECT_EQ(task.get<Probe>(unknown).key, -1);
    EXPECT_EQ(task.call(Call::riscv_hwprobe, unknown, 1, 0, nullptr, 4), fails::inval);
    EXPECT_EQ(task.call(Call::riscv_hwprobe, 8, 1, 0, nullptr, 0), fails::fault);
  });
}

}  // namespace halcyon::test
