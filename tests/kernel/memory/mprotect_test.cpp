// mprotect(2): permissions change at once, whatever translations a CPU has cached.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Mprotect);

TEST_P(Mprotect, TakingWriteAwayFaultsAtOnce) {
  check([](Task& task) {
    UserAddr memory = task.map(page);
    Siginfo fault = task.fault_of([memory](Task& child) {
      child.set(memory, 1);  // a writable translation is cached
      EXPECT_EQ(child.call(Call::mprotect, memory, page, prot_read), ok);
      EXPECT_EQ(child.get<int>(memory), 1);
      child.set(memory + 8, 2);
    });
    EXPECT_EQ(fault.number, sigsegv);
    EXPECT_EQ(fault.code, segv_accerr);
    EXPECT_EQ(fault.address, memory + 8);
  });
}

TEST_P(Mprotect, TakingEverythingAwayFaultsAtOnce) {
  check([](Task& task) {
    UserAddr memory = task.map(page);
    Siginfo fault = task.fault_of([memory](Task& child) {
      child.set(memory, 1);
      EXPECT_EQ(child.call(Call::mprotect, memory, page, prot_none), ok);
      child.get<int>(memory);
    });
    EXPECT_EQ(fault.code, segv_accerr);
  });
}

TEST_P(Mprotect, ContentsSurviveBeingInaccessible) {
  check([](Task& task) {
    UserAddr memory = task.map(2 * page);
    task.set(memory, 41), task.set(memory + page, 42);
    EXPECT_EQ(task.call(Call::mprotect, memory, 2 * page, prot_none), ok);
    EXPECT_EQ(task.call(Call::mprotect, memory, 2 * page, prot_rw), ok);
    EXPECT_EQ(task.get<int>(memory), 41);
    task.set(memory + page, 43);
    EXPECT_EQ(task.get<int>(memory + page), 43);
  });
}

TEST_P(Mprotect, GrantingWriteWorksAtOnce) {
  check([](Task& task) {
    UserAddr memory = task.map(page, prot_read);
    EXPECT_EQ(task.get<int>(memory), 0);
    EXPECT_EQ(task.call(Call::mprotect, memory, page, prot_rw), ok);
    task.set(memory, 1);
    EXPECT_EQ(task.get<int>(memory), 1);
  });
}

TEST_P(Mprotect, OnlyTheRangeChanges) {
  check([](Task& task) {
    UserAddr memory = task.map(5 * page);
    EXPECT_EQ(task.call(Call::mprotect, memory + 2 * page, 1, prot_read), ok);  // length rounds up
    for (int index : {0, 1, 3, 4}) task.set(memory + index * page, 1);
    EXPECT_EQ(task.fault_of([memory](Task& child) { child.set(memory + 2 * page, 1); }).code, segv_accerr);
    EXPECT_EQ(task.fault_of([memory](Task& child) { child.set(memory + 3 * page - 1, char{1}); }).code, segv_accerr);
  });
}

TEST_P(Mprotect, RejectsWhatTheManualSays) {
  check([](Task& task) {
    UserAddr memory = task.map(2 * page);
    EXPECT_EQ(task.call(Call::mprotect, memory + 1, page, prot_read), fails::inval);
    EXPECT_EQ(task.call(Call::mprotect, memory, page, 0x40), fails::inval);
    EXPECT_EQ(task.call(Call::mprotect, memory, page, 0x03000000), fails::inval);  // grows down and up
    EXPECT_EQ(task.call(Call::mprotect, memory, 0, prot_read), ok);
    EXPECT_EQ(task.call(Call::mprotect, memory, ~uint64_t{0} - memory, prot_read), fails::nomem);
    EXPECT_EQ(task.call(Call::munmap, memory + page, page), ok);
    EXPECT_EQ(task.call(Call::mprotect, memory + page, page, prot_read), fails::nomem);
  });
}

TEST_P(Mprotect, AHoleFailsButWhatIsBeforeItChanges) {
  check([](Task& task) {
    UserAddr memory = task.map(3 * page);
    EXPECT_EQ(task.call(Call::munmap, memory + page, page), ok);
    EXPECT_EQ(task.call(Call::mprotect, memory, 3 * page, prot_read), fails::nomem);
    EXPECT_EQ(task.fault_of([memory](Task& child) { child.set(memory, 1); }).code, segv_accerr);
    task.set(memory + 2 * page, 1);
  });
}

TEST_P(Mprotect, ASharedReadOnlyFileCannotBecomeWritable) {
  check([](Task& task) {
    task.create("/tmp/file", "text");
    int fd = task.open("/tmp/file", o_rdonly);
    UserAddr shared = task.call(Call::mmap, 0, page, prot_read, map_shared, fd, 0);
    UserAddr own = task.call(Call::mmap, 0, page, prot_read, map_private, fd, 0);
    EXPECT_EQ(task.call(Call::mprotect, shared, page, prot_rw), fails::acces);
    EXPECT_EQ(task.call(Call::mprotect, own, page, prot_rw), ok);
    task.set(own, 'T');
    EXPECT_EQ(task.read(fd), "text");
  });
}

