// /dev/vda as programs see it.
#include "tests/support/fake_disk.h"
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

constexpr uint32_t read_write = 2, write_only = 1, append = 02000, direct = 040000;

class DiskTest : public KernelTest {
 protected:
  // Not a whole number of pages.
  static constexpr size_t sectors = 8 * 40 + 3, size = sectors * 512;

  DiskTest() : disk(sectors) {
    for (size_t index = 0; index < size; ++index) disk.contents[index] = static_cast<std::byte>('a' + index / 512 % 26);
  }
  void check_disk(Body body) { EXPECT_EQ(World({.isa = isa(), .disk = &disk}).run(std::move(body)), exited(0)); }
  std::string on_disk(size_t offset, size_t count) { return {reinterpret_cast<const char*>(disk.contents.data()) + offset, count}; }

  FakeDisk disk;
};

TEST_P(DiskTest, IsABlockDeviceOfItsSize) {
  check_disk([](Task& task) {
    StatView status;
    EXPECT_EQ(task.stat("/dev/vda", &status), 0);
    EXPECT_EQ(status.mode, 0060600u);
    EXPECT_EQ(status.special_device, make_device(254, 0));
    int fd = task.open("/dev/vda");
    EXPECT_EQ(task.call(Call::lseek, fd, 0, 2), static_cast<int64_t>(size));
    EXPECT_EQ(task.read(fd), "");
    EXPECT_EQ(task.call(Call::lseek, fd, size, 0), static_cast<int64_t>(size));
    EXPECT_EQ(task.call(Call::lseek, fd, size + 1, 0), fails::inval);
    EXPECT_EQ(task.call(Call::lseek, fd, -1, 0), fails::inval);
    EXPECT_EQ(task.call(Call::lseek, fd, 0, 3), fails::inval);
    UserAddr place = task.room(8);
    EXPECT_EQ(task.call(Call::ioctl, fd, 0x80081272, place), 0);
    EXPECT_EQ(task.get<uint64_t>(place), size);
    EXPECT_EQ(task.call(Call::ioctl, fd, 0x1260, place), 0);
    EXPECT_EQ(task.get<uint64_t>(place), sectors);
    EXPECT_EQ(task.call(Call::ioctl, fd, 0x1268, place), 0);
    EXPECT_EQ(task.get<uint32_t>(place), 512u);
    EXPECT_EQ(task.call(Call::ioctl, fd, 0x125e, place), 0);
    EXPECT_EQ(task.get<uint32_t>(place), 0u);
    EXPECT_EQ(task.call(Call::ioctl, fd, 0x80081272, 16), fails::fault);
    EXPECT_EQ(task.call(Call::ioctl, fd, 0x1299, place), fails::notty);
    EXPECT_EQ(task.call(Call::ftruncate, fd, 0), fails::inval);
    EXPECT_EQ(task.open("/dev/vdb"), fails::noent.value);
  });
}

TEST_P(DiskTest, ReadsToItsEnd) {
  check_disk([](Task& task) {
    int fd = task.open("/dev/vda");
    EXPECT_EQ(task.read(fd, 3), "aaa");
    EXPECT_EQ(task.call(Call::lseek, fd, 511, 0), 511);
    EXPECT_EQ(task.read(fd, 2), "ab");
    EXPECT_EQ(task.call(Call::lseek, fd, size - 2, 0), static_cast<int64_t>(size - 2));
    EXPECT_EQ(task.read(fd, 100).size(), 2u);
    EXPECT_EQ(task.read(fd, 100), "");
    size_t total = 0;
    task.call(Call::lseek, fd, 0, 0);
    for (std::string piece; !(piece = task.read(fd, 4096)).empty(); total += piece.size()) {
      for (size_t index = 0; index < piece.size(); ++index)
        if (piece[index] != static_cast<char>('a' + (total + index) / 512 % 26)) return ADD_FAILURE() << total + index;
    }
    EXPECT_EQ(total, size);
  });
}

