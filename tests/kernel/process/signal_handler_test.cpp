// Signal handlers: sigaction(2) and its flags, masks, frames, what is restored.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Handler);

TEST_P(Handler, GetsItsThreeArguments) {
  check([](Task& task) {
    int calls = 0;
    task.handle(sigusr1, [&](Task& handler, const Task::Delivery& delivery) {
      ++calls;
      EXPECT_EQ(delivery.signal, sigusr1);
      auto info = handler.get<Siginfo>(delivery.info);
      EXPECT_EQ(info.number, sigusr1);
      EXPECT_EQ(info.code, si_tkill);
      EXPECT_EQ(info.pid, handler.pid());
      EXPECT_EQ(info.uid, 0u);
      EXPECT_NE(delivery.context, 0u);
    });
    EXPECT_EQ(task.raise(sigusr1), ok);
    EXPECT_EQ(calls, 1);
  });
}

TEST_P(Handler, RunsBeforeKillReturns) {
  check([](Task& task) {
    std::string order;
    task.handle(sigusr1, [&](Task&, const Task::Delivery&) { order += "handler "; });
    EXPECT_EQ(task.kill(task.pid(), sigusr1), ok);
    order += "after";
    EXPECT_EQ(order, "handler after");
  });
}

TEST_P(Handler, EveryRegisterIsRestored) {
  check([](Task& task) {
    task.handle(sigusr1, [](Task& handler, const Task::Delivery&) {
      for (unsigned index = 1; index < handler.by_isa(16u, 32u); ++index) {
        bool is_special = handler.by_isa(index == 4, index == 1 || index == 2 || index == 4);  // sp, ra, tp
        if (!is_special) handler.user().set(hal::general(index), 0xdead0000 + index);
      }
      for (std::byte& byte : handler.user().floating_point().subspan(160, 90)) byte = std::byte{0xee};
    });
    hal::User& user = task.user();
    for (unsigned index = 5; index < 16; ++index) user.set(hal::general(index), 0x1000 + index);
    for (std::byte& byte : user.floating_point().subspan(160, 90)) byte = std::byte{0x42};
    int child = task.fork([parent = task.pid()](Task& other) { other.kill(parent, sigusr1); });
    // The signal comes between two instructions, not within a system call.
    for (unsigned index = 1; index < 16; ++index)
      if (index != 4 && index > task.by_isa(0u, 4u)) user.set(hal::general(index), 0x2000 + index);
    std::vector<uint64_t> before;
    for (unsigned index = 0; index < 32; ++index) before.push_back(user.get(hal::general(index)));
    user.work(10 * millisecond);
    for (unsigned index = 0; index < 32; ++index) EXPECT_EQ(user.get(hal::general(index)), before[index]) << index;
    for (std::byte byte : user.floating_point().subspan(160, 90)) EXPECT_EQ(byte, std::byte{0x42});
    EXPECT_EQ(task.wait(child), exited(0));
  });
}

TEST_P(Handler, TheFrameHoldsRegistersAndMask) {
  check([](Task& task) {
    task.set_mask(bit(sigterm));
    task.handle(sigusr1, [](Task& handler, const Task::Delivery& delivery) {
      // struct ucontext: flags, link, stack (24), then x86_64: sigcontext with r8 first; riscv64: mask, then pc, x1...
      UserAddr registers = delivery.context + handler.by_isa(40, 176);
      uint64_t kept = handler.get<uint64_t>(registers + handler.by_isa(4 * 8, 20 * 8));  // r12; s4
      EXPECT_EQ(kept, 0x4711u);
      EXPECT_EQ(handler.get<uint64_t>(delivery.context + handler.by_isa(296, 40)), bit(sigterm));
    });
    task.user().set(hal::general(task.by_isa(12u, 20u)), 0x4711);
    task.raise(sigusr1);
  });
}

