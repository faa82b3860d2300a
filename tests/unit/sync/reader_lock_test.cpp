// ReaderLock: readers of different CPUs hold it together, a writer alone.
#include "core/sync/reader_lock.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/base/lock_guard.h"
#include "tests/unit/sync/test_cpu.h"

namespace halcyon {
namespace {

TEST(ReaderLock, ReadersDoNotWaitForEachOther) {
  ReaderLock lock(Rank::filesystem, 2);
  test::TestCpu cpu(0);
  SharedLock first(lock);
  std::thread([&] {
    test::TestCpu other(1);
    SharedLock second(lock);
  }).join();
}

// Who would have to wait dies here: there is nobody who could let him go on.
constexpr auto* waits = "nobody else can run";

// What the analysis forbids, and these tests do.
void lock_held_one(ReaderLock& lock) NO_THREAD_SAFETY_ANALYSIS { lock.lock(); }
void share_held_one(ReaderLock& lock) NO_THREAD_SAFETY_ANALYSIS { lock.lock_shared(); }

TEST(ReaderLockDeathTest, AWriterIsAlone) {
  for (unsigned cpus : {1u, 3u, 40u}) {
    ReaderLock lock(Rank::filesystem, cpus);
    for (unsigned id : {0u, cpus / 2, cpus - 1}) {
      {
        test::TestCpu writer(cpus);
        LockGuard guard(lock);
        test::TestCpu reader(id);
        EXPECT_DEATH(share_held_one(lock), waits);
      }
      test::TestCpu reader(id);
      SharedLock guard(lock);
      test::TestCpu writer(cpus);
      EXPECT_DEATH(lock_held_one(lock), waits);
    }
    test::TestCpu cpu(0);
    LockGuard guard(lock);  // all were let go
  }
}

}  // namespace
}  // namespace halcyon
