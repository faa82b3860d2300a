// Pipes (pipe(7)): order, atomicity, blocking, the ends' ends, sizes.
#include <numeric>

#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Pipe);

constexpr uint32_t o_direct = 040000, nonblocking = 04000;
constexpr uint64_t fionread = 0x541b;
constexpr int much_data = 300'000, one_write = 7'000;
constexpr int pipe_buf = 4096, standard_size = 65536;

TEST_P(Pipe, CarriesBytesInOrderThroughManyFillings) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe();
    int writer = task.fork([pipe](Task& child) {
      UserAddr buffer = child.map(one_write);
      for (int done = 0; done < much_data; done += one_write) {
        int count = std::min(one_write, much_data - done);
        for (int index = 0; index < count; ++index) child.set(buffer + index, static_cast<uint8_t>((done + index) * 31 >> 3));
        EXPECT_EQ(child.call(Call::write, pipe.out, buffer, count), count);
      }
    });
    task.close(pipe.out);
    UserAddr buffer = task.map(page_size);
    int seen = 0;
    for (;;) {
      int count = task.read_into(pipe.in, buffer, page_size);
      if (count <= 0) break;
      for (int index = 0; index < count; ++index, ++seen)
        ASSERT_EQ(task.get<uint8_t>(buffer + index), static_cast<uint8_t>(seen * 31 >> 3)) << seen;
    }
    EXPECT_EQ(seen, much_data);
    EXPECT_EQ(task.wait(writer), exited(0));
  });
}

TEST_P(Pipe, AReaderWithoutWritersSeesTheEnd) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe();
    task.write(pipe.out, "rest");
    task.close(pipe.out);
    EXPECT_EQ(task.read(pipe.in, 2), "re");
    EXPECT_EQ(task.read(pipe.in), "st");
    EXPECT_EQ(task.read(pipe.in), "");
    EXPECT_EQ(task.read(pipe.in), "");
  });
}

TEST_P(Pipe, AWriterWithoutReadersGetsASignalOrAnError) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe();
    task.close(pipe.in);
    EXPECT_EQ(task.in_child([pipe](Task& child) { child.write(pipe.out, "x"); }), killed(sigpipe));
    task.ignore(sigpipe);
    EXPECT_EQ(task.write(pipe.out, "x"), fails::pipe);
    EXPECT_EQ(task.write(pipe.out, ""), 0);  // nothing is no write
  });
}

TEST_P(Pipe, ABlockedWriterLearnsThatItsReaderIsGone) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe();
    int writer = task.fork([pipe](Task& child) {
      child.close(pipe.in);
      child.ignore(sigpipe);
      UserAddr much = child.map(standard_size * 2);
      EXPECT_EQ(child.call(Call::write, pipe.out, much, standard_size * 2), standard_size);  // what went in counts
      EXPECT_EQ(child.call(Call::write, pipe.out, much, 1), fails::pipe);
    });
    task.sleep(millisecond);
    task.close(pipe.in);
    EXPECT_EQ(task.wait(writer), exited(0));
  });
}

TEST_P(Pipe, SmallWritesAreWholeOrNotAtAll) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe(nonblocking);
    EXPECT_EQ(task.read_into(pipe.in, task.room(1), 1), fails::again);
    UserAddr much = task.map(standard_size * 2);
    EXPECT_EQ(task.call(Call::write, pipe.out, much, standard_size - 100), standard_size - 100);
    EXPECT_EQ(task.call(Call::write, pipe.out, much, pipe_buf), fails::again);
    int partial = task.call(Call::write, pipe.out, much, pipe_buf + 1);  // beyond PIPE_BUF it may be split
    EXPECT_GT(partial, 0);
    EXPECT_LE(partial, 100);
    while (task.call(Call::write, pipe.out, much, 1) == 1) {
    }
    EXPECT_EQ(task.call(Call::write, pipe.out, much, 1), fails::again);
    UserAddr count = task.room(4);
    EXPECT_EQ(task.call(Call::ioctl, pipe.in, fionread, count), ok);
    EXPECT_EQ(task.get<int>(count), standard_size);
  });
}