TEST_P(DiskTest, WritesToItsEnd) {
  check_disk([this](Task& task) {
    int fd = task.open("/dev/vda", read_write);
    EXPECT_EQ(task.call(Call::lseek, fd, 4094, 0), 4094);
    EXPECT_EQ(task.write(fd, "HELLO"), 5);
    EXPECT_EQ(on_disk(4094, 5), "hhiii");
    EXPECT_EQ(task.call(Call::fsync, fd), 0);
    EXPECT_EQ(on_disk(4093, 7), "hHELLOi");
    EXPECT_EQ(disk.flushes, 1);
    EXPECT_EQ(task.call(Call::lseek, fd, size - 3, 0), static_cast<int64_t>(size - 3));
    EXPECT_EQ(task.write(fd, "12345"), 3);
    EXPECT_EQ(task.write(fd, "1"), fails::nospc);
    EXPECT_EQ(task.write(fd, ""), 0);
    int second = task.open("/dev/vda", write_only | append);
    EXPECT_EQ(task.write(second, "1"), fails::nospc);
    task.close(second);
    EXPECT_EQ(on_disk(size - 3, 3), "kkk");
    // The last close writes what is left.
    task.close(fd);
    EXPECT_EQ(on_disk(size - 3, 3), "123");
    EXPECT_EQ(disk.flushes, 1);
  });
}

TEST_P(DiskTest, WhatIsWrittenThroughAMappingArrives) {
  check_disk([this](Task& task) {
    int fd = task.open("/dev/vda", read_write);
    Outcome mapped = task.call(Call::mmap, 0, 8192, 3, 1, fd, 0);
    ASSERT_GT(mapped.value, 0);
    auto at = static_cast<UserAddr>(mapped.value);
    EXPECT_EQ(task.get<char>(at + 4096), 'i');
    task.set<char>(at + 4096, 'X');
    EXPECT_EQ(task.call(Call::lseek, fd, 4096, 0), 4096);
    EXPECT_EQ(task.read(fd, 2), "Xi");
    EXPECT_EQ(task.call(Call::msync, at, 8192, 4), 0);
    EXPECT_EQ(on_disk(4096, 2), "Xi");
  });
}

// No descriptor leads there any more, only the mapping; and the disk is told to keep it.
TEST_P(DiskTest, SyncWritesWhatOnlyAMappingHolds) {
  check_disk([this](Task& task) {
    int fd = task.open("/dev/vda", read_write);
    UserAddr at = task.call(Call::mmap, 0, 8192, 3, 1, fd, 0);
    task.close(fd);
    task.set<char>(at + 4096, 'X');
    int directory = task.open("/tmp", o_directory);
    EXPECT_EQ(task.call(Call::syncfs, directory), ok);  // of another file system
    EXPECT_EQ(on_disk(4096, 2), "ii");
    EXPECT_EQ(task.call(Call::sync), ok);
    EXPECT_EQ(on_disk(4096, 2), "Xi");
    EXPECT_EQ(disk.flushes, 1);
    task.set<char>(at + 4097, 'Y');
    EXPECT_EQ(task.call(Call::sync), ok);
    EXPECT_EQ(on_disk(4096, 2), "XY");
    auto pipe = task.pipe();
    EXPECT_EQ(task.call(Call::syncfs, pipe.in), ok);
    EXPECT_EQ(task.call(Call::syncfs, task.open("/tmp", o_path)), fails::badf);
    EXPECT_EQ(task.call(Call::syncfs, 77), fails::badf);
  });
}

