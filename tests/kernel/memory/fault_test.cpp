// Bad accesses: which signal, which code, which address (sigaction(2)); stack growth; demand paging.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Fault);

void expect_fault(const Siginfo& fault, int signal, int code, UserAddr address) {
  EXPECT_EQ(fault.number, signal);
  EXPECT_EQ(fault.code, code);
  EXPECT_EQ(fault.address, address);
}

TEST_P(Fault, NullPointer) {
  check([](Task& task) {
    expect_fault(task.fault_of([](Task& child) { child.get<int>(0); }), sigsegv, segv_maperr, 0);
    expect_fault(task.fault_of([](Task& child) { child.set(0x18, 1); }), sigsegv, segv_maperr, 0x18);
  });
}

TEST_P(Fault, WriteToReadOnlyMemory) {
  check([](Task& task) {
    expect_fault(task.fault_of([](Task& child) { child.set(program_layout::base + 0x123, 'x'); }), sigsegv, segv_accerr,
                 program_layout::base + 0x123);
    UserAddr memory = task.map(page, prot_read);
    expect_fault(task.fault_of([memory](Task& child) { child.set(memory, 1); }), sigsegv, segv_accerr, memory);
  });
}

TEST_P(Fault, KernelHalf) {
  check([](Task& task) {
    UserAddr kernel = ~uint64_t{0} - 0xfff;
    expect_fault(task.fault_of([=](Task& child) { child.get<int>(kernel); }), sigsegv, segv_maperr, kernel);
  });
}

TEST_P(Fault, BetweenTheHalves) {
  check([](Task& task) {
    UserAddr nowhere = uint64_t{1} << 52;
    Siginfo fault = task.fault_of([=](Task& child) { child.get<int>(nowhere); });
    // x86_64 raises #GP there, which tells no address.
    expect_fault(fault, sigsegv, task.by_isa(si_kernel, segv_maperr), task.by_isa(UserAddr{0}, nowhere));
  });
}

TEST_P(Fault, LastUserPage) {
  check([](Task& task) {
    UserAddr end = task.by_isa<UserAddr>(0x7fff'ffff'f000, 0x40'0000'0000);
    expect_fault(task.fault_of([=](Task& child) { child.get<int>(end); }), sigsegv, segv_maperr, end);
    expect_fault(task.fault_of([=](Task& child) { child.set(end - page - 8, 1); }), 0, 0, 0);  // the stack
  });
}

TEST_P(Fault, AnAccessAcrossPagesNamesTheBadPart) {
  check([](Task& task) {
    UserAddr memory = task.map(2 * page);
    task.set(memory + page - 8, uint64_t{1});
    EXPECT_EQ(task.call(Call::mprotect, memory + page, page, prot_none), ok);
    Siginfo fault = task.fault_of([memory](Task& child) { child.set(memory + page - 4, uint64_t{5}); });
    EXPECT_EQ(fault.code, segv_accerr);
    EXPECT_EQ(page_floor(fault.address), memory + page);
    EXPECT_EQ(task.get<uint64_t>(memory + page - 8), 1u);
  });
}

TEST_P(Fault, WithoutAHandlerTheProgramDies) {
  EXPECT_EQ(run([](Task& task) { task.get<int>(0x1000); }), killed(sigsegv));
}

TEST_P(Fault, ABlockedSignalCannotHoldItUp) {
  EXPECT_EQ(run([](Task& task) {
              task.handle(sigsegv, [](Task& handler, const Task::Delivery&) { handler.exit(1); });
              task.block(bit(sigsegv));
              task.get<int>(0x1000);
            }),
            killed(sigsegv));
}

TEST_P(Fault, AnIgnoredSignalCannotHoldItUp) {
  EXPECT_EQ(run([](Task& task) {
              task.ignore(sigsegv);
              task.get<int>(0x1000);
            }),
            killed(sigsegv));
}

TEST_P(Fault, AFaultInItsOwnHandlerKills) {
  EXPECT_EQ(run([](Task& task) {
              task.handle(sigsegv, [](Task& handler, const Task::Delivery&) { handler.get<int>(0x2000); });
              task.get<int>(0x1000);
            }),
            killed(sigsegv));
}

