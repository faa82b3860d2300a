// mmap(2) of files: the mapping, read(2) and write(2) show one and the same file.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(FileMapping);

UserAddr map_file(Task& task, int fd, size_t length, uint32_t flags, uint64_t offset = 0) {
  Outcome mapped = task.call(Call::mmap, 0, length, prot_rw, flags, fd, offset);
  EXPECT_FALSE(mapped.is_error()) << mapped;
  return mapped;
}

std::string pread(Task& task, int fd, size_t size, uint64_t offset) {
  UserAddr to = task.room(size);
  return task.get_text(to, task.call(Call::pread64, fd, to, size, offset));
}

TEST_P(FileMapping, SharedWritesReachTheFile) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "hello world");
    UserAddr memory = map_file(task, fd, page, map_shared);
    EXPECT_EQ(task.get_text(memory, 5), "hello");
    task.set(memory, 'J');
    EXPECT_EQ(pread(task, fd, 5, 0), "Jello");
    EXPECT_EQ(task.call(Call::munmap, memory, page), ok);
    EXPECT_EQ(pread(task, fd, 5, 0), "Jello");
  });
}

TEST_P(FileMapping, WritesToTheFileShowInTheMapping) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "hello world");
    UserAddr shared = map_file(task, fd, page, map_shared);
    UserAddr own = map_file(task, fd, page, map_private);
    EXPECT_EQ(task.get_text(own, 5), "hello");
    task.write(fd, "HE");
    EXPECT_EQ(task.get_text(shared, 5), "HEllo");
    task.set(own + 4, 'O');  // now it has its own page
    task.write(fd, "LL");
    EXPECT_EQ(task.get_text(shared, 5), "HELLo");
    EXPECT_EQ(task.get_text(own, 5), "HEllO");
  });
}

TEST_P(FileMapping, PrivateWritesStayPrivate) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "hello world");
    UserAddr one = map_file(task, fd, page, map_private);
    UserAddr two = map_file(task, fd, page, map_private);
    task.set(one, 'J');  // written before it was read
    EXPECT_EQ(task.get<char>(two), 'h');
    task.set(two, 'C');
    EXPECT_EQ(task.get<char>(one), 'J');
    EXPECT_EQ(pread(task, fd, 5, 0), "hello");
  });
}

TEST_P(FileMapping, TwoProcessesShareIt) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", std::string(3 * page, 'a'));
    UserAddr memory = map_file(task, fd, 3 * page, map_shared);
    task.set(memory, 'b');
    EXPECT_EQ(task.in_child([memory](Task& child) {
      EXPECT_EQ(child.get<char>(memory), 'b');
      child.set(memory + page, 'c');
      int again = child.open("/tmp/file", o_rdwr);
      UserAddr other = map_file(child, again, page, map_shared, 2 * page);
      child.set(other, 'd');
    }),
              exited(0));
    EXPECT_EQ(task.get<char>(memory + page), 'c');
    EXPECT_EQ(task.get<char>(memory + 2 * page), 'd');
    EXPECT_EQ(pread(task, fd, 1, 2 * page), "d");
  });
}

TEST_P(FileMapping, OutlivesItsDescriptorAndName) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "hello");
    UserAddr memory = map_file(task, fd, page, map_shared);
    EXPECT_EQ(task.close(fd), ok);
    EXPECT_EQ(task.unlink("/tmp/file"), ok);
    EXPECT_EQ(task.get_text(memory, 5), "hello");
    task.set(memory, 'J');
    EXPECT_EQ(task.in_child([memory](Task& child) { EXPECT_EQ(child.get_text(memory, 5), "Jello"); }), exited(0));
  });
}

TEST_P(FileMapping, BehindTheEndOfThePageAreZeroes) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "hello");
    UserAddr memory = map_file(task, fd, page, map_shared);
    EXPECT_EQ(task.get<char>(memory + 5), '\0');
    task.set(memory + 100, 'x');  // goes nowhere
    StatView stat{};
    EXPECT_EQ(task.fstat(fd, &stat), ok);
    EXPECT_EQ(stat.size, 5u);
    // When the file grows over it, POSIX leaves open what is read there, Linux gives zeroes after the page was written back.
    EXPECT_EQ(pread(task, fd, 10, 0), "hello");
  });
}

