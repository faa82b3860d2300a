// fcntl(2) leases: how long a break may take, what counts as open, settings in /proc/sys/fs. What needs no clock is in the guest program.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

constexpr int set_lease = 1024, get_lease = 1025, lease_signal = 29;
constexpr int to_read = 0, to_write = 1, none = 2;
constexpr uint32_t for_writing = 1, for_both = 2, no_wait = 04000;

struct Lease : KernelTest {
  void check(Body body) {
    World world({.isa = isa()});
    must(world.system().mount_standard());
    world.run([body](Task& task) {
      task.block(bit(lease_signal));
      task.close(task.create("/tmp/f", "contents"));
      body(task);
    });
  }
};
INSTANTIATE_KERNEL_TESTS(Lease);

void set_number(Task& task, std::string_view path, std::string_view text) {
  int fd = task.open(path, for_writing);
  EXPECT_EQ(task.write(fd, text), static_cast<int64_t>(text.size()));
  task.close(fd);
}

TEST_P(Lease, IsTakenAwayAfterItsTime) {
  check([](Task& task) {
    int holder = task.open("/tmp/f");
    EXPECT_EQ(task.call(Call::fcntl, holder, set_lease, to_read), ok);
    Nanoseconds start = task.now();
    int opener = task.fork([](Task& other) { EXPECT_GE(other.open("/tmp/f", for_writing), 0); });
    task.sleep(44 * second);
    EXPECT_EQ(task.call(Call::fcntl, holder, get_lease), none);
    EXPECT_EQ(task.call(Call::fcntl, holder, set_lease, to_read), fails::again);
    task.wait(opener);
    EXPECT_GE(task.now() - start, 45 * second);
    EXPECT_LT(task.now() - start, 46 * second);
    EXPECT_EQ(task.call(Call::fcntl, holder, set_lease, none), fails::again);
  });
}

TEST_P(Lease, OfAWriterIsWeakenedAfterItsTime) {
  check([](Task& task) {
    set_number(task, "/proc/sys/fs/lease-break-time", " 3 \n");
    EXPECT_EQ(task.read(task.open("/proc/sys/fs/lease-break-time")), "3\n");
    int holder = task.open("/tmp/f");
    EXPECT_EQ(task.call(Call::fcntl, holder, set_lease, to_write), ok);
    Nanoseconds start = task.now();
    EXPECT_GE(task.open("/tmp/f"), 0);
    EXPECT_GE(task.now() - start, 3 * second);
    EXPECT_LT(task.now() - start, 4 * second);
    EXPECT_EQ(task.call(Call::fcntl, holder, get_lease), to_read);
    // The time of a break that nobody waits for runs too.
    EXPECT_EQ(task.call(Call::openat, -100, "/tmp/f", for_writing | no_wait, 0), fails::again);
    EXPECT_EQ(task.call(Call::fcntl, holder, get_lease), none);
    task.sleep(4 * second);
    EXPECT_GE(task.open("/tmp/f", for_writing | no_wait), 0);
    EXPECT_EQ(task.call(Call::fcntl, holder, set_lease, none), fails::again);
  });
}

TEST_P(Lease, LastsForEverIfThereIsNoTime) {
  check([](Task& task) {
    set_number(task, "/proc/sys/fs/lease-break-time", "0\n");
    int holder = task.open("/tmp/f");
    EXPECT_EQ(task.call(Call::fcntl, holder, set_lease, to_read), ok);
    int opener = task.fork([holder](Task& other) {
      other.close(holder);
      EXPECT_GE(other.open("/tmp/f", for_both), 0);
    });
    task.sleep(1000 * second);
    EXPECT_EQ(task.call(Call::wait4, opener, nullptr, 1, nullptr), 0);
    EXPECT_EQ(task.close(holder), ok);
    task.wait(opener);
  });
}

TEST_P(Lease, CanBeSwitchedOff) {
  check([](Task& task) {
    int fd = task.open("/proc/sys/fs/leases-enable", for_writing);
    EXPECT_EQ(task.write(fd, "x"), fails::inval);
    task.close(fd);
    int kept = task.open("/tmp/f"), fresh = task.open("/tmp/f");
    EXPECT_EQ(task.call(Call::fcntl, kept, set_lease, to_read), ok);
    set_number(task, "/proc/sys/fs/leases-enable", "0\n");
    EXPECT_EQ(task.call(Call::fcntl, fresh, set_lease, to_read), fails::inval);
    EXPECT_EQ(task.close(fresh), ok);
    EXPECT_EQ(task.call(Call::fcntl, kept, set_lease, to_write), ok);
  });
}

// A mapping holds its description, and a description in two processes is one.
TEST_P(Lease, CountsWhatIsMappedAndInherited) {
  check([](Task& task) {
    int mapped = task.open("/tmp/f", for_both);
    Outcome at = task.call(Call::mmap, 0, 4096, 1, 1, mapped, 0);
    EXPECT_FALSE(at.is_error());
    task.close(mapped);
    int holder = task.open("/tmp/f");
    EXPECT_EQ(task.call(Call::fcntl, holder, set_lease, to_read), fails::again);
    EXPECT_EQ(task.call(Call::munmap, at, 4096), ok);
    int child = task.fork([holder](Task& other) {
      other.sleep(second);
      EXPECT_EQ(other.call(Call::fcntl, holder, get_lease), to_read);  // somebody breaks it
    });
    EXPECT_EQ(task.call(Call::fcntl, holder, set_lease, to_write), ok);
    task.close(holder);
    EXPECT_EQ(task.call(Call::openat, -100, "/tmp/f", no_wait, 0), fails::again);
    task.wait(child);  // the last to have it open
    EXPECT_GE(task.open("/tmp/f", no_wait), 0);
  });
}

TEST_P(Lease, SeveralReadersAreAllToLetGo) {
  check([](Task& task) {
    int one = task.open("/tmp/f"), two = task.open("/tmp/f");
    EXPECT_EQ(task.call(Call::fcntl, one, set_lease, to_read), ok);
    EXPECT_EQ(task.call(Call::fcntl, two, set_lease, to_read), ok);
    int opener = task.fork([](Task& other) { EXPECT_EQ(other.call(Call::truncate, "/tmp/f", 0), ok); });
    task.sleep(second);
    EXPECT_EQ(task.call(Call::fcntl, one, set_lease, none), ok);
    task.sleep(second);
    EXPECT_EQ(task.call(Call::wait4, opener, nullptr, 1, nullptr), 0);
    EXPECT_EQ(task.call(Call::fcntl, two, set_lease, none), ok);
    task.wait(opener);
  });
}

}  // namespace
}  // namespace halcyon::test
