// mmap(2) and munmap(2): anonymous memory, places, errors.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Mmap);

Outcome map_anonymous_at(Task& task, UserAddr at, size_t length, uint32_t extra) {
  return task.call(Call::mmap, at, length, prot_rw, map_anon_private | extra, -1, 0);
}

TEST_P(Mmap, FreshMemoryIsZero) {
  check([](Task& task) {
    UserAddr memory = task.map(64 * page);
    for (int index = 0; index < 64; ++index) EXPECT_EQ(task.get<uint64_t>(memory + index * page + 8 * index), 0u);
  });
}

TEST_P(Mmap, MemoryThatCameBackIsZeroAgain) {
  check([](Task& task) {
    for (int round = 0; round < 8; ++round) {
      UserAddr memory = task.map(16 * page);
      for (int index = 0; index < 16; ++index) {
        EXPECT_EQ(task.get<uint64_t>(memory + index * page), 0u);
        task.set(memory + index * page, ~uint64_t{0});
      }
      EXPECT_EQ(task.call(Call::munmap, memory, 16 * page), ok);
    }
  });
}

TEST_P(Mmap, LengthIsRoundedUp) {
  check([](Task& task) {
    UserAddr memory = task.call(Call::mmap, 0, 1, prot_rw, map_anon_private, -1, 0);
    task.set(memory + page - 1, char{1});
    EXPECT_EQ(task.call(Call::munmap, memory, 1), ok);
    EXPECT_EQ(task.fault_of([memory](Task& child) { child.get<char>(memory + page - 1); }).number, sigsegv);
  });
}

TEST_P(Mmap, RejectsWhatTheManualSays) {
  check([](Task& task) {
    auto map = [&](UserAddr at, uint64_t length, uint32_t flags, int fd, uint64_t offset) {
      return task.call(Call::mmap, at, length, prot_rw, flags, fd, offset);
    };
    EXPECT_EQ(map(0, 0, map_anon_private, -1, 0), fails::inval);  // length 0
    EXPECT_EQ(map(0, page, map_anonymous, -1, 0), fails::inval);  // neither shared nor private
    EXPECT_EQ(map(page * 1000 + 1, page, map_anon_private | map_fixed, -1, 0), fails::inval);
    EXPECT_EQ(map(0, page, map_private, 77, 0), fails::badf);
    EXPECT_EQ(map(0, page, map_private, -1, 0), fails::badf);
    EXPECT_EQ(map(0, page, map_private, 0, 1), fails::inval);                // offset
    EXPECT_EQ(map(0, ~uint64_t{0}, map_anon_private, -1, 0), fails::nomem);  // rounds up to 0
    EXPECT_EQ(map(0, uint64_t{1} << 62, map_anon_private, -1, 0), fails::nomem);
    EXPECT_EQ(map(0, uint64_t{1} << 47, map_anon_private, -1, 0), fails::nomem);
    EXPECT_EQ(map(uint64_t{1} << 60, page, map_anon_private | map_fixed, -1, 0), fails::nomem);
  });
}

TEST_P(Mmap, ChecksHowTheFileWasOpened) {
  check([](Task& task) {
    task.create("/tmp/file", "text");
    auto map = [&](int fd, uint32_t protection, uint32_t flags) { return task.call(Call::mmap, 0, page, protection, flags, fd, 0); };
    int reading = task.open("/tmp/file", o_rdonly);
    int writing = task.open("/tmp/file", o_wronly);
    int both = task.open("/tmp/file", o_rdwr);
    EXPECT_EQ(map(reading, prot_rw, map_shared), fails::acces);
    EXPECT_FALSE(map(reading, prot_rw, map_private).is_error());
    EXPECT_FALSE(map(reading, prot_read, map_shared).is_error());
    EXPECT_EQ(map(writing, prot_read, map_private), fails::acces);
    EXPECT_EQ(map(writing, prot_write, map_shared), fails::acces);
    EXPECT_FALSE(map(both, prot_rw, map_shared).is_error());
    EXPECT_EQ(map(task.open("/tmp", o_rdonly | o_directory), prot_read, map_private), fails::nodev);
    EXPECT_EQ(map(task.pipe().in, prot_read, map_private), fails::nodev);
    EXPECT_EQ(map(task.open("/tmp/file", o_path), prot_read, map_private), fails::badf);
  });
}

TEST_P(Mmap, OffsetsThatOverflowAreRefused) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "text");
    EXPECT_EQ(task.call(Call::mmap, 0, 2 * page, prot_read, map_private, fd, ~uint64_t{0} - page + 1), fails::overflow);
  });
}