TEST_P(FileMapping, BehindTheLastPageIsABusError) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "hello");
    for (uint32_t flags : {map_shared, map_private}) {
      UserAddr memory = map_file(task, fd, 4 * page, flags);
      EXPECT_EQ(task.get<char>(memory), 'h');
      for (bool writes : {false, true}) {
        Siginfo fault = task.fault_of([=](Task& child) {
          if (writes) child.set(memory + page + 7, 'x');
          else child.get<char>(memory + page + 7);
        });
        EXPECT_EQ(fault.number, sigbus);
        EXPECT_EQ(fault.code, bus_adrerr);
        EXPECT_EQ(fault.address, memory + page + 7);
      }
    }
  });
}

TEST_P(FileMapping, TheKernelFindsNoMemoryThereEither) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "hello");
    UserAddr memory = map_file(task, fd, 2 * page, map_shared);
    auto pipe = task.pipe();
    EXPECT_EQ(task.call(Call::write, pipe.out, memory + page, 1), fails::fault);
    task.write(pipe.out, "x");
    EXPECT_EQ(task.read_into(pipe.in, memory + page, 1), fails::fault);
  });
}

TEST_P(FileMapping, GrowingTheFileMakesPagesReachable) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "hello");
    UserAddr memory = map_file(task, fd, 4 * page, map_shared);
    EXPECT_EQ(task.call(Call::ftruncate, fd, 3 * page), ok);
    EXPECT_EQ(task.get<char>(memory + page), '\0');
    task.set(memory + 2 * page, 'x');
    EXPECT_EQ(pread(task, fd, 1, 2 * page), "x");
    EXPECT_EQ(task.fault_of([memory](Task& child) { child.get<char>(memory + 3 * page); }).number, sigbus);
  });
}

TEST_P(FileMapping, ShrinkingTheFileTakesPagesAway) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", std::string(3 * page, 'a'));
    UserAddr shared = map_file(task, fd, 3 * page, map_shared);
    UserAddr own = map_file(task, fd, 3 * page, map_private);
    task.get<char>(shared + 2 * page);
    task.set(own + 2 * page, 'x');
    EXPECT_EQ(task.call(Call::ftruncate, fd, page + 10), ok);
    EXPECT_EQ(task.fault_of([shared](Task& child) { child.get<char>(shared + 2 * page); }).number, sigbus);
    EXPECT_EQ(task.fault_of([own](Task& child) { child.get<char>(own + 2 * page); }).number, sigbus);
    EXPECT_EQ(task.get<char>(shared + page + 9), 'a');
    EXPECT_EQ(task.get<char>(shared + page + 10), '\0');
    EXPECT_EQ(task.call(Call::ftruncate, fd, 3 * page), ok);
    EXPECT_EQ(task.get<char>(shared + 2 * page), '\0');
  });
}

TEST_P(FileMapping, ShrinkingReachesOtherProcesses) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", std::string(2 * page, 'a'));
    UserAddr memory = map_file(task, fd, 2 * page, map_shared);
    auto go = task.pipe();
    auto ready = task.pipe();
    int child = task.fork([=](Task& other) {
      other.get<char>(memory + page);
      other.write(ready.out, "x");
      other.read(go.in, 1);
      other.get<char>(memory + page);
    });
    task.read(ready.in, 1);
    EXPECT_EQ(task.call(Call::ftruncate, fd, page), ok);
    task.write(go.out, "x");
    EXPECT_EQ(task.wait(child), killed(sigbus));
  });
}

TEST_P(FileMapping, OffsetsSelectPages) {
  check([](Task& task) {
    std::string text;
    for (char c = 'a'; c < 'h'; ++c) text += std::string(page, c);
    int fd = task.create("/tmp/file", text);
    for (uint64_t index = 0; index < 7; ++index) {
      UserAddr memory = map_file(task, fd, page, map_private, index * page);
      EXPECT_EQ(task.get<char>(memory), static_cast<char>('a' + index));
    }
  });
}