TEST_P(Handler, MayChangeWhatIsRestored) {
  check([](Task& task) {
    task.handle(sigusr1, [](Task& handler, const Task::Delivery& delivery) {
      handler.set(delivery.context + handler.by_isa(40 + 4 * 8, 176 + 20 * 8), uint64_t{0x815});
      handler.set(delivery.context + handler.by_isa(296, 40), bit(sigint) | bit(sigkill));
    });
    task.raise(sigusr1);
    EXPECT_EQ(task.user().get(hal::general(task.by_isa(12u, 20u))), 0x815u);
    EXPECT_EQ(task.set_mask(0), bit(sigint));  // SIGKILL cannot be blocked
  });
}

TEST_P(Handler, IsBlockedWhileItRuns) {
  check([](Task& task) {
    int depth = 0, calls = 0;
    task.handle(
        sigusr1,
        [&](Task& handler, const Task::Delivery&) {
          EXPECT_EQ(++depth, 1);
          if (++calls == 1) {
            handler.raise(sigusr1);
            EXPECT_EQ(handler.pending(), bit(sigusr1));
            EXPECT_EQ(handler.block(0), bit(sigusr1) | bit(sigterm));
          }
          --depth;
        },
        0, bit(sigterm));
    task.raise(sigusr1);
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(task.block(0), 0u);
  });
}

TEST_P(Handler, NodeferLetsItNest) {
  check([](Task& task) {
    int depth = 0, deepest = 0;
    task.handle(
        sigusr1,
        [&](Task& handler, const Task::Delivery&) {
          deepest = std::max(deepest, ++depth);
          if (depth < 5) handler.raise(sigusr1);
          --depth;
        },
        sa_nodefer);
    task.raise(sigusr1);
    EXPECT_EQ(deepest, 5);
  });
}

TEST_P(Handler, ResethandMakesItRunOnce) {
  EXPECT_EQ(run([](Task& task) {
              int calls = 0;
              task.handle(
                  sigusr1,
                  [&](Task& handler, const Task::Delivery&) {
                    ++calls;
                    EXPECT_EQ(handler.get_action(sigusr1).handler, 0u);
                  },
                  sa_resethand);
              task.raise(sigusr1);
              EXPECT_EQ(calls, 1);
              task.raise(sigusr1);
            }),
            killed(sigusr1));
}

TEST_P(Handler, OthersMayInterruptIt) {
  check([](Task& task) {
    std::string order;
    task.handle(sigusr1, [&](Task& handler, const Task::Delivery&) {
      order += "(";
      handler.raise(sigusr2);
      order += ")";
    });
    task.handle(sigusr2, [&](Task&, const Task::Delivery&) { order += "x"; });
    task.raise(sigusr1);
    EXPECT_EQ(order, "(x)");
  });
}

TEST_P(Handler, SeveralPendingSignalsAllRun) {
  check([](Task& task) {
    std::string order;
    for (int signal : {sighup, sigusr1, sigusr2, sigterm})
      task.handle(signal, [&](Task&, const Task::Delivery& delivery) { order += std::to_string(delivery.signal) + " "; });
    task.set_mask(~uint64_t{0});
    for (int signal : {sigterm, sigusr2, sighup, sigusr1}) task.raise(signal);
    EXPECT_EQ(task.pending(), bit(sighup) | bit(sigusr1) | bit(sigusr2) | bit(sigterm));
    task.set_mask(0);
    // Frames are pushed lowest number first, so the highest runs first; all before the next instruction.
    EXPECT_EQ(order, "15 12 10 1 ");
  });
}

