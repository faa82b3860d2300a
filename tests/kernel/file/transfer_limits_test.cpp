// How much one call moves at most, and what is said of buffers and counts beyond that: read(2), readv(2), sendfile(2),
// copy_file_range(2), process_vm_readv(2).
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(TransferLimits);

constexpr uint64_t largest = INT64_MAX, max_rw_count = 0x7fff'f000, around_user_memory = uint64_t{1} << 62;

struct Vector {
  uint64_t base, length;
};

// A page with nothing behind it, so far down that what one call moves at most does not reach the end of user memory.
UserAddr last_page(Task& task) { return task.map(page, prot_rw, 0x4000'0000); }

TEST_P(TransferLimits, ASingleBufferIsCut) {
  check([](Task& task) {
    UserAddr memory = last_page(task);
    int fd = task.create("/tmp/f");
    for (uint64_t length : {largest, around_user_memory, uint64_t{1} << 40, max_rw_count + 1}) {
      UserAddr vector = task.put(Vector{memory, length});
      EXPECT_EQ(task.call(Call::lseek, fd, 0, seek_set), 0);
      EXPECT_EQ(task.call(Call::writev, fd, vector, 1), page) << length;
      EXPECT_EQ(task.call(Call::pwritev, fd, vector, 1, 0), page);
      EXPECT_EQ(task.call(Call::preadv, fd, vector, 1, 0), page);
      EXPECT_EQ(task.call(Call::lseek, fd, 0, seek_set), 0);
      EXPECT_EQ(task.call(Call::readv, fd, vector, 1), page);
      int null = task.open("/dev/null", o_rdwr);
      EXPECT_EQ(task.call(Call::writev, null, vector, 1), static_cast<int64_t>(max_rw_count));
      task.close(null);
    }
    EXPECT_EQ(task.call(Call::writev, fd, task.put(Vector{memory, largest + 1}), 1), fails::inval);
  });
}

TEST_P(TransferLimits, SeveralBuffersAndPlainCallsAreLookedAtWhole) {
  check([](Task& task) {
    UserAddr memory = last_page(task);
    int fd = task.create("/tmp/f");
    struct {
      Vector first, second;
    } two{{memory, 10}, {memory, largest}};
    EXPECT_EQ(task.call(Call::writev, fd, task.put(two), 2), fails::fault);
    two.second.length = max_rw_count;
    EXPECT_EQ(task.call(Call::writev, fd, task.put(two), 2), static_cast<int64_t>(page + 10));
    two.first.base = around_user_memory;
    two.second.length = largest + 1;  // the lengths are looked at first
    EXPECT_EQ(task.call(Call::writev, fd, task.put(two), 2), fails::inval);
    for (uint64_t length : {~uint64_t{0}, largest, around_user_memory}) {
      EXPECT_EQ(task.call(Call::write, fd, memory, length), fails::fault);
      EXPECT_EQ(task.call(Call::pread64, fd, memory, length, 0), fails::fault);
    }
    EXPECT_EQ(task.call(Call::pwrite64, fd, memory, max_rw_count + page, 0), page);
    Task::Pipe pipe = task.pipe();
    EXPECT_EQ(task.call(Call::pread64, pipe.in, memory, ~uint64_t{0}, 0), fails::spipe);
  });
}

TEST_P(TransferLimits, OfAnotherProcessesMemory) {
  check([](Task& task) {
    UserAddr memory = last_page(task);
    UserAddr own = task.put(Vector{memory, page}), huge = task.put(Vector{memory, around_user_memory});
    int pid = task.pid();
    EXPECT_EQ(task.call(Call::process_vm_readv, pid, own, 1, huge, 1, 0), page);
    EXPECT_EQ(task.call(Call::process_vm_readv, pid, huge, 1, own, 1, 0), page);
    EXPECT_EQ(task.call(Call::process_vm_writev, pid, huge, 1, own, 1, 0), page);
    EXPECT_EQ(task.call(Call::process_vm_readv, pid, own, 1, task.put(Vector{memory, largest + 1}), 1, 0), fails::inval);
  });
}

TEST_P(TransferLimits, Sendfile) {
  check([](Task& task) {
    int in = task.create("/tmp/in", "abcdef"), out = task.create("/tmp/out");
    EXPECT_EQ(task.call(Call::lseek, in, 1, seek_set), 1);
    EXPECT_EQ(task.call(Call::sendfile, out, in, nullptr, largest), fails::inval);  // it would end beyond the largest offset
    EXPECT_EQ(task.call(Call::sendfile, out, in, nullptr, largest + 1), fails::inval);
    EXPECT_EQ(task.call(Call::sendfile, out, in, nullptr, ~uint64_t{0}), fails::inval);
    EXPECT_EQ(task.call(Call::sendfile, out, in, nullptr, largest - 1), 5);
    UserAddr offset = task.put(int64_t{2});
    EXPECT_EQ(task.call(Call::sendfile, out, in, offset, largest - 1), fails::inval);
    EXPECT_EQ(task.call(Call::sendfile, out, in, offset, largest - 2), 4);
    EXPECT_EQ(task.get<int64_t>(offset), 6);
  });
}

TEST_P(TransferLimits, CopyFileRangeSaysWhatTheFilesAreFirst) {
  check([](Task& task) {
    task.create("/tmp/f", "abcdef");
    Task::Pipe pipe = task.pipe();
    int directory = task.open("/tmp", o_directory), reader = task.open("/tmp/f", o_rdonly), writer = task.open("/tmp/f", o_wronly),
        appender = task.open("/tmp/f", o_wronly | o_append), place = task.open("/tmp/f", o_path), null = task.open("/dev/null", o_rdwr);
    auto copy = [&](int in, int out, uint32_t flags = 0) { return task.call(Call::copy_file_range, in, nullptr, out, nullptr, 3, flags); };
    for (int other : {directory, pipe.in, pipe.out, reader, writer, appender, null}) {
      EXPECT_EQ(copy(directory, other), fails::isdir);
      EXPECT_EQ(copy(other, directory), fails::isdir);
      EXPECT_EQ(copy(other, place), fails::badf);
      EXPECT_EQ(copy(place, other), fails::badf);
      EXPECT_EQ(copy(99, other), fails::badf);
      if (other == directory) continue;
      for (int special : {pipe.in, pipe.out, null}) {
        EXPECT_EQ(copy(special, other), fails::inval);
        EXPECT_EQ(copy(other, special), fails::inval);
      }
    }
    EXPECT_EQ(copy(writer, writer), fails::badf);
    EXPECT_EQ(copy(reader, reader), fails::badf);
    EXPECT_EQ(copy(reader, appender), fails::badf);
    EXPECT_EQ(copy(directory, reader, 1), fails::inval);
    EXPECT_EQ(copy(reader, task.create("/tmp/g")), 3);
  });
}

}  // namespace

}  // namespace halcyon::test
