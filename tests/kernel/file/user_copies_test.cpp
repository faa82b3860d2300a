// Copies from and to user memory that is a shared mapping of a file: the first touch of such a page faults, and notes the time of the
// change in the file, while the call that copies holds the locks of whatever it reads or writes.
#include "tests/kernel/file/proc.h"

namespace halcyon::test {
namespace {

class UserCopies : public ProcTest {
 protected:
  // Runs `body` with a page of /tmp/shared, mapped and not touched yet.
  void check_with_page(std::function<void(Task&, UserAddr)> body) {
    EXPECT_EQ(run_in_proc([body = std::move(body)](Task& task) { body(task, map_page(task)); }), exited(0));
  }
  static UserAddr map_page(Task& task) {
    int fd = task.create("/tmp/shared", std::string(page, '.'));
    Outcome mapped = task.call(Call::mmap, 0, page, prot_rw, map_shared, fd, 0);
    EXPECT_FALSE(mapped.is_error()) << mapped;
    task.close(fd);
    return mapped;
  }
};
INSTANTIATE_KERNEL_TESTS(UserCopies);

TEST_P(UserCopies, OfAPipe) {
  check_with_page([](Task& task, UserAddr to) {
    Task::Pipe pipe = task.pipe();
    task.write(pipe.out, "hello");
    EXPECT_EQ(task.read_into(pipe.in, to, 5), Outcome{5});
    EXPECT_EQ(task.get_text(to, 6), "hello.");
    EXPECT_EQ(task.call(Call::write, pipe.out, map_page(task), 3), Outcome{3});
    EXPECT_EQ(task.read(pipe.in), "...");
  });
}

TEST_P(UserCopies, OfARegularFile) {
  check_with_page([](Task& task, UserAddr to) {
    int fd = task.create("/tmp/other", "hello");
    task.call(Call::lseek, fd, 0, seek_set);
    EXPECT_EQ(task.read_into(fd, to, 5), Outcome{5});
    EXPECT_EQ(task.call(Call::write, fd, map_page(task), 3), Outcome{3});
    EXPECT_EQ(task.get_text(to, 6), "......");  // the file was made anew
  });
}

// Both ways, through a mapping of the file that is written.
TEST_P(UserCopies, OfAFileAndItsOwnMapping) {
  check_with_page([](Task& task, UserAddr memory) {
    int fd = task.open("/tmp/shared", o_rdwr);
    EXPECT_EQ(task.read_into(fd, memory, page), Outcome{static_cast<int64_t>(page)});
    EXPECT_EQ(task.call(Call::pwrite64, fd, memory, page, 0), Outcome{static_cast<int64_t>(page)});
    EXPECT_EQ(task.get_text(memory, 3), "...");
  });
}

// As Linux does it: what was just stored is read again.
TEST_P(UserCopies, OverlappingGoForward) {
  check_with_page([](Task& task, UserAddr memory) {
    int fd = task.open("/tmp/shared", o_rdwr);
    std::string text = "abcdefghijklmnopqrstuvwxyz";
    task.call(Call::pwrite64, fd, text, text.size(), 0);
    EXPECT_EQ(task.call(Call::pwrite64, fd, memory, 6, 2), Outcome{6});
    EXPECT_EQ(task.get_text(memory, 10), "ababababij");
    EXPECT_EQ(task.call(Call::pread64, fd, memory + 11, 5, 10), Outcome{5});
    EXPECT_EQ(task.get_text(memory + 10, 7), "kkkkkkq");
    EXPECT_EQ(task.call(Call::pwrite64, fd, memory + 17, 8, 16), Outcome{8});
    EXPECT_EQ(task.get_text(memory + 16, 10), "rstuvwxyyz");
  });
}

TEST_P(UserCopies, OfTextsAndListings) {
  check_with_page([](Task& task, UserAddr to) {
    int text = task.open("/proc/self/stat");
    EXPECT_GT(task.read_into(text, to, 20), 0);
    for (const char* path : {"/tmp", "/proc", "/proc/self/fd", "/dev"}) {
      int directory = task.open(path, o_directory);
      EXPECT_GT(task.call(Call::getdents64, directory, map_page(task), 200), 0) << path;
    }
    int comm = task.open("/proc/self/comm", o_wronly);
    EXPECT_EQ(task.call(Call::write, comm, map_page(task), 3), Outcome{3});
  });
}

TEST_P(UserCopies, OfCountersAndEvents) {
  check_with_page([](Task& task, UserAddr to) {
    int counter = task.call(Call::eventfd2, 7, 0);
    EXPECT_EQ(task.read_into(counter, to, 8), Outcome{8});
    EXPECT_EQ(task.get<uint64_t>(to), 7u);
    Outcome epoll = task.call(Call::epoll_create1, 0);
    std::array<uint32_t, 4> wanted = {pollout, 0, 0, 0};
    EXPECT_EQ(task.call(Call::epoll_ctl, epoll, 1, counter, task.put(wanted)), ok);
    EXPECT_EQ(task.call(Call::epoll_pwait, epoll, map_page(task), 4, 0, nullptr, 8), Outcome{1});
    Outcome watches = task.call(Call::inotify_init1, 0);
    EXPECT_GT(task.call(Call::inotify_add_watch, watches, "/tmp", 0x100), 0);
    task.create("/tmp/fresh");
    EXPECT_GT(task.read_into(watches, map_page(task), 100), 0);
  });
}

// A buffer of which only the first 100 bytes are there. What moved before the first byte that is out of reach counts, and only if that is
// nothing the call fails; a pipe moves whole pages or nothing of them. Linux's answers.
TEST_P(UserCopies, EndWhereTheBufferEnds) {
  check([](Task& task) {
    UserAddr gone = task.map(2 * page) + page, start = gone - 100;
    EXPECT_EQ(task.call(Call::munmap, gone, page), ok);
    int fd = task.create("/tmp/file", std::string(8192, 'f'));
    task.call(Call::lseek, fd, 0, seek_set);
    EXPECT_EQ(task.call(Call::read, fd, start, 4096), Outcome{100});
    EXPECT_EQ(task.call(Call::lseek, fd, 0, seek_cur), Outcome{100});
    EXPECT_EQ(task.call(Call::read, fd, gone, 10), fails::fault);
    EXPECT_EQ(task.call(Call::pread64, fd, start, 4096, 50), Outcome{100});
    EXPECT_EQ(task.call(Call::write, fd, start, 4096), Outcome{100});
    EXPECT_EQ(task.call(Call::lseek, fd, 0, seek_cur), Outcome{200});
    EXPECT_EQ(task.call(Call::write, fd, gone, 1), fails::fault);
    EXPECT_EQ(task.call(Call::pwrite64, fd, start, 200, 0), Outcome{100});
    struct Piece {
      UserAddr base;
      uint64_t length;
    };
    UserAddr good_first = task.put(std::array<Piece, 2>{{{start, 100}, {gone, 100}}});
    UserAddr bad_first = task.put(std::array<Piece, 2>{{{gone, 100}, {start, 100}}});
    for (Call call : {Call::readv, Call::writev}) {
      EXPECT_EQ(task.call(call, fd, good_first, 2), Outcome{100});
      EXPECT_EQ(task.call(call, fd, bad_first, 2), fails::fault);
    }
    task.call(Call::lseek, fd, 0, seek_end);
    EXPECT_EQ(task.call(Call::write, fd, start, 4096), Outcome{100});
    EXPECT_EQ(task.call(Call::lseek, fd, 0, seek_end), Outcome{8292});

    Task::Pipe pipe = task.pipe();
    task.write(pipe.out, std::string(4096, 'p'));
    EXPECT_EQ(task.call(Call::read, pipe.in, start, 4096), fails::fault);
    EXPECT_EQ(task.read(pipe.in, 8192).size(), 4096u);
    EXPECT_EQ(task.call(Call::write, pipe.out, start, 4096), fails::fault);
    task.write(pipe.out, "fifty");
    EXPECT_EQ(task.call(Call::read, pipe.in, start, 4096), Outcome{5});

    int zero = task.open("/dev/zero", o_rdwr);
    EXPECT_EQ(task.call(Call::read, zero, start, 4096), Outcome{100});
    EXPECT_EQ(task.call(Call::read, zero, gone, 1), fails::fault);
    EXPECT_EQ(task.call(Call::write, zero, gone, 5), Outcome{5});
    EXPECT_EQ(task.call(Call::getrandom, start, 4096, 0), Outcome{100});
    EXPECT_EQ(task.call(Call::getrandom, gone, 1, 0), fails::fault);
  });
}

// The same lock is wanted from two sides: a thread writes a file from a mapping of another, while a second one does the reverse.
TEST_P(UserCopies, TwoFilesCrosswise) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_EQ(World({.isa = isa(), .cpus = 2, .seed = seed, .slice_blocks = 5}).run([](Task& task) {
      int one = task.create("/tmp/one", std::string(4 * page, '1')), two = task.create("/tmp/two", std::string(4 * page, '2'));
      Outcome of_one = task.call(Call::mmap, 0, 4 * page, prot_rw, map_shared, one, 0);
      Outcome of_two = task.call(Call::mmap, 0, 4 * page, prot_rw, map_shared, two, 0);
      int other = task.fork([one, of_two](Task& child) {
        child.call(Call::pwrite64, one, static_cast<UserAddr>(of_two.value), 4 * page, 0);
        child.call(Call::pread64, one, static_cast<UserAddr>(of_two.value), 4 * page, 0);
        child.exit(0);
      });
      task.call(Call::pwrite64, two, static_cast<UserAddr>(of_one.value), 4 * page, 0);
      task.call(Call::pread64, two, static_cast<UserAddr>(of_one.value), 4 * page, 0);
      EXPECT_EQ(task.wait(other), exited(0));
    }),
              exited(0));
  }
}

}  // namespace
}  // namespace halcyon::test
