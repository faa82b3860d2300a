#include "tests/support/task.h"

namespace halcyon::test {
namespace {

constexpr size_t set_size = 8;
constexpr uint64_t sa_siginfo = 4, sa_restorer = 0x04000000;
constexpr int sig_block = 0, sig_unblock = 1, sig_setmask = 2;

struct X86Action {
  uint64_t handler, flags, restorer, mask;
};

uint64_t change_mask(Task& task, int how, uint64_t mask) {
  UserAddr old = task.room(set_size);
  EXPECT_EQ(task.call(Call::rt_sigprocmask, how, task.put(mask), old, set_size), ok);
  return task.get<uint64_t>(old);
}

}  // namespace

UserAddr Task::put_action(const Action& action) {
  if (!has_restorer()) return put(action);
  uint64_t restorer = program_layout::base + program_layout::sigreturn;
  return put(X86Action{action.handler, action.flags | sa_restorer, restorer, action.mask});
}

Outcome Task::set_action(int signal, const Action& action) {
  return call(Call::rt_sigaction, signal, put_action(action), nullptr, set_size);
}

Task::Action Task::get_action(int signal) {
  UserAddr old = room(sizeof(X86Action));
  EXPECT_EQ(call(Call::rt_sigaction, signal, nullptr, old, set_size), ok);
  if (!has_restorer()) return get<Action>(old);
  auto action = get<X86Action>(old);
  return {action.handler, action.flags & ~sa_restorer, action.mask};
}

uint64_t Task::handler_token(Handler handler) {
  return world_.token(
      [handler = std::move(handler)](Task& task) {
        auto signal = static_cast<int>(task.user().get(hal::Reg::arg0));
        handler(task, {signal, task.user().get(hal::Reg::arg1), task.user().get(hal::Reg::arg2)});
      },
      hal::Ending::ret);
}

void Task::handle(int signal, Handler handler, uint64_t flags, uint64_t mask) {
  EXPECT_EQ(set_action(signal, {handler_token(std::move(handler)), flags | sa_siginfo, mask}), ok);
}

uint64_t Task::block(uint64_t mask) { return change_mask(*this, sig_block, mask); }
uint64_t Task::unblock(uint64_t mask) { return change_mask(*this, sig_unblock, mask); }
uint64_t Task::set_mask(uint64_t mask) { return change_mask(*this, sig_setmask, mask); }

Outcome Task::raise(int signal) { return call(Call::tkill, call(Call::gettid), signal); }

Outcome Task::pause() {
  UserAddr old = room(set_size);
  call(Call::rt_sigprocmask, sig_block, nullptr, old, set_size);
  return call(Call::rt_sigsuspend, old, set_size);
}

Outcome Task::suspend(uint64_t mask) { return call(Call::rt_sigsuspend, put(mask), set_size); }

Siginfo Task::fault_of(Body action) {
  Siginfo told{};
  in_child([&](Task& child) {
    for (int signal : {sigsegv, sigbus, sigill, sigfpe, sigtrap})
      child.handle(signal, [&](Task& handler, const Delivery& delivery) {
        told = handler.get<Siginfo>(delivery.info);
        handler.exit(1);
      });
    action(child);
  });
  return told;
}

uint64_t Task::pending() {
  UserAddr place = room(set_size);
  EXPECT_EQ(call(Call::rt_sigpending, place, set_size), ok);
  return get<uint64_t>(place);
}

}  // namespace halcyon::test