TEST_P(Mmap, AHintIsHonouredIfFree) {
  check([](Task& task) {
    UserAddr hint = 0x10'0000'0000;
    EXPECT_EQ(map_anonymous_at(task, hint + 5, page, 0), hint);     // rounded down
    EXPECT_EQ(map_anonymous_at(task, 5 * page, page, 0), 0x10000);  // and up to mmap_min_addr
    EXPECT_EQ(map_anonymous_at(task, hint + 8 * page, page, 0), hint + 8 * page);
    UserAddr other = map_anonymous_at(task, hint + 8 * page, page, 0);
    EXPECT_NE(other, hint + 8 * page);
  });
}

TEST_P(Mmap, FixedReplacesWhatWasThere) {
  check([](Task& task) {
    UserAddr memory = task.map(4 * page);
    for (int index = 0; index < 4; ++index) task.set(memory + index * page, index + 1);
    EXPECT_EQ(map_anonymous_at(task, memory + page, 2 * page, map_fixed), memory + page);
    EXPECT_EQ(task.get<int>(memory), 1);
    EXPECT_EQ(task.get<int>(memory + page), 0);
    EXPECT_EQ(task.get<int>(memory + 2 * page), 0);
    EXPECT_EQ(task.get<int>(memory + 3 * page), 4);
  });
}

TEST_P(Mmap, FixedNoreplaceFailsOnAnyOverlap) {
  check([](Task& task) {
    UserAddr memory = task.map(4 * page);
    EXPECT_EQ(task.call(Call::munmap, memory, page), ok);
    EXPECT_EQ(map_anonymous_at(task, memory, 2 * page, map_fixed_noreplace), fails::exist);
    EXPECT_EQ(map_anonymous_at(task, memory, page, map_fixed_noreplace), memory);
    EXPECT_EQ(map_anonymous_at(task, memory, page, map_fixed_noreplace), fails::exist);
  });
}

TEST_P(Mmap, MappingsDoNotOverlapEachOther) {
  check([](Task& task) {
    std::vector<std::pair<UserAddr, size_t>> mapped;
    for (size_t index = 1; index <= 40; ++index) {
      size_t length = index % 7 * page + page;
      UserAddr at = task.map(length);
      for (auto [start, size] : mapped) EXPECT_TRUE(at + length <= start || at >= start + size);
      mapped.emplace_back(at, length);
      task.set(at, static_cast<int>(index));
    }
    for (size_t index = 0; index < mapped.size(); ++index) EXPECT_EQ(task.get<int>(mapped[index].first), static_cast<int>(index + 1));
  });
}

TEST_P(Mmap, UnmapMakesAHole) {
  check([](Task& task) {
    UserAddr memory = task.map(3 * page);
    for (int index = 0; index < 3; ++index) task.set(memory + index * page, index + 1);
    EXPECT_EQ(task.call(Call::munmap, memory + page, page), ok);
    EXPECT_EQ(task.get<int>(memory), 1);
    EXPECT_EQ(task.get<int>(memory + 2 * page), 3);
    Siginfo fault = task.fault_of([memory](Task& child) { child.get<int>(memory + page + 12); });
    EXPECT_EQ(fault.number, sigsegv);
    EXPECT_EQ(fault.code, segv_maperr);
    EXPECT_EQ(fault.address, memory + page + 12);
  });
}

TEST_P(Mmap, UnmapRejectsWhatTheManualSays) {
  check([](Task& task) {
    UserAddr memory = task.map(page);
    EXPECT_EQ(task.call(Call::munmap, memory + 1, page), fails::inval);
    EXPECT_EQ(task.call(Call::munmap, memory, 0), fails::inval);
    EXPECT_EQ(task.call(Call::munmap, uint64_t{1} << 63, page), fails::inval);
    EXPECT_EQ(task.call(Call::munmap, memory, ~uint64_t{0}), fails::inval);
    EXPECT_EQ(task.call(Call::munmap, 0x20'0000'0000, page), ok);  // nothing there: not an error
  });
}

TEST_P(Mmap, UnmapSpansSeveralMappings) {
  check([](Task& task) {
    UserAddr memory = task.map(6 * page);
    EXPECT_EQ(task.call(Call::mprotect, memory + page, page, prot_read), ok);
    EXPECT_EQ(task.call(Call::munmap, memory + 3 * page, page), ok);
    EXPECT_EQ(task.call(Call::munmap, memory, 6 * page), ok);
    for (int index = 0; index < 6; ++index)
      EXPECT_EQ(task.fault_of([=](Task& child) { child.get<int>(memory + index * page); }).code, segv_maperr);
  });
}