TEST_P(Handler, SigactionRejectsWhatTheManualSays) {
  check([](Task& task) {
    UserAddr action = task.put_action({1, 0, 0});
    auto sigaction = [&](int signal, UserAddr next, UserAddr old, size_t size) {
      return task.call(Call::rt_sigaction, signal, next, old, size);
    };
    EXPECT_EQ(sigaction(0, action, 0, 8), fails::inval);
    EXPECT_EQ(sigaction(65, action, 0, 8), fails::inval);
    EXPECT_EQ(sigaction(-1, action, 0, 8), fails::inval);
    EXPECT_EQ(sigaction(sigkill, action, 0, 8), fails::inval);
    EXPECT_EQ(sigaction(sigstop, action, 0, 8), fails::inval);
    EXPECT_EQ(sigaction(sigkill, 0, task.room(32), 8), ok);  // asking is allowed
    EXPECT_EQ(sigaction(sigusr1, action, 0, 4), fails::inval);
    EXPECT_EQ(sigaction(sigusr1, 8, 0, 8), fails::fault);
    EXPECT_EQ(sigaction(sigusr1, 0, 8, 8), fails::fault);
  });
}

TEST_P(Handler, SigactionTellsTheOldAction) {
  check([](Task& task) {
    EXPECT_EQ(task.set_action(sigusr1, {0x1234560, sa_restart | sa_nodefer, bit(sigterm) | bit(sigkill)}), ok);
    Task::Action old = task.get_action(sigusr1);
    EXPECT_EQ(old.handler, 0x1234560u);
    EXPECT_EQ(old.flags, sa_restart | sa_nodefer);
    EXPECT_EQ(old.mask, bit(sigterm));
  });
}

TEST_P(Handler, FlagsThatNobodyKnowsAreNotKept) {
  check([](Task& task) {
    constexpr uint64_t sa_siginfo = 4, sa_unsupported = 0x400, sa_expose_tagbits = 0x800, sa_restorer = 0x04000000;
    EXPECT_EQ(task.set_action(sigusr1, {0x1234560, ~sa_restorer, 0}), ok);
    uint64_t known = sa_nocldstop | sa_nocldwait | sa_siginfo | sa_onstack | sa_restart | sa_nodefer | sa_resethand | sa_expose_tagbits;
    EXPECT_EQ(task.get_action(sigusr1).flags, known);
    EXPECT_EQ(known & sa_unsupported, 0u);
  });
}

// x86_64 alone: riscv64's handlers go on with what was interrupted.
TEST_P(Handler, StartsWithFreshFloatingPoint) {
  check([](Task& task) {
    uint16_t handler_control = 0, frame_control = 0, later_control = 0;
    uint32_t handler_mxcsr = 0, frame_mxcsr = 0;
    auto state = [](Task& of) { return of.user().floating_point(); };
    task.handle(sigusr1, [&](Task& handler, const Task::Delivery& delivery) {
      if (!handler.by_isa(true, false)) return;
      std::memcpy(&handler_control, &state(handler)[0], sizeof handler_control);
      std::memcpy(&handler_mxcsr, &state(handler)[24], sizeof handler_mxcsr);
      EXPECT_EQ(state(handler)[160], std::byte{0});
      UserAddr image = handler.get<uint64_t>(delivery.context + 40 + 184);
      frame_control = handler.get<uint16_t>(image);
      frame_mxcsr = handler.get<uint32_t>(image + 24);
    });
    if (!task.by_isa(true, false)) return;
    constexpr uint16_t control = 0x27f;
    constexpr uint32_t mxcsr = 0x7f80;
    std::memcpy(&state(task)[0], &control, sizeof control);
    std::memcpy(&state(task)[24], &mxcsr, sizeof mxcsr);
    state(task)[160] = std::byte{0x42};
    task.raise(sigusr1);
    EXPECT_EQ(handler_control, 0x37f);
    EXPECT_EQ(handler_mxcsr, 0x1f80u);
    EXPECT_EQ(frame_control, control);
    EXPECT_EQ(frame_mxcsr, mxcsr);
    std::memcpy(&later_control, &state(task)[0], sizeof later_control);
    EXPECT_EQ(later_control, control);
    EXPECT_EQ(state(task)[160], std::byte{0x42});
  });
}

