// futex(2): wait, wake, requeue, bit sets, time limits; robust lists.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Futex);

Outcome futex(Task& task, UserAddr word, int operation, uint64_t value, uint64_t timeout = 0, UserAddr word2 = 0, uint32_t value3 = 0) {
  return task.call(Call::futex, word, operation, value, timeout, word2, value3);
}

// A thread that waits until `word` is no longer `value`, and counts in `woken`.
void start_waiter(Task& task, UserAddr word, UserAddr woken, uint32_t bits = ~0u) {
  task.thread([=](Task& thread) {
    EXPECT_EQ(futex(thread, word, futex_wait_bitset, 0, 0, 0, bits), ok);
    thread.user().fetch_add(woken, 1);
  });
  task.sleep(millisecond);
}

TEST_P(Futex, WaitReturnsAtOnceIfTheValueDiffers) {
  check([](Task& task) {
    UserAddr word = task.put(uint32_t{5});
    EXPECT_EQ(futex(task, word, futex_wait, 4), fails::again);
    EXPECT_EQ(futex(task, word, futex_wake, 1), 0);
  });
}

TEST_P(Futex, WakeWakesThatMany) {
  check([](Task& task) {
    UserAddr word = task.put(uint32_t{0}), woken = task.put(uint32_t{0});
    for (int index = 0; index < 5; ++index) start_waiter(task, word, woken);
    EXPECT_EQ(futex(task, word, futex_wake, 2), 2);
    task.sleep(millisecond);
    EXPECT_EQ(task.get<uint32_t>(woken), 2u);
    EXPECT_EQ(futex(task, word, futex_wake, INT32_MAX), 3);
    task.sleep(millisecond);
    EXPECT_EQ(task.get<uint32_t>(woken), 5u);
    EXPECT_EQ(futex(task, word, futex_wake, 1), 0);
  });
}