TEST_P(Fault, AHandlerMayRepairAndReturn) {
  check([](Task& task) {
    UserAddr memory = task.map(page, prot_none);
    int calls = 0;
    task.handle(sigsegv, [&](Task& handler, const Task::Delivery& delivery) {
      ++calls;
      EXPECT_EQ(handler.call(Call::mprotect, page_floor(handler.get<Siginfo>(delivery.info).address), page, prot_rw), ok);
    });
    task.set(memory + 16, 12);
    EXPECT_EQ(task.get<int>(memory + 16), 12);
    EXPECT_EQ(calls, 1);
  });
}

TEST_P(Fault, InstructionsThatCannotBeExecuted) {
  check([](Task& task) {
    auto code_of = [&](hal::Exception exception) {
      Siginfo fault = task.fault_of([exception](Task& child) { child.user().raise(exception); });
      return std::pair(fault.number, fault.code);
    };
    EXPECT_EQ(code_of(hal::Exception::illegal_instruction), std::pair(sigill, ill_illopc));
    EXPECT_EQ(code_of(hal::Exception::illegal_operand), std::pair(sigill, 2));
    EXPECT_EQ(code_of(hal::Exception::segment), std::pair(sigbus, si_kernel));
    EXPECT_EQ(code_of(hal::Exception::divide), std::pair(sigfpe, fpe_intdiv));
    EXPECT_EQ(code_of(hal::Exception::protection), std::pair(sigsegv, si_kernel));
    EXPECT_EQ(code_of(hal::Exception::misaligned), std::pair(sigbus, 1));
    EXPECT_EQ(code_of(hal::Exception::breakpoint), std::pair(sigtrap, 1));  // TRAP_BRKPT
    EXPECT_EQ(code_of(hal::Exception::int3), std::pair(sigtrap, si_kernel));
    Siginfo fault = task.fault_of([](Task& child) { child.user().raise(hal::Exception::breakpoint); });
    EXPECT_NE(fault.address, 0u);
    EXPECT_EQ(task.in_child([](Task& child) { child.user().raise(hal::Exception::int3); }), killed(sigtrap));
  });
}

TEST_P(Fault, DemandPagingTouchesOnlyWhatIsUsed) {
  World world({.isa = isa(), .memory = 16 << 20, .fault_around = 1});
  EXPECT_EQ(world.run([](Task& task) {
    UserAddr memory = task.map(256 << 20);  // far more than the machine has
    uint64_t before = task.world().kernel().frames().free_pages();
    for (int index = 0; index < 10; ++index) task.set(memory + index * (25 << 20), index);
    uint64_t used = before - task.world().kernel().frames().free_pages();
    EXPECT_GE(used, 10u);
    EXPECT_LE(used, 10u + 2 * 10 + 2);  // and the page tables
    EXPECT_EQ(task.call(Call::munmap, memory, 256 << 20), ok);
  }),
            exited(0));
}

TEST_P(Fault, ReadingUntouchedMemoryFindsZeroes) {
  check([](Task& task) {
    UserAddr memory = task.map(4 * page);
    EXPECT_EQ(task.get<int>(memory + 3 * page), 0);
    task.set(memory + 3 * page, 4);
    EXPECT_EQ(task.get<int>(memory + 3 * page), 4);
    // The kernel's own accesses fault pages in, too.
    auto pipe = task.pipe();
    task.write(pipe.out, "hello");
    EXPECT_EQ(task.read_into(pipe.in, memory + page - 2, 5), 5);
    EXPECT_EQ(task.get_text(memory + page - 2, 5), "hello");
  });
}

KERNEL_TESTS(Stack);

TEST_P(Stack, GrowsOnTouch) {
  check([](Task& task) {
    UserAddr sp = task.user().get(hal::Reg::sp);
    for (UserAddr below = page; below <= (6 << 20); below += 16 * page) task.set(sp - below, 1);
    EXPECT_EQ(task.get<int>(sp - (6 << 20) + 64), 0);
  });
}

TEST_P(Stack, GrowsForTheKernelToo) {
  check([](Task& task) {
    UserAddr deep = task.user().get(hal::Reg::sp) - (1 << 20);
    auto pipe = task.pipe();
    task.write(pipe.out, "x");
    EXPECT_EQ(task.read_into(pipe.in, deep, 1), 1);
    EXPECT_EQ(task.get<char>(deep), 'x');
  });
}