TEST_P(Handler, TheFrameTellsTheLastFaultOnX86) {
  check([](Task& task) {
    if (!task.by_isa(true, false)) return;
    struct Told {
      uint64_t error, trap, mask, cr2;
      bool operator==(const Told&) const = default;
    };
    auto told = [](Task& handler, const Task::Delivery& delivery) { return handler.get<Told>(delivery.context + 40 + 152); };
    auto of_fault = [&](Body action, int signal) {
      Told result{};
      task.in_child([&](Task& child) {
        child.handle(signal, [&](Task& handler, const Task::Delivery& delivery) {
          result = told(handler, delivery);
          handler.exit(0);
        });
        action(child);
      });
      return result;
    };
    UserAddr memory = task.map(2 * page, prot_read);
    EXPECT_EQ(of_fault([=](Task& child) { child.set(memory, 1); }, sigsegv), (Told{6, 14, 0, memory}));
    EXPECT_EQ(of_fault([=](Task& child) { child.get<int>(memory), child.set(memory + 8, 1); }, sigsegv), (Told{7, 14, 0, memory + 8}));
    EXPECT_EQ(of_fault([=](Task& child) { child.get<int>(memory - (256 << 20)); }, sigsegv), (Told{4, 14, 0, memory - (256 << 20)}));
    EXPECT_EQ(of_fault([](Task& child) { child.user().raise(hal::Exception::protection, 13, 0x6a); }, sigsegv), (Told{0x6a, 13, 0, 0}));
    // A fault that the kernel mends leaves nothing; one that became a signal is told by later signals, too.
    Told later{};
    task.handle(sigusr1, [&](Task& handler, const Task::Delivery& delivery) { later = told(handler, delivery); });
    task.set(task.map(page), 1);
    task.raise(sigusr1);
    EXPECT_EQ(later, (Told{}));
    task.handle(sigill, [](Task&, const Task::Delivery&) {});
    task.user().raise(hal::Exception::illegal_operand, 6);
    task.raise(sigusr1);
    EXPECT_EQ(later, (Told{0, 6, 0, 0}));
  });
}

TEST_P(Handler, AForkInheritsItAndItsMask) {
  check([](Task& task) {
    int calls = 0;
    task.handle(sigusr1, [&](Task&, const Task::Delivery&) { ++calls; });
    task.set_mask(bit(sigusr1));
    task.raise(sigusr1);
    EXPECT_EQ(task.in_child([&](Task& child) {
      EXPECT_EQ(child.pending(), 0u);  // pending signals are not inherited
      child.raise(sigusr1);
      EXPECT_EQ(calls, 0);
      child.set_mask(0);
      EXPECT_EQ(calls, 1);
    }),
              exited(0));
  });
}

TEST_P(Handler, ABadHandlerAddressIsAFault) {
  EXPECT_EQ(run([](Task& task) {
              task.set_action(sigusr1, {0x1230, 0, 0});
              task.raise(sigusr1);
            }),
            killed(sigsegv));
}

TEST_P(Handler, ADamagedFrameKills) {
  EXPECT_EQ(run([](Task& task) {
              task.handle(sigusr1, [](Task& handler, const Task::Delivery&) { handler.user().set(hal::Reg::sp, 0x4000); });
              task.raise(sigusr1);
            }),
            killed(sigsegv));
}

TEST_P(Handler, SigreturnWithoutAFrameKills) {
  EXPECT_EQ(run([](Task& task) {
              task.user().set(hal::Reg::sp, 0x4000);
              task.call(Call::rt_sigreturn);
            }),
            killed(sigsegv));
}

TEST_P(Handler, ManySignalsLeaveNothingBehind) {
  check([](Task& task) {
    int calls = 0;
    task.handle(sigusr1, [&](Task&, const Task::Delivery&) { ++calls; });
    UserAddr sp = task.user().get(hal::Reg::sp);
    for (int index = 0; index < 3000; ++index) task.raise(sigusr1);
    EXPECT_EQ(calls, 3000);
    EXPECT_EQ(task.user().get(hal::Reg::sp), sp);
  });
}

}  // namespace
}  // namespace halcyon::test