TEST_P(DiskTest, OneForReadingTakesNoWrites) {
  disk.is_for_reading = true;
  check_disk([](Task& task) {
    int fd = task.open("/dev/vda", read_write);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(task.write(fd, "x"), fails::perm);
    EXPECT_EQ(task.read(fd, 1), "a");
    EXPECT_EQ(task.call(Call::mmap, 0, 4096, 3, 1, fd, 0), fails::inval);
    EXPECT_GT(task.call(Call::mmap, 0, 4096, 3, 2, fd, 0).value, 0);
    UserAddr place = task.room(4);
    EXPECT_EQ(task.call(Call::ioctl, fd, 0x125e, place), 0);
    EXPECT_EQ(task.get<uint32_t>(place), 1u);
  });
}

TEST_P(DiskTest, DirectIoMovesWholeBlocksAtOnce) {
  check_disk([this](Task& task) {
    int fd = task.open("/dev/vda", read_write | direct);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(task.write(fd, "x"), fails::inval);
    EXPECT_EQ(task.write(fd, std::string(512, 'Z')), 512);
    EXPECT_EQ(on_disk(510, 4), "ZZbb");
    EXPECT_EQ(task.read(fd, 512), std::string(512, 'b'));
    EXPECT_EQ(task.read(fd, 100), "EINVAL");
  });
}

TEST_P(DiskTest, FailuresAreEio) {
  disk.fails = true;
  check_disk([this](Task& task) {
    int fd = task.open("/dev/vda", read_write);
    EXPECT_EQ(task.read(fd, 10), "EIO");
    EXPECT_EQ(task.write(fd, "part of a page"), fails::io);
    disk.fails = false;
    EXPECT_EQ(task.write(fd, "part of a page"), 14);
    disk.fails = true;
    EXPECT_EQ(task.call(Call::fsync, fd), fails::io);
    disk.fails = false;
    EXPECT_EQ(task.call(Call::fsync, fd), 0);
    EXPECT_EQ(on_disk(0, 14), "part of a page");
  });
}

// The reader waits until the device says that it is done.
TEST_P(DiskTest, WaitsForTheDevice) {
  disk.answers = false;
  check_disk([this](Task& task) {
    int child = task.fork([](Task& reader) { reader.exit(reader.read(reader.open("/dev/vda"), 2) == "aa" ? 7 : 1); });
    while (!disk.is_busy()) task.call(Call::sched_yield);
    for (int turn = 0; turn < 10; ++turn) task.call(Call::sched_yield);
    disk.answers = true;
    disk.event().raise();
    task.world().machine().raise_events();
    EXPECT_EQ(task.wait(child), exited(7));
  });
}

TEST_P(DiskTest, OneThatNeverAnswersIsGivenUp) {
  disk.answers = false;
  check_disk([this](Task& task) {
    Nanoseconds before = task.now();
    int fd = task.open("/dev/vda", read_write);
    EXPECT_EQ(task.read(fd, 10), "EIO");
    EXPECT_TRUE(disk.is_given_up);
    EXPECT_FALSE(disk.is_busy());
    EXPECT_LT(task.now() - before, 61'000'000'000);
    Nanoseconds then = task.now();
    EXPECT_EQ(task.read(fd, 10), "EIO");
    EXPECT_LT(task.now() - then, 1'000'000'000);
  });
}

// Several at once, more than the device takes on.
TEST_P(DiskTest, ManyReadersShareIt) {
  check_disk([](Task& task) {
    for (int index = 0; index < 6; ++index) {
      task.fork([index](Task& reader) {
        int fd = reader.open("/dev/vda");
        for (int page = 0; page < 40; ++page) {
          int at = (page * 7 + index * 11) % 40;
          reader.call(Call::lseek, fd, at * 4096, 0);
          if (reader.read(fd, 1) != std::string(1, static_cast<char>('a' + at * 8 % 26))) reader.exit(1);
        }
        reader.exit(0);
      });
    }
    for (int index = 0; index < 6; ++index) EXPECT_EQ(task.wait(), exited(0));
  });
}

INSTANTIATE_KERNEL_TESTS(DiskTest);

}  // namespace
}  // namespace halcyon::test
