// Locked memory: mlock(2), mlock2(2), mlockall(2), MAP_LOCKED, RLIMIT_MEMLOCK.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Lock);

constexpr int mcl_current = 1, mcl_future = 2, mcl_on_fault = 4, ms_invalidate = 2, rlimit_memlock = 8, dont_need = 4;
constexpr uint32_t map_private_anonymous = 0x22, map_locked = 0x2000, prot_read_write = 3;

bool is_resident(Task& task, UserAddr page) {
  UserAddr byte = task.room(1);
  EXPECT_EQ(task.call(Call::mincore, page, page_size, byte), ok);
  return (task.get<uint8_t>(byte) & 1) != 0;
}

TEST_P(Lock, BringsMemoryInAndKeepsIt) {
  check([](Task& task) {
    UserAddr pages = task.map(3 * page_size);
    EXPECT_FALSE(is_resident(task, pages));
    EXPECT_EQ(task.call(Call::mlock, pages + 100, page_size), ok);  // touches two pages
    EXPECT_TRUE(is_resident(task, pages));
    EXPECT_TRUE(is_resident(task, pages + page_size));
    EXPECT_FALSE(is_resident(task, pages + 2 * page_size));
    EXPECT_EQ(task.call(Call::madvise, pages, page_size, dont_need), fails::inval);
    EXPECT_EQ(task.call(Call::msync, pages, page_size, ms_invalidate), fails::busy);
    EXPECT_EQ(task.call(Call::munlock, pages, 3 * page_size), ok);
    EXPECT_EQ(task.call(Call::madvise, pages, page_size, dont_need), ok);
    EXPECT_EQ(task.call(Call::msync, pages, page_size, ms_invalidate), ok);
    EXPECT_EQ(task.call(Call::mlock2, pages, page_size, 2), fails::inval);
    EXPECT_EQ(task.call(Call::mlock2, pages + 2 * page_size, page_size, 1), ok);
    EXPECT_FALSE(is_resident(task, pages + 2 * page_size));  // MLOCK_ONFAULT
    EXPECT_EQ(task.call(Call::munmap, pages, page_size), ok);
    EXPECT_EQ(task.call(Call::mlock, pages, page_size), fails::nomem);
  });
}

TEST_P(Lock, AllMeansWhatThereIsAndWhatComes) {
  check([](Task& task) {
    UserAddr before = task.map(page_size);
    EXPECT_EQ(task.call(Call::mlockall, 0), fails::inval);
    EXPECT_EQ(task.call(Call::mlockall, mcl_on_fault), fails::inval);
    EXPECT_EQ(task.call(Call::mlockall, 8), fails::inval);
    EXPECT_EQ(task.call(Call::mlockall, mcl_current | mcl_future), ok);
    EXPECT_TRUE(is_resident(task, before));
    UserAddr after = task.map(page_size);
    EXPECT_TRUE(is_resident(task, after));
    // A child has nothing locked.
    task.in_child([before](Task& child) { EXPECT_EQ(child.call(Call::madvise, before, page_size, dont_need), ok); });
    EXPECT_EQ(task.call(Call::munlockall), ok);
    EXPECT_EQ(task.call(Call::madvise, after, page_size, dont_need), ok);
    EXPECT_FALSE(is_resident(task, task.map(page_size)));
  });
}

TEST_P(Lock, ALimitHoldsForWhoHasNoCapability) {
  check([](Task& task) {
    UserAddr pages = task.map(4 * page_size);
    UserAddr limit = task.put(std::array<uint64_t, 2>{2 * page_size, 2 * page_size});
    EXPECT_EQ(task.call(Call::prlimit64, 0, rlimit_memlock, limit, 0), ok);
    task.in_child([pages](Task& child) {
      EXPECT_EQ(child.call(Call::setuid, 1000), ok);
      EXPECT_EQ(child.call(Call::mlock, pages, 3 * page_size), fails::nomem);
      EXPECT_EQ(child.call(Call::mlock, pages, 2 * page_size), ok);
      EXPECT_EQ(child.call(Call::mlock, pages, 2 * page_size), ok);  // counted once
      EXPECT_EQ(child.call(Call::mlock, pages + 2 * page_size, page_size), fails::nomem);
      EXPECT_EQ(child.call(Call::mremap, pages, 2 * page_size, 3 * page_size, 1, 0), fails::again);
      EXPECT_EQ(child.call(Call::mlockall, mcl_current), fails::nomem);
      EXPECT_EQ(child.call(Call::mmap, 0, page_size, prot_read_write, map_private_anonymous | map_locked, -1, 0), fails::again);
      UserAddr none = child.put(std::array<uint64_t, 2>{0, 0});
      EXPECT_EQ(child.call(Call::prlimit64, 0, rlimit_memlock, none, 0), ok);
      EXPECT_EQ(child.call(Call::mlock, pages, page_size), fails::perm);
      EXPECT_EQ(child.call(Call::mlockall, mcl_current), fails::perm);
      EXPECT_EQ(child.call(Call::mmap, 0, page_size, prot_read_write, map_private_anonymous | map_locked, -1, 0), fails::perm);
      EXPECT_EQ(child.call(Call::munlock, pages, 2 * page_size), ok);
    });
  });
}

}  // namespace
}  // namespace halcyon::test
