// Looking into other processes: process_vm_readv(2), process_vm_writev(2), kcmp(2), prlimit(2).
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(OtherProcess);

enum KcmpType { kcmp_file, kcmp_vm, kcmp_files, kcmp_fs, kcmp_sighand, kcmp_io, kcmp_sysvsem, kcmp_epoll_tfd };

void end(Task& task, int child) {
  task.kill(child, sigkill);
  EXPECT_EQ(task.wait(child), killed(sigkill));
}

TEST_P(OtherProcess, MemoryIsReadAndWritten) {
  check([](Task& task) {
    UserAddr theirs = task.map(3 * page), own = task.map(3 * page);
    int child = task.fork([theirs](Task& other) {
      other.set(theirs + page - 4, uint64_t{0x1122334455667788});
      while (other.get<uint32_t>(theirs) == 0) other.sleep(millisecond);
      other.exit(static_cast<int>(other.get<uint32_t>(theirs + 2 * page - 2)));
    });
    task.sleep(millisecond);
    // Two pieces of ours from three of theirs.
    UserAddr local = task.put(std::array<Iovec, 2>{Iovec{own, 3}, Iovec{own + page, 100}});
    UserAddr remote = task.put(std::array<Iovec, 3>{Iovec{theirs + page - 4, 2}, Iovec{theirs + page - 2, 0}, Iovec{theirs + page - 2, 6}});
    EXPECT_EQ(task.call(Call::process_vm_readv, child, local, 2, remote, 3, 0), 8);
    EXPECT_EQ(task.get<uint16_t>(own), 0x7788);
    EXPECT_EQ(task.get<uint8_t>(own + 2), 0x66);
    EXPECT_EQ(task.get<uint32_t>(own + page), 0x22334455u);
    EXPECT_EQ(task.get<uint8_t>(own + page + 4), 0x11);
    // Across a page of theirs that was never touched.
    task.set(own, uint32_t{42});
    local = task.put(Iovec{own, 4});
    remote = task.put(Iovec{theirs + 2 * page - 2, 4});
    EXPECT_EQ(task.call(Call::process_vm_writev, child, local, 1, remote, 1, 0), 4);
    remote = task.put(Iovec{theirs, 4});
    EXPECT_EQ(task.call(Call::process_vm_writev, child, local, 1, remote, 1, 0), 4);
    EXPECT_EQ(task.wait(child), exited(42));
  });
}

TEST_P(OtherProcess, WritesDoNotReachSharedCopies) {
  check([](Task& task) {
    UserAddr memory = task.map(page);
    task.set(memory, uint32_t{7});
    int child = task.fork([memory](Task& other) {
      while (other.get<uint32_t>(memory) == 7) other.sleep(millisecond);
      other.exit(static_cast<int>(other.get<uint32_t>(memory)));
    });
    UserAddr local = task.put(Iovec{task.put(uint32_t{9}), 4});
    EXPECT_EQ(task.call(Call::process_vm_writev, child, local, 1, task.put(Iovec{memory, 4}), 1, 0), 4);
    EXPECT_EQ(task.wait(child), exited(9));
    EXPECT_EQ(task.get<uint32_t>(memory), 7u);
  });
}

TEST_P(OtherProcess, TransfersEndWhereMemoryDoes) {
  check([](Task& task) {
    UserAddr theirs = task.map(2 * page), own = task.map(2 * page), constant = task.map(page, prot_read);
    task.call(Call::munmap, theirs + page, page);
    task.call(Call::munmap, own + page, page);
    int child = task.sleeper();
    auto read = [&](Iovec local, Iovec remote) {
      return task.call(Call::process_vm_readv, child, task.put(local), 1, task.put(remote), 1, 0);
    };
    auto write = [&](Iovec local, Iovec remote) {
      return task.call(Call::process_vm_writev, child, task.put(local), 1, task.put(remote), 1, 0);
    };
    EXPECT_EQ(read({own, 8}, {theirs + page - 3, 8}), 3);
    EXPECT_EQ(read({own + page - 2, 8}, {theirs, 8}), 2);
    EXPECT_EQ(read({own, 8}, {theirs + page, 8}), fails::fault);
    EXPECT_EQ(read({own + page, 8}, {theirs, 8}), fails::fault);
    EXPECT_EQ(write({own, 8}, {theirs + page - 3, 8}), 3);
    EXPECT_EQ(write({own + page - 2, 8}, {theirs, 8}), 2);
    EXPECT_EQ(write({own, 8}, {constant, 8}), fails::fault);
    EXPECT_EQ(write({own, 4}, {theirs, 8}), 4);
    EXPECT_EQ(write({own, 8}, {theirs, 4}), 4);
    EXPECT_EQ(read({own, 8}, {~uint64_t{0} - 3, 8}), fails::fault);
    end(task, child);
  });
}

