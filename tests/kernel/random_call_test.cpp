// Random system calls with random arguments: whatever they answer, the kernel lives on, everybody can be ended, nothing leaks.
#include "hal/hosted/random.h"

#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(RandomCall);

// Calls that would end the test itself.
bool is_excluded(std::string_view name) {
  for (std::string_view each : {"kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "reboot"})
    if (name == each) return true;
  return false;
}

uint64_t random_argument(hal::Random& random, const std::vector<uint64_t>& pool) {
  switch (random.below(8)) {
    case 0: return random.next();
    case 1: return random.next() & 0xffff'ffff;
    case 2: return random.below(70);
    case 3: return uint64_t{1} << random.below(64);
    default: return pool[random.below(pool.size())];
  }
}

// Makes `count` calls, and forgets what they did.
void make_calls(Task& task, hal::Random& random, int count) {
  UserAddr good = task.map(4 * page);
  task.call(Call::prlimit64, 0, rlimit_nproc, task.put(Rlimit{40, 40}), nullptr);
  std::vector<uint64_t> pool = {0,
                                1,
                                2,
                                3,
                                4,
                                8,
                                16,
                                64,
                                0xfff,
                                page,
                                page + 1,
                                good,
                                good + page,
                                good + page - 3,
                                good + 4 * page - 1,
                                0xffff'8000'0000'0000,
                                ~uint64_t{0},
                                ~uint64_t{0} - 99,
                                INT32_MAX,
                                uint64_t{INT32_MAX} + 1,
                                1 << 20};
  for (std::string_view path : {"/", "/tmp", "/tmp/file", "/bin/test", "/dev/null", "/dev/zero", "../..", "", "/nowhere/at/all"})
    pool.push_back(task.put_string(path));
  auto entries = syscall_entries();
  for (int made = 0; made < count;) {
    const SyscallEntry& entry = entries[random.below(entries.size())];
    int number = syscall_number(entry, task.user().isa());
    if (number == no_number || is_excluded(entry.name)) continue;
    // Whoever blocks, or blocks this, is killed.
    task.call(Call::setitimer, itimer_real, task.put(Itimerval{{0, 0}, {5, 0}}), nullptr);
    uint64_t a[6];
    for (uint64_t& argument : a) argument = random_argument(random, pool);
    task.user().clone([](hal::User& child) { child.exit(0); }, static_cast<uint64_t>(number), a[0], a[1], a[2], a[3], a[4], a[5]);
    ++made;
  }
}

TEST_P(RandomCall, AnythingGoes) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    World world({.isa = isa(), .cpus = 1 + static_cast<unsigned>(seed % 3), .memory = 16 << 20, .seed = seed});
    hal::Random random(seed * 77 + static_cast<uint64_t>(isa()));
    EXPECT_EQ(world.run([&](Task& task) {
      task.close(task.create("/tmp/file", std::string(200, 'x')));
      for (int index = 0; index < 20; ++index) {
        int child = task.fork([&](Task& victim) { make_calls(victim, random, 30); });
        task.sleep(20 * second);
        task.kill(child, sigkill);
        task.wait(child);
      }
    }),
              exited(0));
  }
}

}  // namespace
}  // namespace halcyon::test