TEST_P(FileMapping, LargeFilesAreMappedPieceByPiece) {
  check([](Task& task) {
    int fd = task.create("/tmp/file");
    EXPECT_EQ(task.call(Call::ftruncate, fd, uint64_t{1} << 32), ok);
    UserAddr memory = map_file(task, fd, uint64_t{1} << 32, map_shared);
    for (uint64_t at = 0; at < uint64_t{1} << 32; at += uint64_t{1} << 28) task.set(memory + at, at + 1);
    for (uint64_t at = 0; at < uint64_t{1} << 32; at += uint64_t{1} << 28) {
      UserAddr to = task.room(8);
      EXPECT_EQ(task.call(Call::pread64, fd, to, 8, at), 8);
      EXPECT_EQ(task.get<uint64_t>(to), at + 1);
    }
  });
}

TEST_P(FileMapping, ReadFromIntoTheSameFileWorks) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "0123456789");
    UserAddr memory = map_file(task, fd, page, map_shared);
    // The destination is the page that is being read.
    EXPECT_EQ(task.call(Call::pread64, fd, memory + 5, 5, 0), 5);
    EXPECT_EQ(pread(task, fd, 10, 0), "0123401234");
    EXPECT_EQ(task.call(Call::pwrite64, fd, memory + 5, 2, 0), 2);
    EXPECT_EQ(pread(task, fd, 10, 0), "0123401234");
  });
}

TEST_P(FileMapping, AProgramCannotBeWrittenToWhileItRuns) {
  check([](Task& task) {
    EXPECT_EQ(task.open("/bin/test", o_wronly), fails::txtbsy);
    EXPECT_EQ(task.open("/bin/test", o_rdwr), fails::txtbsy);
    EXPECT_EQ(task.open("/bin/test", o_rdonly | o_trunc), fails::txtbsy);
    EXPECT_EQ(task.call(Call::truncate, "/bin/test", 0), fails::txtbsy);
    EXPECT_GE(task.open("/bin/test", o_rdonly), 0);
    EXPECT_EQ(task.unlink("/bin/test"), ok);  // but removed and replaced
    EXPECT_GE(task.open("/bin/test", o_wronly | o_creat, 0755), 0);
  });
}

TEST_P(FileMapping, AFileThatIsBeingWrittenCannotBeExecuted) {
  World world({.isa = isa()});
  world.install("/bin/next", [](Task& task) { task.exit(4); });
  EXPECT_EQ(world.run([](Task& task) {
    int fd = task.open("/bin/next", o_wronly);
    EXPECT_EQ(task.execve("/bin/next"), fails::txtbsy);
    EXPECT_EQ(task.close(fd), ok);
    task.execve("/bin/next");
  }),
            exited(4));
}

TEST_P(FileMapping, ZeroDeviceGivesAnonymousMemory) {
  check([](Task& task) {
    int fd = task.open("/dev/zero", o_rdwr);
    UserAddr own = map_file(task, fd, page, map_private);
    EXPECT_EQ(task.get<int>(own), 0);
    task.set(own, 5);
    UserAddr shared = map_file(task, fd, page, map_shared);
    task.in_child([shared](Task& child) { child.set(shared, 6); });
    EXPECT_EQ(task.get<int>(shared), 6);
    EXPECT_EQ(task.get<int>(own), 5);
  });
}

TEST_P(FileMapping, MappingsUpdateTheFilesTime) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "hello");
    StatView before{}, after{};
    task.fstat(fd, &before);
    task.sleep(2 * second);
    UserAddr memory = map_file(task, fd, page, map_shared);
    task.set(memory, 'J');
    EXPECT_EQ(task.call(Call::msync, memory, page, ms_sync), ok);
    task.fstat(fd, &after);
    EXPECT_GT(after.modified.seconds, before.modified.seconds);
  });
}

}  // namespace
}  // namespace halcyon::test