TEST_P(OtherProcess, TransfersRejectWhatTheManualSays) {
  check([](Task& task) {
    UserAddr place = task.put(uint64_t{1});
    UserAddr vector = task.put(Iovec{place, 8});
    auto read = [&](int pid, UserAddr local, uint64_t local_count, UserAddr remote, uint64_t remote_count, uint64_t flags = 0) {
      return task.call(Call::process_vm_readv, pid, local, local_count, remote, remote_count, flags);
    };
    int own = task.pid();
    EXPECT_EQ(read(own, vector, 1, vector, 1), 8);
    EXPECT_EQ(read(own, vector, 1, vector, 1, 1), fails::inval);
    EXPECT_EQ(read(own, vector, 1025, vector, 1), fails::inval);
    EXPECT_EQ(read(own, vector, 1, vector, 1025), fails::inval);
    EXPECT_EQ(read(own, task.put(Iovec{place, ~uint64_t{0}}), 1, vector, 1), fails::inval);
    EXPECT_EQ(read(own, vector, 1, task.put(Iovec{place, ~uint64_t{0}}), 1), fails::inval);
    EXPECT_EQ(read(own, 8, 1, vector, 1), fails::fault);
    EXPECT_EQ(read(own, vector, 1, 8, 1), fails::fault);
    // Nothing to do is done before anybody asks for the process.
    EXPECT_EQ(read(99999, vector, 0, vector, 1), 0);
    EXPECT_EQ(read(99999, vector, 1, vector, 0), 0);
    EXPECT_EQ(read(99999, vector, 1, vector, 1), fails::srch);
    int zombie = task.fork([](Task&) {});
    task.sleep(millisecond);
    EXPECT_EQ(read(zombie, vector, 1, vector, 1), fails::srch);
    task.wait(zombie);
    task.in_child([vector, own](Task& stranger) {
      stranger.call(Call::setuid, 1000);
      EXPECT_EQ(stranger.call(Call::process_vm_readv, own, vector, 1, vector, 1, 0), fails::perm);
      EXPECT_EQ(stranger.call(Call::process_vm_writev, own, vector, 1, vector, 1, 0), fails::perm);
      EXPECT_EQ(stranger.call(Call::kcmp, own, own, kcmp_vm, 0, 0), fails::perm);
    });
  });
}

TEST_P(OtherProcess, KcmpTellsWhatIsShared) {
  check([](Task& task) {
    int own = task.pid();
    auto is_same = [own](Task& asker, int pid, KcmpType type) {
      int there = asker.call(Call::kcmp, own, pid, type, 0, 0), back = asker.call(Call::kcmp, pid, own, type, 0, 0);
      EXPECT_EQ(there == 0, back == 0);
      EXPECT_EQ(there + back, there == 0 ? 0 : 3);
      return there == 0;
    };
    int child = task.sleeper();
    for (KcmpType type : {kcmp_vm, kcmp_files, kcmp_fs, kcmp_sighand}) EXPECT_FALSE(is_same(task, child, type)) << type;
    EXPECT_TRUE(is_same(task, child, kcmp_file));
    EXPECT_TRUE(is_same(task, child, kcmp_io));
    EXPECT_EQ(task.call(Call::kcmp, own, child, kcmp_sysvsem, 0, 0), fails::opnotsupp);
    end(task, child);
    UserAddr done = task.put(uint32_t{1});
    int thread = task.thread([](Task& other) { other.sleep(10 * millisecond); }, done);
    EXPECT_TRUE(is_same(task, thread, kcmp_vm));
    EXPECT_TRUE(is_same(task, thread, kcmp_sighand));
    task.join(done);
  });
}

