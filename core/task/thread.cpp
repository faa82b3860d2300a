// The life of a thread object, and sharing what it uses.
#include "core/task/thread.h"

#include "core/base/lock_guard.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

Result<Ref<Thread>> Thread::create(Process& process, int tid, Resources resources) {
  Ref<Thread> thread = TRY(make_ref<Thread>(process, tid));
  thread->resources_ = std::move(resources);
  thread->context_ = process.kernel().machine().new_context();
  if (!thread->context_) return err::nomem;
  thread->stack_ = hal::allocate_stack();
  if (!thread->stack_.base) return err::nomem;
  if (process.kernel().observer()) thread->syscall_work = syscall_work::observe;
  return thread;
}

Result<Ref<Thread>> Thread::create_kernel(Process& process, int tid, void (*entry)(void*), void* argument) {
  Ref<Thread> thread = TRY(make_ref<Thread>(process, tid));
  thread->stack_ = hal::allocate_stack();
  if (!thread->stack_.base) return err::nomem;
  thread->kernel_function_ = entry;
  thread->kernel_argument_ = argument;
  return thread;
}

Thread::~Thread() {
  if (stack_.base) hal::free_stack(stack_);
}

Kernel& Thread::kernel() const { return process_->kernel(); }

void Thread::start() {
  hal::prepare_stack(stack_, entry, this);
  start_time = kernel().clock().monotonic();
  retain();  // the scheduler's reference; finish_switch drops it when the thread is dead
  state_.store(RunState::ready, std::memory_order_release);
  kernel().make_ready(*this, true);
}

void Thread::entry(void* argument) {
  finish_switch();
  auto& self = *static_cast<Thread*>(argument);
  if (self.kernel_function_) self.kernel_function_(self.kernel_argument_);
  else self.run_user();
  self.exit();
}

Thread::Resources Thread::share_resources() {
  LockGuard guard(kernel().tree());
  return resources_;
}

namespace {

// Exchanges under the tree lock; the old value goes after it.
template <class T>
void replace(Thread& thread, Ref<T>& member, Ref<T> value) {
  LockGuard guard(thread.kernel().tree());
  std::swap(member, value);
  // `value` is a parameter: destroyed by the caller's full expression, after the guard.
}

}  // namespace

void Thread::replace_memory(Ref<AddressSpace> memory) { replace(*this, resources_.memory, std::move(memory)); }
void Thread::replace_files(Ref<FdTable> files) { replace(*this, resources_.files, std::move(files)); }
void Thread::replace_fs(Ref<FsContext> fs) { replace(*this, resources_.fs, std::move(fs)); }
void Thread::replace_credentials(Ref<const Credentials> credentials) { replace(*this, resources_.credentials, std::move(credentials)); }
void Thread::replace_actions(Ref<SignalActions> actions) { replace(*this, resources_.actions, std::move(actions)); }

}  // namespace halcyon
