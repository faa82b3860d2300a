// inotify(7): limits, overflow, unmounting, /proc. What happens to files is in the guest program.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

constexpr uint32_t in_modify = 2, in_close_nowrite = 0x10, in_open = 0x20, in_create = 0x100, in_unmount = 0x2000, in_overflow = 0x4000,
                   in_ignored = 0x8000, in_exclude = 0x04000000, in_once = 0x80000000;
constexpr uint32_t without_waiting = 04000;

struct Heard {
  int32_t number;
  uint32_t events, cookie, length;
};

struct Inotify : KernelTest {
  void check(Body body) {
    World world({.isa = isa()});
    must(world.system().mount_standard());
    world.run([body](Task& task) {
      task.close(task.create("/tmp/f", "contents"));
      body(task);
    });
  }
};
INSTANTIATE_KERNEL_TESTS(Inotify);

int make_queue(Task& task) { return task.call(Call::inotify_init1, without_waiting); }

Outcome watch(Task& task, int queue, std::string_view path, uint32_t mask) { return task.call(Call::inotify_add_watch, queue, path, mask); }

// The next record without a name; number 0 if there is none.
Heard next(Task& task, int queue) {
  UserAddr place = task.room(sizeof(Heard));
  if (task.read_into(queue, place, sizeof(Heard)) != sizeof(Heard)) return {};
  return task.get<Heard>(place);
}

void set_limit(Task& task, std::string_view name, std::string_view text) {
  int fd = task.open(std::string("/proc/sys/fs/inotify/") + std::string(name), 1);
  EXPECT_EQ(task.write(fd, text), static_cast<int64_t>(text.size()));
  task.close(fd);
}

TEST_P(Inotify, ALongQueueOverflowsOnce) {
  check([](Task& task) {
    set_limit(task, "max_queued_events", "3");
    int queue = make_queue(task);
    EXPECT_EQ(watch(task, queue, "/tmp/f", in_open | in_close_nowrite), 1);
    for (int count = 0; count < 5; ++count) task.close(task.open("/tmp/f"));
    for (uint32_t events : {in_open, in_close_nowrite, in_open}) EXPECT_EQ(next(task, queue).events, events);
    Heard last = next(task, queue);
    EXPECT_EQ(last.number, -1);
    EXPECT_EQ(last.events, in_overflow);
    EXPECT_EQ(next(task, queue).number, 0);
    task.close(task.open("/tmp/f"));
    EXPECT_EQ(next(task, queue).events, in_open);
  });
}

TEST_P(Inotify, AUserHasSoManyOfEach) {
  check([](Task& task) {
    set_limit(task, "max_user_instances", "2");
    set_limit(task, "max_user_watches", "2");
    EXPECT_EQ(task.write(task.open("/proc/sys/fs/inotify/max_user_watches", 1), "-1"), fails::inval);
    int one = make_queue(task), two = make_queue(task);
    EXPECT_EQ(task.call(Call::inotify_init1, 0), fails::mfile);
    EXPECT_EQ(watch(task, one, "/tmp/f", in_open), 1);
    EXPECT_EQ(watch(task, two, "/tmp", in_open), 1);
    EXPECT_EQ(watch(task, two, "/", in_open), fails::nospc);
    EXPECT_EQ(watch(task, two, "/tmp", in_create), 1);
    EXPECT_EQ(task.call(Call::inotify_rm_watch, two, 1), ok);
    EXPECT_EQ(watch(task, two, "/", in_open), 2);
    task.in_child([](Task& other) {
      other.call(Call::setuid, 1000);
      EXPECT_GE(other.call(Call::inotify_init1, 0), 0);
    });
    task.close(one);
    EXPECT_GE(make_queue(task), 0);
  });
}

TEST_P(Inotify, AFileSystemThatGoesTakesItsWatches) {
  check([](Task& task) {
    task.mkdir("/mnt");
    EXPECT_EQ(task.call(Call::mount, "none", "/mnt", "tmpfs", 0, 0), ok);
    task.close(task.create("/mnt/f"));
    int queue = make_queue(task);
    EXPECT_EQ(watch(task, queue, "/mnt/f", in_open), 1);
    EXPECT_EQ(watch(task, queue, "/tmp/f", in_open), 2);
    EXPECT_EQ(task.call(Call::umount2, "/mnt", 0), ok);
    EXPECT_EQ(next(task, queue).events, in_unmount);
    Heard last = next(task, queue);
    EXPECT_EQ(last.number, 1);
    EXPECT_EQ(last.events, in_ignored);
    task.close(task.open("/tmp/f"));
    EXPECT_EQ(next(task, queue).number, 2);
  });
}

TEST_P(Inotify, ProcShowsWhatIsWatched) {
  check([](Task& task) {
    int queue = make_queue(task);
    watch(task, queue, "/tmp/f", in_open | in_exclude | in_once);
    watch(task, queue, "/tmp", in_modify);
    StatView file, directory;
    task.stat("/tmp/f", &file);
    task.stat("/tmp", &directory);
    std::string text = task.read(task.open("/proc/self/fdinfo/" + std::to_string(queue)));
    size_t first = text.find("inotify wd:2 ");
    ASSERT_NE(first, std::string::npos);
    std::ostringstream expected;
    expected << std::hex << "inotify wd:2 ino:" << directory.inode << " sdev:" << directory.device << " mask:2 ignored_mask:0 \n"
             << "inotify wd:1 ino:" << file.inode << " sdev:" << file.device << " mask:84000020 ignored_mask:0 \n";
    EXPECT_EQ(text.substr(first), expected.str());
    EXPECT_EQ(task.readlink("/proc/self/fd/" + std::to_string(queue)), "anon_inode:inotify");
  });
}

TEST_P(Inotify, NeedsReadPermission) {
  check([](Task& task) {
    task.chmod("/tmp/f", 0200);
    task.in_child([](Task& other) {
      other.call(Call::setuid, 1000);
      EXPECT_EQ(watch(other, make_queue(other), "/tmp/f", in_open), fails::acces);
    });
  });
}

// Closing by dup2 and close_range ends what belongs to the descriptor, as close does.
TEST_P(Inotify, EveryWayOfClosingDropsRecordLocks) {
  check([](Task& task) {
    constexpr int set_lock = 6, get_lock = 5;
    struct Lock {
      int16_t type, whence;
      int32_t padding;
      int64_t start, length;
      int32_t pid, padding2;
    };
    auto is_locked = [&task] {
      int type = 0;
      int* found = &type;
      task.in_child([found](Task& other) {
        UserAddr lock = other.put(Lock{1, 0, 0, 0, 0, 0, 0});
        other.call(Call::fcntl, other.open("/tmp/f", 2), get_lock, lock);
        *found = other.get<Lock>(lock).type;
      });
      return type == 1;
    };
    for (int way = 0; way < 3; ++way) {
      int fd = task.open("/tmp/f", 2), other = task.open("/tmp/f", 2);
      EXPECT_EQ(task.call(Call::fcntl, fd, set_lock, task.put(Lock{1, 0, 0, 0, 0, 0, 0})), ok);
      EXPECT_TRUE(is_locked());
      if (way == 0) task.dup2(0, other);
      if (way == 1) task.call(Call::close_range, other, other, 0);
      if (way == 2) task.close(other);
      EXPECT_FALSE(is_locked());
      task.close(fd);
    }
  });
}

}  // namespace
}  // namespace halcyon::test