TEST_P(Stack, StopsAtItsLimit) {
  check([](Task& task) {
    UserAddr sp = task.user().get(hal::Reg::sp);
    expect_fault(task.fault_of([sp](Task& child) { child.set(sp - (9 << 20), 1); }), sigsegv, segv_maperr, sp - (9 << 20));
    EXPECT_EQ(task.call(Call::prlimit64, 0, rlimit_stack, task.put(Rlimit{1 << 20, 8 << 20}), nullptr), ok);
    EXPECT_EQ(task.fault_of([sp](Task& child) { child.set(sp - (2 << 20), 1); }).number, sigsegv);
    EXPECT_EQ(task.fault_of([sp](Task& child) { child.set(sp - (1 << 19), 1); }).number, 0);
  });
}

TEST_P(Stack, KeepsAGapToWhatIsBelow) {
  check([](Task& task) {
    UserAddr sp = task.user().get(hal::Reg::sp);
    UserAddr below = page_floor(sp) - 1024 * page;
    task.map(page, prot_rw, below);
    task.set(sp - 600 * page, 1);
    // Less than 256 pages above the mapping.
    EXPECT_EQ(task.fault_of([=](Task& child) { child.set(below + 100 * page, 1); }).code, segv_maperr);
    task.set(below + 300 * page, 1);
  });
}

TEST_P(Stack, AHandlerNeedsAStack) {
  // Without room for a signal frame the program dies of SIGSEGV, whatever the signal.
  EXPECT_EQ(run([](Task& task) {
              task.handle(sigusr1, [](Task& handler, const Task::Delivery&) { handler.exit(1); });
              task.user().set(hal::Reg::sp, 0x3000);
              task.raise(sigusr1);
            }),
            killed(sigsegv));
}

TEST_P(Stack, OverflowIsCaughtOnTheAlternateStack) {
  check([](Task& task) {
    Siginfo told{};
    int status = task.in_child([&](Task& child) {
      UserAddr other = child.map(8 * page);
      EXPECT_EQ(child.call(Call::sigaltstack, child.put(StackT{other, 0, 0, 8 * page}), nullptr), ok);
      child.handle(
          sigsegv,
          [&, other](Task& handler, const Task::Delivery& delivery) {
            told = handler.get<Siginfo>(delivery.info);
            EXPECT_GE(delivery.context, other);
            EXPECT_LT(delivery.context, other + 8 * page);
            handler.exit(7);
          },
          sa_onstack);
      UserAddr sp = child.user().get(hal::Reg::sp);
      child.user().set(hal::Reg::sp, sp - (8 << 20) + page);
      for (UserAddr deep = sp;; deep -= page) child.set(deep, 1);
    });
    EXPECT_EQ(status, exited(7));
    EXPECT_EQ(told.code, segv_maperr);
  });
}

TEST_P(Stack, GrowsdownMappingsGrow) {
  check([](Task& task) {
    UserAddr top = 0x10'0000'0000;
    UserAddr memory = task.call(Call::mmap, top - page, page, prot_rw, map_anon_private | map_growsdown | map_fixed, -1, 0);
    EXPECT_EQ(memory, top - page);
    for (int index = 1; index < 20; ++index) task.set(top - index * page, index);
    EXPECT_EQ(task.get<int>(top - 19 * page), 19);
  });
}

TEST_P(Stack, HoldsArgumentsAndEnvironment) {
  World world({.isa = isa()});
  EXPECT_EQ(world.run(
                [](Task& task) {
                  UserAddr sp = task.user().get(hal::Reg::sp);
                  EXPECT_EQ(sp % 16, 0u);
                  EXPECT_EQ(task.get<uint64_t>(sp), 3u);
                  EXPECT_EQ(task.get_string(task.get<UserAddr>(sp + 8)), "name");
                  EXPECT_EQ(task.get_string(task.get<UserAddr>(sp + 16)), "");
                  EXPECT_EQ(task.get_string(task.get<UserAddr>(sp + 24)), "third one");
                  EXPECT_EQ(task.get<uint64_t>(sp + 32), 0u);
                  EXPECT_EQ(task.get_string(task.get<UserAddr>(sp + 40)), "KEY=value");
                  EXPECT_EQ(task.get<uint64_t>(sp + 48), 0u);
                },
                {.arguments = {"name", "", "third one"}, .environment = {"KEY=value"}}),
            exited(0));
}

}  // namespace
}  // namespace halcyon::test