TEST_P(Futex, RejectsWhatTheManualSays) {
  check([](Task& task) {
    UserAddr word = task.put(uint32_t{0});
    EXPECT_EQ(futex(task, word + 1, futex_wait, 0), fails::inval);
    EXPECT_EQ(futex(task, word + 2, futex_wake, 1), fails::inval);
    EXPECT_EQ(futex(task, 8, futex_wait, 0), fails::fault);
    EXPECT_EQ(futex(task, ~uint64_t{3}, futex_wait | futex_private, 0), fails::fault);
    EXPECT_EQ(futex(task, word, 77, 0), fails::nosys);
    EXPECT_EQ(futex(task, word, futex_wait_bitset, 0, 0, 0, 0), fails::inval);  // no bits
    EXPECT_EQ(futex(task, word, futex_wake_bitset, 1, 0, 0, 0), fails::inval);
    EXPECT_EQ(futex(task, word, futex_wait, 0, task.put(Timespec{0, 1'000'000'000})), fails::inval);
    EXPECT_EQ(futex(task, word, futex_wait, 0, task.put(Timespec{-1, 0})), fails::inval);
    EXPECT_EQ(futex(task, word, futex_wait, 0, 8), fails::fault);
    EXPECT_EQ(futex(task, word, futex_cmp_requeue, 1, 1, word + 2, 0), fails::inval);
    EXPECT_EQ(futex(task, word, futex_cmp_requeue, static_cast<uint64_t>(-1), 1, word + 4, 0), fails::inval);
  });
}

TEST_P(Futex, PrivateAndSharedWaitersOfPrivateMemoryDiffer) {
  check([](Task& task) {
    UserAddr word = task.put(uint32_t{0}), woken = task.put(uint32_t{0});
    start_waiter(task, word, woken);
    EXPECT_EQ(futex(task, word, futex_wake | futex_private, 1), 0);
    EXPECT_EQ(futex(task, word, futex_wake, 1), 1);
    task.sleep(millisecond);
    EXPECT_EQ(task.get<uint32_t>(woken), 1u);
  });
}

TEST_P(Futex, WaitTimesOut) {
  check([](Task& task) {
    UserAddr word = task.put(uint32_t{0});
    Nanoseconds before = task.now();
    EXPECT_EQ(futex(task, word, futex_wait, 0, task.timespec(5 * millisecond)), fails::timedout);
    Nanoseconds waited = task.now() - before;
    EXPECT_GE(waited, 5 * millisecond);
    EXPECT_LT(waited, 6 * millisecond);
    EXPECT_EQ(futex(task, word, futex_wait, 0, task.timespec(0)), fails::timedout);
  });
}

TEST_P(Futex, BitsetTimeoutsAreAbsolute) {
  check([](Task& task) {
    UserAddr word = task.put(uint32_t{0});
    Nanoseconds until = task.now(clock_monotonic) + 5 * millisecond;
    EXPECT_EQ(futex(task, word, futex_wait_bitset, 0, task.timespec(until), 0, ~0u), fails::timedout);
    EXPECT_GE(task.now(), until);
    EXPECT_LT(task.now(), until + millisecond);
    until = task.now(clock_realtime) + 5 * millisecond;
    EXPECT_EQ(futex(task, word, futex_wait_bitset | futex_clock_realtime, 0, task.timespec(until), 0, ~0u), fails::timedout);
    EXPECT_GE(task.now(clock_realtime), until);
    EXPECT_EQ(futex(task, word, futex_wait_bitset, 0, task.timespec(1), 0, ~0u), fails::timedout);  // in the past
  });
}

TEST_P(Futex, BitsetsSelectWaiters) {
  check([](Task& task) {
    UserAddr word = task.put(uint32_t{0}), left = task.put(uint32_t{0}), right = task.put(uint32_t{0});
    start_waiter(task, word, left, 1);
    start_waiter(task, word, right, 2);
    EXPECT_EQ(futex(task, word, futex_wake_bitset, 10, 0, 0, 4), 0);
    EXPECT_EQ(futex(task, word, futex_wake_bitset, 10, 0, 0, 2), 1);
    task.sleep(millisecond);
    EXPECT_EQ(task.get<uint32_t>(left), 0u);
    EXPECT_EQ(task.get<uint32_t>(right), 1u);
    EXPECT_EQ(futex(task, word, futex_wake, 10), 1);  // a plain wake matches all
  });
}

TEST_P(Futex, RequeueMovesWaiters) {
  check([](Task& task) {
    UserAddr word = task.put(uint32_t{0}), other = task.put(uint32_t{0}), woken = task.put(uint32_t{0});
    for (int index = 0; index < 5; ++index) start_waiter(task, word, woken);
    EXPECT_EQ(futex(task, word, futex_cmp_requeue, 1, 2, other, 1), fails::again);  // the value is another
    EXPECT_EQ(futex(task, word, futex_cmp_requeue, 1, 2, other, 0), 3);             // woken and moved
    task.sleep(millisecond);
    EXPECT_EQ(task.get<uint32_t>(woken), 1u);
    EXPECT_EQ(futex(task, word, futex_wake, 10), 2);
    EXPECT_EQ(futex(task, other, futex_wake, 10), 2);
  });
}

TEST_P(Futex, PlainRequeueCountsTheWoken) {
  check([](Task& task) {
    UserAddr word = task.put(uint32_t{0}), other = task.put(uint32_t{0}), woken = task.put(uint32_t{0});
    for (int index = 0; index < 4; ++index) start_waiter(task, word, woken);
    EXPECT_EQ(futex(task, word, futex_requeue, 1, 100, other), 4);
    EXPECT_EQ(futex(task, word, futex_wake, 10), 0);
    EXPECT_EQ(futex(task, other, futex_wake, 10), 3);
  });
}

TEST_P(Futex, ARequeuedWaiterStillTimesOut) {
  check([](Task& task) {
    UserAddr word = task.put(uint32_t{0}), other = task.put(uint32_t{0}), done = task.room(4);
    task.thread([=](Task& thread) { EXPECT_EQ(futex(thread, word, futex_wait, 0, thread.timespec(10 * millisecond)), fails::timedout); },
                done);
    task.sleep(millisecond);
    EXPECT_EQ(futex(task, word, futex_cmp_requeue, 0, 1, other, 0), 1);
    task.join(done);
    EXPECT_EQ(futex(task, other, futex_wake, 10), 0);
  });
}

TEST_P(Futex, WakeOpChangesTheSecondWord) {
  check([](Task& task) {
    UserAddr first = task.put(uint32_t{0}), other = task.put(uint32_t{0}), woken = task.put(uint32_t{0});
    task.set(other, uint32_t{0});
    start_waiter(task, first, woken);
    start_waiter(task, other, woken);
    // *other += 3, and if it was 0, wake there too.
    constexpr uint32_t op_add = 1, compare_eq = 0;
    EXPECT_EQ(futex(task, first, futex_wake_op, 1, 1, other, op_add << 28 | compare_eq << 24 | 3 << 12 | 0), 2);
    EXPECT_EQ(task.get<uint32_t>(other), 3u);
    // It is 3 now: nobody is woken there.
    constexpr uint32_t op_set = 0;
    EXPECT_EQ(futex(task, first, futex_wake_op, 1, 1, other, op_set << 28 | compare_eq << 24 | 9 << 12 | 5), 0);
    EXPECT_EQ(task.get<uint32_t>(other), 9u);
    EXPECT_EQ(futex(task, first, futex_wake_op, 1, 1, 8, 0), fails::fault);
    task.sleep(millisecond);
    EXPECT_EQ(task.get<uint32_t>(woken), 2u);
  });
}

TEST_P(Futex, SharedWordsWorkAcrossProcesses) {
  check([](Task& task) {
    UserAddr word = task.call(Call::mmap, 0, page, prot_rw, map_shared | map_anonymous, -1, 0);
    int child = task.fork([word](Task& other) {
      EXPECT_EQ(futex(other, word, futex_wait, 0), ok);
      other.exit(3);
    });
    task.sleep(millisecond);
    EXPECT_EQ(futex(task, word, futex_wake | futex_private, 1), 0);  // another key
    EXPECT_EQ(futex(task, word, futex_wake, 1), 1);
    EXPECT_EQ(task.wait(child), exited(3));
  });
}

TEST_P(Futex, TwoMappingsOfAFileAreOneWord) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", std::string(2 * page, '\0'));
    UserAddr one = task.call(Call::mmap, 0, 2 * page, prot_rw, map_shared, fd, 0);
    int child = task.fork([fd](Task& other) {
      UserAddr two = other.call(Call::mmap, 0, page, prot_rw, map_shared, fd, page);
      EXPECT_EQ(futex(other, two + 16, futex_wait, 0), ok);
    });
    task.sleep(millisecond);
    EXPECT_EQ(futex(task, one + 16, futex_wake, 1), 0);
    EXPECT_EQ(futex(task, one + page + 16, futex_wake, 1), 1);
    EXPECT_EQ(task.wait(child), exited(0));
  });
}

TEST_P(Futex, PrivateWordsOfAForkAreTwoWords) {
  check([](Task& task) {
    UserAddr word = task.put(uint32_t{0});
    int child = task.fork([word](Task& other) { EXPECT_EQ(futex(other, word, futex_wait, 0, other.timespec(second)), fails::timedout); });
    task.sleep(millisecond);
    EXPECT_EQ(futex(task, word, futex_wake, 1), 0);
    EXPECT_EQ(task.wait(child), exited(0));
  });
}

TEST_P(Futex, ASignalInterruptsOrRestarts) {
  check([](Task& task) {
    UserAddr word = task.put(uint32_t{0});
    int self = task.pid();
    auto interrupt = [&](uint64_t flags, uint64_t timeout) {
      task.handle(sigusr1, [](Task&, const Task::Delivery&) {}, flags);
      int child = task.fork([self](Task& other) {
        other.sleep(millisecond);
        other.kill(self, sigusr1);
      });
      Outcome waited = futex(task, word, futex_wait, 0, timeout);
      task.wait(child);
      return waited;
    };
    EXPECT_EQ(interrupt(0, 0), fails::intr);
    EXPECT_EQ(interrupt(0, task.timespec(second)), fails::intr);
    Nanoseconds before = task.now();
    EXPECT_EQ(interrupt(sa_restart, task.timespec(10 * millisecond)), fails::intr);  // a time limit is not restarted: futex(2), signal(7)
    EXPECT_LT(task.now() - before, 5 * millisecond);
  });
}

TEST_P(Futex, AStopDoesNotShortenTheWait) {
  check([](Task& task) {
    UserAddr word = task.put(uint32_t{0});
    int child = task.fork([word](Task& other) {
      Nanoseconds before = other.now();
      EXPECT_EQ(futex(other, word, futex_wait, 0, other.timespec(20 * millisecond)), fails::timedout);
      EXPECT_GE(other.now() - before, 20 * millisecond);
      EXPECT_LT(other.now() - before, 25 * millisecond);
    });
    task.sleep(millisecond);
    task.kill(child, sigstop);
    task.sleep(5 * millisecond);
    task.kill(child, sigcont);
    EXPECT_EQ(task.wait(child), exited(0));
  });
}

// A mutex as in "Futexes Are Tricky": 0 free, 1 taken, 2 taken and waited for.
TEST_P(Futex, AMutexExcludes) {
  for (unsigned cpus : {1u, 2u, 4u}) {
    check({.cpus = cpus, .seed = cpus, .slice_blocks = 60}, [](Task& task) {
      UserAddr lock = task.put(uint32_t{0}), counter = task.put(uint32_t{0});
      std::vector<UserAddr> done;
      for (int index = 0; index < 5; ++index) {
        done.push_back(task.room(4));
        task.thread(
            [=](Task& thread) {
              for (int round = 0; round < 20; ++round) {
                uint32_t seen = thread.user().compare_exchange(lock, 0, 1);
                while (seen != 0) {
                  if (seen == 2 || thread.user().compare_exchange(lock, 1, 2) != 0) futex(thread, lock, futex_wait | futex_private, 2);
                  seen = thread.user().compare_exchange(lock, 0, 2);
                }
                auto value = thread.get<uint32_t>(counter);
                thread.work(3 * microsecond);
                thread.set(counter, value + 1);
                if (thread.user().exchange(lock, 0) == 2) futex(thread, lock, futex_wake | futex_private, 1);
              }
            },
            done.back());
      }
      for (UserAddr each : done) task.join(each);
      EXPECT_EQ(task.get<uint32_t>(counter), 100u);
    });
  }
}

KERNEL_TESTS(RobustList);

struct Head {
  UserAddr list;
  int64_t offset;
  UserAddr pending;
};

TEST_P(RobustList, IsStoredAndTold) {
  check([](Task& task) {
    UserAddr head = task.put(Head{});
    EXPECT_EQ(task.call(Call::set_robust_list, head, 8), fails::inval);
    EXPECT_EQ(task.call(Call::set_robust_list, head, sizeof(Head)), ok);
    UserAddr where = task.room(8), size = task.room(8);
    EXPECT_EQ(task.call(Call::get_robust_list, 0, where, size), ok);
    EXPECT_EQ(task.get<UserAddr>(where), head);
    EXPECT_EQ(task.get<uint64_t>(size), sizeof(Head));
    EXPECT_EQ(task.call(Call::get_robust_list, 99999, where, size), fails::srch);
    EXPECT_EQ(task.call(Call::get_robust_list, 0, 8, size), fails::fault);
  });
}

TEST_P(RobustList, ADeadOwnersMutexIsMarkedAndItsWaiterWoken) {
  for (bool dies : {false, true}) {
    check([dies](Task& task) {
      UserAddr shared = task.call(Call::mmap, 0, page, prot_rw, map_shared | map_anonymous, -1, 0);
      UserAddr word = shared + 64;
      int child = task.fork([=](Task& owner) {
        UserAddr node = shared + 128, head = shared + 256;
        owner.set(node, head);
        owner.set(head, Head{node, static_cast<int64_t>(word) - static_cast<int64_t>(node), 0});
        owner.call(Call::set_robust_list, head, sizeof(Head));
        owner.set(word, static_cast<uint32_t>(owner.call(Call::gettid)) | futex_waiters);
        owner.sleep(5 * millisecond);
        if (dies) owner.raise(sigkill);
      });
      task.sleep(millisecond);
      auto value = task.get<uint32_t>(word);
      EXPECT_EQ(futex(task, word, futex_wait, value), ok);
      EXPECT_EQ(task.get<uint32_t>(word), futex_owner_died | futex_waiters);
      task.wait(child);
    });
  }
}

TEST_P(RobustList, ThePendingEntryCountsToo) {
  check([](Task& task) {
    UserAddr shared = task.call(Call::mmap, 0, page, prot_rw, map_shared | map_anonymous, -1, 0);
    EXPECT_EQ(task.in_child([shared](Task& owner) {
      UserAddr node = shared + 128, head = shared + 256;
      owner.set(head, Head{head, 8, node});
      owner.set(node + 8, static_cast<uint32_t>(owner.call(Call::gettid)));
      owner.call(Call::set_robust_list, head, sizeof(Head));
    }),
              exited(0));
    EXPECT_EQ(task.get<uint32_t>(shared + 136), futex_owner_died);
  });
}

TEST_P(RobustList, BrokenListsHurtNobody) {
  check([](Task& task) {
    UserAddr memory = task.map(page);
    EXPECT_EQ(task.in_child([memory](Task& child) {  // a circle that does not come back to the head
      child.set(memory, Head{memory + 64, 0, 0});
      child.set(memory + 64, memory + 128);
      child.set(memory + 128, memory + 64);
      child.call(Call::set_robust_list, memory, sizeof(Head));
    }),
              exited(0));
    EXPECT_EQ(task.in_child([memory](Task& child) {  // wild pointers
      child.set(memory, Head{0x123456789, 0x7fffffffffff, 7});
      child.call(Call::set_robust_list, memory, sizeof(Head));
    }),
              exited(0));
    EXPECT_EQ(task.in_child([](Task& child) { child.call(Call::set_robust_list, ~uint64_t{7}, sizeof(Head)); }), exited(0));
  });
}

TEST_P(Futex, ASharedWordMustBeThere) {
  check([](Task& task) {
    UserAddr page = task.map(page_size);
    task.call(Call::mprotect, page, page_size, prot_none);
    EXPECT_EQ(task.call(Call::futex, page, futex_wake, 1, 0, 0, 0), fails::fault);
    EXPECT_EQ(task.call(Call::futex, page, futex_wake | futex_private, 1, 0, 0, 0), 0);
    UserAddr good = task.map(page_size);
    EXPECT_EQ(task.call(Call::futex, good, futex_requeue, 1, 1, page, 0), fails::fault);
    task.call(Call::munmap, page, page_size);
    EXPECT_EQ(task.call(Call::futex, page, futex_wake, 1, 0, 0, 0), fails::fault);
  });
}

}  // namespace
}  // namespace halcyon::test
