// memfd_create(2), seals and pipe sizes where Linux 6.1 differs from later ones or a limit is to be set. The rest is in the guest program.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

constexpr int add_seals = 1033, get_seals = 1034, set_size = 1031, get_size = 1032, get_owner_ids = 17, set_owner = 8;
constexpr int seal_write = 8;
constexpr uint32_t can_be_sealed = 2, huge = 4;

struct MemoryFile : KernelTest {
  void check(Body body) {
    World world({.isa = isa()});
    must(world.system().mount_standard());
    world.run(std::move(body));
  }
};
INSTANTIATE_KERNEL_TESTS(MemoryFile);

TEST_P(MemoryFile, NumbersOfSealsAreWhole) {
  check([](Task& task) {
    int fd = task.call(Call::memfd_create, "x", can_be_sealed);
    EXPECT_EQ(task.call(Call::fcntl, fd, add_seals, uint64_t{1} << 32 | 1), fails::inval);
    EXPECT_EQ(task.call(Call::fcntl, fd, get_seals), 0);
    EXPECT_EQ(task.call(Call::memfd_create, "x", huge), fails::nosys);
    EXPECT_EQ(task.call(Call::memfd_create, "x", huge | 21u << 26), fails::nosys);
    EXPECT_EQ(task.call(Call::memfd_create, "x", 21u << 26), fails::inval);
    EXPECT_EQ(task.call(Call::fcntl, task.create("/tmp/f"), get_seals), 1);
  });
}

// Whoever may make a shared mapping writable later counts as somebody who writes.
TEST_P(MemoryFile, AMappingThatOnlyReadsIsInTheWayOfSeals) {
  check([](Task& task) {
    int fd = task.call(Call::memfd_create, "x", can_be_sealed);
    task.call(Call::ftruncate, fd, 4096);
    Outcome page = task.call(Call::mmap, 0, 4096, 1, 1, fd, 0);
    EXPECT_EQ(task.call(Call::fcntl, fd, add_seals, seal_write), fails::busy);
    int child = task.fork([page, fd](Task& other) {
      other.sleep(second);
      EXPECT_EQ(other.call(Call::munmap, page, 4096), ok);
      EXPECT_EQ(other.call(Call::fcntl, fd, add_seals, seal_write), ok);
    });
    EXPECT_EQ(task.call(Call::munmap, page, 4096), ok);
    EXPECT_EQ(task.call(Call::fcntl, fd, add_seals, seal_write), fails::busy);  // the child has it, too
    task.wait(child);
    EXPECT_EQ(task.call(Call::fcntl, fd, get_seals), seal_write);
    EXPECT_EQ(task.call(Call::mmap, 0, 4096, 1, 1, fd, 0), fails::perm);
  });
}

TEST_P(MemoryFile, AllocatingBeyondTheLimitIsASignal) {
  check([](Task& task) {
    constexpr int file_size = 1, xfsz = 25;
    task.block(bit(xfsz));
    int fd = task.create("/tmp/f");
    EXPECT_EQ(task.call(Call::prlimit64, 0, file_size, task.put(std::array<uint64_t, 2>{5000, 5000}), nullptr), ok);
    EXPECT_EQ(task.call(Call::fallocate, fd, 0, 0, 5000), ok);
    EXPECT_EQ(task.pending() & bit(xfsz), 0u);
    EXPECT_EQ(task.call(Call::fallocate, fd, 1, 0, 5001), fails::fbig);
    EXPECT_EQ(task.pending() & bit(xfsz), bit(xfsz));
  });
}

TEST_P(MemoryFile, TheLargestPipeIsASetting) {
  check([](Task& task) {
    auto set = [&task](std::string_view text) {
      int fd = task.open("/proc/sys/fs/pipe-max-size", 1);
      Outcome written = task.write(fd, text);
      task.close(fd);
      return written;
    };
    EXPECT_EQ(set("0x"), fails::inval);
    EXPECT_EQ(set("-1"), fails::inval);
    EXPECT_EQ(set("10000\n"), 6);
    EXPECT_EQ(task.read(task.open("/proc/sys/fs/pipe-max-size")), "16384\n");
    EXPECT_EQ(task.call(Call::fcntl, task.pipe().in, get_size), 65536);
    task.in_child([](Task& other) {
      other.call(Call::setuid, 1000);
      Task::Pipe pipe = other.pipe();
      EXPECT_EQ(other.call(Call::fcntl, pipe.in, get_size), 16384);
      EXPECT_EQ(other.call(Call::fcntl, pipe.in, set_size, 16385), fails::perm);
      EXPECT_EQ(other.call(Call::fcntl, pipe.in, set_size, 4096), 4096);
    });
  });
}

TEST_P(MemoryFile, WhoSetAnOwnerIsKnown) {
  check([](Task& task) {
    task.in_child([](Task& other) {
      other.call(Call::setresuid, 1000, 1001, 1002);
      Task::Pipe pipe = other.pipe();
      UserAddr ids = other.put(std::array<uint32_t, 2>{7, 7});
      EXPECT_EQ(other.call(Call::fcntl, pipe.in, get_owner_ids, ids), ok);
      EXPECT_EQ((other.get<std::array<uint32_t, 2>>(ids)), (std::array<uint32_t, 2>{0, 0}));
      EXPECT_EQ(other.call(Call::fcntl, pipe.in, set_owner, other.pid()), ok);
      EXPECT_EQ(other.call(Call::fcntl, pipe.in, get_owner_ids, ids), ok);
      EXPECT_EQ((other.get<std::array<uint32_t, 2>>(ids)), (std::array<uint32_t, 2>{1000, 1001}));
      EXPECT_EQ(other.call(Call::fcntl, pipe.in, get_owner_ids, 8), fails::fault);
    });
  });
}

}  // namespace
}  // namespace halcyon::test