TEST_P(Mmap, PopulateMakesPagesResident) {
  check([](Task& task) {
    UserAddr memory = task.call(Call::mmap, 0, 8 * page, prot_rw, map_anon_private | map_populate, -1, 0);
    UserAddr lazy = task.map(8 * page);
    UserAddr vector = task.room(8);
    EXPECT_EQ(task.call(Call::mincore, memory, 8 * page, vector), ok);
    for (int index = 0; index < 8; ++index) EXPECT_EQ(task.get<uint8_t>(vector + index) & 1, 1);
    EXPECT_EQ(task.call(Call::mincore, lazy, 8 * page, vector), ok);
    for (int index = 0; index < 8; ++index) EXPECT_EQ(task.get<uint8_t>(vector + index) & 1, 0);
  });
}

TEST_P(Mmap, WritableMemoryIsReadable) {
  check([](Task& task) {
    UserAddr memory = task.map(page, prot_write);
    task.set(memory, 5);
    EXPECT_EQ(task.get<int>(memory), 5);
  });
}

TEST_P(Mmap, InaccessibleMemoryFaultsAndKeepsItsPlace) {
  check([](Task& task) {
    UserAddr memory = task.map(page, prot_none);
    Siginfo fault = task.fault_of([memory](Task& child) { child.get<int>(memory + 4); });
    EXPECT_EQ(fault.number, sigsegv);
    EXPECT_EQ(fault.code, segv_accerr);
    EXPECT_EQ(fault.address, memory + 4);
    EXPECT_EQ(map_anonymous_at(task, memory, page, map_fixed_noreplace), fails::exist);
  });
}

TEST_P(Mmap, SharedAnonymousMemoryIsSharedAcrossFork) {
  check([](Task& task) {
    UserAddr memory = task.call(Call::mmap, 0, 3 * page, prot_rw, map_shared | map_anonymous, -1, 0);
    task.set(memory, 1);
    EXPECT_EQ(task.in_child([memory](Task& child) {
      EXPECT_EQ(child.get<int>(memory), 1);
      child.set(memory, 2);
      child.set(memory + 2 * page, 3);  // nobody has touched it before
    }),
              exited(0));
    EXPECT_EQ(task.get<int>(memory), 2);
    EXPECT_EQ(task.get<int>(memory + 2 * page), 3);
  });
}

TEST_P(Mmap, SharedValidateRefusesFlagsThatItDoesNotKnow) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "x");
    auto map = [&](uint32_t flags, int file) { return task.call(Call::mmap, 0, page, prot_rw, flags, file, 0); };
    UserAddr memory = map(map_shared_validate, fd);
    task.set(memory, 'y');
    EXPECT_EQ(task.read(fd), "y");
    EXPECT_EQ(map(map_shared_validate | 0x800000, fd), fails::opnotsupp);
    EXPECT_FALSE(map(map_shared | 0x800000, fd).is_error());
    EXPECT_EQ(map(map_shared_validate | map_anonymous, -1), fails::inval);
  });
}

TEST_P(Mmap, AddressSpaceLimitCountsMappings) {
  check([](Task& task) {
    constexpr uint64_t limit = 64 << 20;
    EXPECT_EQ(task.call(Call::prlimit64, 0, rlimit_as, task.put(Rlimit{limit, limit}), nullptr), ok);
    EXPECT_EQ(map_anonymous_at(task, 0, limit, 0), fails::nomem);
    UserAddr memory = task.map(limit / 2);
    EXPECT_EQ(map_anonymous_at(task, 0, limit / 2, 0), fails::nomem);
    EXPECT_EQ(task.call(Call::munmap, memory, limit / 2), ok);
    task.map(limit / 2);
  });
}

TEST_P(Mmap, AFullAddressSpaceIsNoMemory) {
  check([](Task& task) {
    uint64_t size = uint64_t{1} << task.by_isa(45, 36);
    int count = 0;
    while (!map_anonymous_at(task, 0, size, 0).is_error()) ++count;
    EXPECT_GE(count, 2);
    EXPECT_LE(count, 4);
    EXPECT_EQ(map_anonymous_at(task, 0, size, 0), fails::nomem);
  });
}

}  // namespace
}  // namespace halcyon::test
