#include "syscalls/boot.h"

#include <new>

#include "core/base/lock_guard.h"
#include "core/task/process/process.h"
#include "fs/calls/directories.h"

namespace halcyon {

System::System(hal::Machine& machine, const BootOptions& options)
    : options_(options), kernel_(machine, options.kernel), standard_files_(kernel_) {}

Result<> System::initialize() {
  Ref<Credentials> root = TRY(make_ref<Credentials>());
  root->permitted = root->effective = capability::all;
  root_credentials_ = std::move(root);
  abi_ = TRY(Abi::create(kernel_.machine()));
  kernel_.clock().show_in(&abi_->vdso().data());
  kernel_.machine().keep_vdso_data(&abi_->vdso().data());
  vfs_ = TRY(make<fs::Vfs>(time_, options_.dentry_limit, kernel_.cpu_count()));
  TRY(vfs_->initialize());
  TRY(standard_files_.add_to(*vfs_));
  Own<Scheduler> scheduler = TRY(make_scheduler(options_.kernel.scheduler, kernel_.cpu_count()));
  return kernel_.initialize(std::move(scheduler), *abi_);
}

System::~System() {
  kernel_.end();
  context_ = nullptr;
  vfs_.reset();
  kernel_.machine().keep_vdso_data(nullptr);
  kernel_.clock().show_in(nullptr);
  abi_.reset();
  root_credentials_ = nullptr;
}

Result<> System::mount_root(Ref<fs::FileSystem> root, std::string_view source, uint32_t flags) {
  context_ = TRY(vfs_->mount_root(std::move(root), source, flags));
  context_->set_umask(022);
  return {};
}

Result<Ref<Process>> System::spawn(SpawnRequest& request, String* missing) {
  ExecRequest exec;
  exec.path = exec.file_name = request.path;
  exec.walk = fs::walk_flag::follow;
  exec.arguments = std::move(request.arguments);
  exec.environment = std::move(request.environment);
  ResourceLimits limits = default_limits(kernel_.frames().total_pages());
  if (!request.credentials) request.credentials = root_credentials_;
  Ref<FsContext> copied = TRY(context_->copy());
  fs::Caller caller{fs::context_of(*copied), *request.credentials};
  TRY(fs::chdir(caller, request.working_directory));
  NewProgram program = TRY(prepare_program(caller, kernel_.machine(), *abi_, limits, exec, missing));
  return spawn_program(std::move(program), request);
}

Result<Ref<Process>> System::spawn_program(NewProgram program, SpawnRequest& request) {
  Thread::Resources resources;
  resources.memory = std::move(program.memory);
  resources.files = TRY(make_ref<FdTable>());
  resources.actions = TRY(make_ref<SignalActions>());
  resources.credentials = program.credentials   ? std::move(program.credentials)
                          : request.credentials ? request.credentials
                                                : root_credentials_;
  resources.fs = TRY(context_->copy());
  fs::Context& context = fs::context_of(*resources.fs);
  context.set_umask(request.umask);
  TRY(fs::chdir({context, *resources.credentials}, request.working_directory));
  for (int fd = 0; fd < 3; ++fd) {
    Ref<File>& file = request.files[static_cast<size_t>(fd)];
    if (!file) continue;
    TRY(resources.files->install_at(fd, std::move(file), false, 3));
  }
  LockGuard guard(kernel_.tree());
  int pid = TRY(kernel_.allocate_id());
  int group = request.leads_session ? pid : 0;
  Ref<Session> session = TRY(make_ref<Session>(group));
  Ref<Process> process = TRY(kernel_.add_process(pid, kernel_.init()));
  auto created = Thread::create(*process, pid, std::move(resources));
  if (!created) {
    kernel_.remove_process(*process);
    return std::unexpected(created.error());
  }
  Ref<Thread> thread = *std::move(created);
  kernel_.set_group(*process, group);
  process->session = std::move(session);
  process->limits = default_limits(kernel_.frames().total_pages());
  process->start_time = kernel_.clock().monotonic();
  program.name.copy(thread->name.data(), thread->name.size() - 1);
  hal::UserContext& registers = thread->context();
  registers.reset();
  registers.set(hal::Reg::pc, program.start);
  registers.set(hal::Reg::sp, program.stack_pointer);
  if (kernel_.options().first_program_is_init) kernel_.set_init(*process);
  kernel_.add_thread(*thread);
  kernel_.set_main_process(pid);
  thread->start();
  return process;
}

Result<std::unique_ptr<System>> make_kernel(hal::Machine& machine, const BootOptions& options) {
  std::unique_ptr<System> system(new (std::nothrow) System(machine, options));
  if (!system) return err::nomem;
  TRY(system->initialize());
  return system;
}

}  // namespace halcyon