TEST_P(OtherProcess, KcmpComparesFiles) {
  check([](Task& task) {
    int own = task.pid();
    int file = task.create("/tmp/file", "x"), again = task.open("/tmp/file");
    int copy = task.call(Call::dup, file);
    auto compare = [&](int one, int other) { return task.call(Call::kcmp, own, own, kcmp_file, one, other); };
    EXPECT_EQ(compare(file, copy), 0);
    EXPECT_GT(compare(file, again), 0);
    EXPECT_EQ(compare(file, 99), fails::badf);
    EXPECT_EQ(compare(99, file), fails::badf);
    EXPECT_EQ(task.call(Call::kcmp, own, 99999, kcmp_file, 0, 0), fails::srch);
    EXPECT_EQ(task.call(Call::kcmp, own, own, 8, 0, 0), fails::inval);
    EXPECT_EQ(task.call(Call::kcmp, own, own, -1, 0, 0), fails::inval);
    auto pipe = task.pipe();
    int epoll = task.call(Call::epoll_create1, 0);
    task.call(Call::epoll_ctl, epoll, 1, pipe.in, task.put(std::array<uint32_t, 4>{pollin, 0, 0, 0}));
    auto watched = [&](int fd, int from, int which, unsigned index = 0) {
      return task.call(Call::kcmp, own, own, kcmp_epoll_tfd, fd,
                       task.put(std::array<uint32_t, 3>{static_cast<uint32_t>(from), static_cast<uint32_t>(which), index}));
    };
    EXPECT_EQ(watched(pipe.in, epoll, pipe.in), 0);
    EXPECT_GT(watched(pipe.out, epoll, pipe.in), 0);
    EXPECT_EQ(watched(pipe.in, epoll, pipe.in, 1), fails::noent);
    EXPECT_EQ(watched(pipe.in, epoll, pipe.out), fails::noent);
    EXPECT_EQ(watched(pipe.in, file, pipe.in), fails::inval);
    EXPECT_EQ(watched(99, epoll, pipe.in), fails::badf);
    EXPECT_EQ(task.call(Call::kcmp, own, own, kcmp_epoll_tfd, pipe.in, 8), fails::fault);
  });
}

TEST_P(OtherProcess, LimitsAreReadAndWritten) {
  check([](Task& task) {
    int child = task.fork([](Task& other) { other.pause(); });
    UserAddr old = task.put(Rlimit{});
    EXPECT_EQ(task.call(Call::prlimit64, child, rlimit_nofile, task.put(Rlimit{10, 20}), old), ok);
    EXPECT_EQ(task.get<Rlimit>(old).soft, 1024u);
    EXPECT_EQ(task.call(Call::prlimit64, child, rlimit_nofile, 0, old), ok);
    EXPECT_EQ(task.get<Rlimit>(old).soft, 10u);
    EXPECT_EQ(task.get<Rlimit>(old).hard, 20u);
    task.in_child([child, old](Task& stranger) {
      stranger.call(Call::setuid, 1000);
      auto limit = [&](int pid, int resource, UserAddr value) { return stranger.call(Call::prlimit64, pid, resource, value, old); };
      EXPECT_EQ(limit(child, rlimit_nofile, 0), fails::perm);
      EXPECT_EQ(limit(child, 99, 0), fails::perm);
      EXPECT_EQ(limit(99999, 99, 0), fails::srch);
      EXPECT_EQ(limit(99999, 99, 8), fails::fault);
      EXPECT_EQ(limit(0, 99, 0), fails::inval);
    });
    // Also of one that has ended and was not waited for.
    task.kill(child, sigkill);
    task.sleep(millisecond);
    EXPECT_EQ(task.call(Call::prlimit64, child, rlimit_nofile, 0, old), ok);
    EXPECT_EQ(task.get<Rlimit>(old).soft, 10u);
    task.wait(child);
    EXPECT_EQ(task.call(Call::prlimit64, child, rlimit_nofile, 0, old), fails::srch);
  });
}

}  // namespace
}  // namespace halcyon::test
