#include "core/base/lock_guard.h"
#include "core/mm/user_memory.h"
#include "core/task/exec/exec.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

Result<> replace_program(Thread& self, NewProgram program) {
  Process& process = self.process();
  Ref<SignalActions> actions = TRY(make_ref<SignalActions>());
  for (int signal = 1; signal <= signal_count; ++signal) {
    if (self.actions().get(signal).handler != SignalAction::ignore) continue;
    SignalAction ignore;
    ignore.handler = SignalAction::ignore;
    actions->exchange(signal, ignore);
  }
  Ref<FdTable> files = self.files().reference_count() > 1 ? TRY(self.files().copy()) : Ref<FdTable>(self.files());
  TRY(process.become_single_threaded(self));

  release_vfork_parent(self);
  self.leave_memory();
  self.has_left_pi_futexes = false;
  program.memory->refuses_huge_pages = self.memory().refuses_huge_pages.load();
  self.replace_memory(std::move(program.memory));
  files->drop_close_on_exec();
  self.replace_files(std::move(files));
  self.replace_actions(std::move(actions));
  self.replace_credentials(std::move(program.credentials));
  self.signal_stack() = SignalStack{};
  self.restartable = {};
  self.user_dispatch = {};
  self.syscall_work.fetch_and(~syscall_work::dispatch, std::memory_order_relaxed);
  self.restart_block() = RestartBlock{};
  self.name.fill('\0');
  program.name.copy(self.name.data(), self.name.size() - 1);
  {
    LockGuard guard(self.kernel().tree());
    process.has_executed = true;
    process.posix_timers.clear();
    process.exit_signal = sig::chld;
    const Credentials& who = self.credentials();
    bool is_set_id = who.euid != who.uid || who.egid != who.gid;
    process.is_dumpable = !is_set_id;
    if (is_set_id) self.parent_death_signal = 0;
    uint32_t lost = is_set_id ? personality::cleared_on_set_id : 0;
    lost |= self.kernel().personality().personality_lost_on_exec();
    self.personality &= ~lost;
  }
  hal::UserContext& context = self.context();
  context.reset();
  context.set(hal::Reg::pc, program.start);
  context.set(hal::Reg::sp, program.stack_pointer);
  return {};
}

}  // namespace halcyon
