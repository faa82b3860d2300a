#include "tests/support/task.h"

namespace halcyon::test {
namespace {

constexpr uint64_t clone_sysvsem = 0x40000;
constexpr size_t stack_size = 32 << 10;

}  // namespace

hal::Program Task::wrap(Body body) {
  return [&world = world_, body = std::move(body)](hal::User& user) {
    Task task(world, user);
    body(task);
  };
}

Outcome Task::clone(const Clone& request, Body child) {
  auto from = [&](auto... rest) { return Outcome{user_.clone(wrap(std::move(child)), rest...)}; };
  if (has(Call::clone)) return from(number(Call::clone), request.flags, request.stack, request.parent_tid, request.child_tid, request.tls);
  return from(number(Call::clone_backwards), request.flags, request.stack, request.parent_tid, request.tls, request.child_tid);
}

int Task::fork(Body child) { return clone({.flags = sigchld}, std::move(child)); }

int Task::vfork(Body child) { return clone({.flags = clone_vm | clone_vfork | sigchld}, std::move(child)); }

int Task::thread(Body body, UserAddr done) {
  uint64_t flags = clone_vm | clone_fs | clone_files | clone_sighand | clone_thread | clone_sysvsem;
  if (done) {
    set(done, uint32_t{1});
    flags |= clone_child_cleartid;
  }
  return clone({.flags = flags, .stack = map(stack_size) + stack_size, .child_tid = done}, std::move(body));
}

void Task::join(UserAddr done) {
  while (uint32_t value = get<uint32_t>(done)) call(Call::futex, done, futex_wait, value, nullptr, nullptr, 0);
}

int Task::sleeper() {
  return fork([](Task& child) {
    for (;;) child.pause();
  });
}

int Task::wait(int pid) {
  UserAddr status = room(sizeof(int));
  Outcome waited = call(Call::wait4, pid, status, 0, nullptr);
  EXPECT_GT(waited, 0) << waited;
  return waited.is_error() ? -1 : get<int>(status);
}

void Task::exit(int status) {
  for (;;) call(Call::exit_group, status);
}

Outcome Task::execve(std::string_view path, const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  return call(Call::execve, path, put_strings(arguments), put_strings(environment));
}

}  // namespace halcyon::test