TEST_P(Pipe, PacketsStayApart) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe(o_direct);
    task.write(pipe.out, "first packet");
    task.write(pipe.out, "second");
    EXPECT_EQ(task.read(pipe.in, 5), "first");  // the rest of the packet is lost
    EXPECT_EQ(task.read(pipe.in), "second");
  });
}

TEST_P(Pipe, TheSizeCanBeChangedWhileThereIsRoom) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe(nonblocking);
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, f_getpipe_sz), standard_size);
    EXPECT_EQ(task.call(Call::fcntl, pipe.out, f_setpipe_sz, 5000), 8192);  // a power of two pages
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, f_getpipe_sz), 8192);
    UserAddr much = task.map(standard_size);
    EXPECT_EQ(task.call(Call::write, pipe.out, much, standard_size), 8192);
    EXPECT_EQ(task.call(Call::fcntl, pipe.out, f_setpipe_sz, 4096), fails::busy);
    EXPECT_EQ(task.call(Call::fcntl, pipe.out, f_setpipe_sz, 1 << 20), 1 << 20);
    EXPECT_EQ(task.call(Call::write, pipe.out, much, standard_size), standard_size);
    EXPECT_EQ(task.call(Call::fcntl, task.create("f"), f_getpipe_sz), fails::badf);
    task.in_child([pipe](Task& child) {
      child.call(Call::setuid, 1000);
      EXPECT_EQ(child.call(Call::fcntl, pipe.out, f_setpipe_sz, 2 << 20), fails::perm);
    });
  });
}

// Page by page: of what is queued as one nothing moves unless all of it can.
TEST_P(Pipe, ABufferThatEndsInTheMiddleMovesWholePages) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe(nonblocking);
    UserAddr pages = task.map(2 * page_size);
    task.call(Call::munmap, pages + page_size, page_size);
    EXPECT_EQ(task.call(Call::write, pipe.out, pages + page_size - 10, 20), fails::fault);
    EXPECT_EQ(task.call(Call::write, pipe.out, pages, page_size + 20), page_size);
    EXPECT_EQ(task.call(Call::write, pipe.out, pages + page_size, 20), fails::fault);
    EXPECT_EQ(task.write(pipe.out, "0123456789"), 10);
    EXPECT_EQ(task.read_into(pipe.in, pages + page_size, 5), fails::fault);
    EXPECT_EQ(task.read_into(pipe.in, pages + page_size - 4, 10), fails::fault);
    EXPECT_EQ(task.read_into(pipe.in, pages, page_size + 5), page_size);
    EXPECT_EQ(task.read_into(pipe.in, pages + page_size - 4, 4), 4);
    EXPECT_EQ(task.read_into(pipe.in, pages + page_size - 4, 10), fails::fault);
    EXPECT_EQ(task.read_into(pipe.in, pages + page_size - 6, 10), 6);
  });
}

TEST_P(Pipe, FlagsAndBadArguments) {
  check([](Task& task) {
    UserAddr fds = task.room(8);
    EXPECT_EQ(task.call(Call::pipe2, fds, 1), fails::inval);
    EXPECT_EQ(task.call(Call::pipe2, 8, 0), fails::fault);
    EXPECT_EQ(task.call(Call::pipe2, fds, o_cloexec), ok);
    EXPECT_EQ(task.call(Call::fcntl, task.get<int>(fds), f_getfd), 1);
    Task::Pipe pipe = task.pipe();
    EXPECT_EQ(task.write(pipe.in, "x"), fails::badf);
    EXPECT_EQ(task.read(pipe.out), "EBADF");
    EXPECT_EQ(task.call(Call::lseek, pipe.in, 0, 0), fails::spipe);
    EXPECT_EQ(task.call(Call::pread64, pipe.in, fds, 1, 0), fails::spipe);
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, f_setfl, nonblocking), ok);
    EXPECT_EQ(task.read(pipe.in), "EAGAIN");
  });
}

TEST_P(Pipe, AReadThatWaitsIsInterrupted) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe();
    task.handle(sigalrm, [](Task&, const Task::Delivery&) {});
    int parent = task.pid();
    int child = task.fork([parent](Task& other) {
      other.sleep(millisecond);
      other.kill(parent, sigalrm);
    });
    EXPECT_EQ(task.read(pipe.in), "EINTR");
    task.wait(child);
  });
}

}  // namespace
}  // namespace halcyon::test