TEST_P(Mprotect, DoesNotUndoCopyOnWrite) {
  check([](Task& task) {
    UserAddr memory = task.map(page);
    task.set(memory, 1);
    auto pipe = task.pipe();
    int child = task.fork([=](Task& other) {
      other.read(pipe.in, 1);
      EXPECT_EQ(other.get<int>(memory), 1);
    });
    EXPECT_EQ(task.call(Call::mprotect, memory, page, prot_none), ok);
    EXPECT_EQ(task.call(Call::mprotect, memory, page, prot_rw), ok);
    task.set(memory, 2);
    task.write(pipe.out, "x");
    EXPECT_EQ(task.wait(child), exited(0));
  });
}

TEST_P(Mprotect, PrivateFilePagesStayPrivateAfterBecomingWritable) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "text");
    UserAddr memory = task.call(Call::mmap, 0, page, prot_read, map_private, fd, 0);
    EXPECT_EQ(task.get<char>(memory), 't');  // the cache's own page is mapped
    EXPECT_EQ(task.call(Call::mprotect, memory, page, prot_rw), ok);
    task.set(memory, 'T');
    EXPECT_EQ(task.read(fd), "text");
    EXPECT_EQ(task.get_text(memory, 4), "Text");
  });
}

TEST_P(Mprotect, AnotherCpuSeesTheChange) {
  check({.cpus = 2, .slice_blocks = 60}, [](Task& task) {
    UserAddr memory = task.map(page);
    UserAddr done = task.room(4), flag = task.room(4);
    task.set(flag, 0);
    int writes = 0;
    task.handle(sigsegv, [&](Task& handler, const Task::Delivery&) { handler.call(Call::exit, 0); });
    task.thread(
        [=, &writes](Task& other) {
          for (;; ++writes) {
            other.set(memory, writes);
            other.set(flag, 1);
          }
        },
        done);
    while (task.get<int>(flag) == 0) task.work(microsecond);
    EXPECT_EQ(task.call(Call::mprotect, memory, page, prot_read), ok);
    int last = task.get<int>(memory);
    task.join(done);
    EXPECT_EQ(task.get<int>(memory), last);
  });
}

TEST_P(Mprotect, ExecutePermissionIsEnforced) {
  check([](Task& task) {
    UserAddr code = task.map(page);
    task.set(code, hal::CodeWord{.token = task.world().token([](Task& other) { other.exit(5); })});
    EXPECT_EQ(task.call(Call::mprotect, code, page, prot_read | prot_exec), ok);
    EXPECT_EQ(task.in_child([code](Task& child) { child.user().jump(code); }), exited(5));
    EXPECT_EQ(task.call(Call::mprotect, code, page, prot_read), ok);
    Siginfo fault = task.fault_of([code](Task& child) { child.user().jump(code); });
    EXPECT_EQ(fault.number, sigsegv);
    EXPECT_EQ(fault.code, segv_accerr);
    EXPECT_EQ(fault.address, code);
  });
}

TEST_P(Mprotect, RewrittenCodeIsExecutedAnew) {
  check([](Task& task) {
    UserAddr code = task.map(page);
    for (int status = 1; status <= 3; ++status) {
      EXPECT_EQ(task.call(Call::mprotect, code, page, prot_rw), ok);
      task.set(code, hal::CodeWord{.token = task.world().token([status](Task& other) { other.exit(status); })});
      EXPECT_EQ(task.call(Call::mprotect, code, page, prot_read | prot_exec), ok);
      if (task.has(Call::riscv_flush_icache)) {
        EXPECT_EQ(task.call(Call::riscv_flush_icache, code, code + page, 0), ok);
      }
      EXPECT_EQ(task.in_child([code](Task& child) { child.user().jump(code); }), exited(status));
    }
  });
}

TEST_P(Mprotect, CodeReadIntoMemoryIsExecutedAnew) {
  check([](Task& task) {
    UserAddr code = task.map(page, prot_rw | prot_exec);
    for (int status = 1; status <= 3; ++status) {
      hal::CodeWord word{.token = task.world().token([status](Task& other) { other.exit(status); })};
      auto pipe = task.pipe();
      task.call(Call::write, pipe.out, task.put(word), sizeof word);
      EXPECT_EQ(task.read_into(pipe.in, code, sizeof word), sizeof word);  // the kernel writes to it
      EXPECT_EQ(task.in_child([code](Task& child) { child.user().jump(code); }), exited(status));
    }
  });
}

}  // namespace
}  // namespace halcyon::test
