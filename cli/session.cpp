// The life of a session: streams, machine, kernel, tree of files, program; then back.
//
// Order matters on the way out: the kernel ends its processes while their terminal and streams still exist, so those are declared before
// it; only the terminal's service stops before the kernel goes.
#include "cli/session.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <optional>

#include "cli/death/guest_death.h"
#include "cli/failure.h"
#include "cli/require.h"
#include "cli/standard_streams.h"
#include "cli/trace_output.h"
#include "core/base/lock_guard.h"
#include "core/task/process/process.h"
#include "core/tty/tty.h"
#include "fs/devfs/terminal_devices.h"
#include "hal-unicorn/unicorn_machine.h"
#include "hal/hosted/host/host_signals.h"
#include "syscalls/boot.h"
#include "syscalls/strace/strace.h"

namespace halcyon::cli {
namespace {

using WallClock = std::chrono::steady_clock;

std::unique_ptr<hal::HostedMachine> make_machine(const RunOptions& options, hal::Isa isa, hal::HostPoll& poll, hal::Console& console) {
  hal::UnicornOptions wanted;
  wanted.isa = isa;
  wanted.cpu_count = options.cpus;
  wanted.memory = options.memory;
  wanted.is_deterministic = options.seed.has_value();
  wanted.seed = options.seed.value_or(0);
  wanted.poll = &poll;
  wanted.console = &console;
  auto machine = hal::make_unicorn_machine(wanted);
  if (!machine) fail(exit_status::own_failure, "cannot make a machine: {}", machine.error());
  return *std::move(machine);
}

Ref<const Credentials> credentials_of(const GuestUser& user) {
  Ref<Credentials> credentials = require(make_ref<Credentials>(), "credentials");
  credentials->uid = credentials->euid = credentials->suid = credentials->fsuid = user.uid;
  credentials->gid = credentials->egid = credentials->sgid = credentials->fsgid = user.gid;
  for (uint32_t group : user.groups) require(credentials->groups.push(group), "credentials");
  if (user.uid == 0) credentials->permitted = credentials->effective = capability::all;
  return credentials;
}

// The guest acts as the caller.
Ref<const Credentials> host_credentials() {
  Ref<Credentials> credentials = require(make_ref<Credentials>(), "credentials");
  getresuid(&credentials->uid, &credentials->euid, &credentials->suid);
  getresgid(&credentials->gid, &credentials->egid, &credentials->sgid);
  credentials->fsuid = credentials->euid;
  credentials->fsgid = credentials->egid;
  std::vector<gid_t> groups(static_cast<size_t>(std::max(getgroups(0, nullptr), 0)));
  int count = getgroups(static_cast<int>(groups.size()), groups.data());
  for (int index = 0; index < count; ++index) require(credentials->groups.push(groups[static_cast<size_t>(index)]), "credentials");
  if (credentials->euid == 0) credentials->permitted = credentials->effective = capability::all;
  return credentials;
}

StringList make_list(const std::vector<std::string>& strings) {
  StringList list;
  for (const std::string& each : strings) require(list.add(each), "arguments");
  return list;
}

[[noreturn]] void fail_to_start(const std::string& name, Errno error, std::string_view missing) {
  if (!missing.empty()) fail(exit_status::not_found, "{}: its interpreter {} is not in the guest's root", name, missing);
  switch (error) {
    case Errno::noent:
    case Errno::notdir: fail(exit_status::not_found, "{}: not found", name);
    case Errno::nomem: fail(exit_status::own_failure, "{}: not enough memory to start it; give more --memory", name);
    default: fail(exit_status::not_executable, "{}: cannot be executed: {}", name, errno_name(error));
  }
}

uint32_t host_umask() {
  mode_t mask = umask(0);
  umask(mask);
  return mask;
}

// What programs wrote last may still wait for the terminal; a terminal that stays blocked loses it.
void drain(Tty& tty, int fd) {
  constexpr int patience_ms = 2000;
  while (!tty.flush()) {
    pollfd wait{fd, POLLOUT, 0};
    if (::poll(&wait, 1, patience_ms) <= 0) return;
  }
}

void print_summary(Kernel& kernel, WallClock::time_point start, RunOptions::Summary kind) {
  KernelStatistics counts = kernel.statistics();
  double seconds = std::chrono::duration<double>(WallClock::now() - start).count();
  constexpr std::string_view text = "halcyon: {} system calls, {} page faults, {} switches, {} blocks, {:.3f} s wall time\n";
  constexpr std::string_view json =
      "{{\"system_calls\": {}, \"page_faults\": {}, \"switches\": {}, \"blocks\": {}, \"wall_seconds\": {:.6f}}}\n";
  complain(fmt::format(fmt::runtime(kind == RunOptions::Summary::json ? json : text), counts.system_calls, counts.page_faults,
                       counts.switches, kernel.machine().work_done(), seconds));
}

// --strace. Made before the kernel, for it has to outlive every thread.
class Trace {
 public:
  explicit Trace(const RunOptions& options) {
    if (!options.strace) return;
    output_.emplace(options.strace_file);
    strace_.emplace(*output_, strace::Strace::Options{.shows_time = options.strace_times});
  }
  void start(Kernel& kernel) {
    if (strace_) kernel.set_observer(&*strace_);
  }
  void started(Process& process, const SessionRequest& request) {
    if (!strace_) return;
    Thread& thread = *process.main_thread();
    std::vector<std::string_view> arguments(request.options.arguments.begin(), request.options.arguments.end());
    strace_->started(thread, request.program.path, arguments, request.environment.size(), thread.context().get(hal::Reg::sp));
  }

 private:
  std::optional<TraceOutput> output_;
  std::optional<strace::Strace> strace_;
};

struct TerminalService {
  Tty& tty;
  ~TerminalService() { tty.stop(); }
};

// What halcyon exits with, for a main program that ended with `status` (wait4's encoding); says how it died.
int end(const RunOptions& options, const hal::HostConsole& console, int status, const DeathWatch& death) {
  if (console.is_out_of_time()) {
    if (!options.quiet) complain(fmt::format("halcyon: {}: ended by --timeout\n", options.arguments[0]));
    return exit_status::timed_out;
  }
  int signal = status & 0x7f;
  if (signal == 0) return status >> 8 & 0xff;
  if (!options.quiet)
    complain(console.was_ended() ? "halcyon: ended by Ctrl-] .\n" : describe_death(options.arguments[0], signal, death.death()));
  return exit_status::signal_base + signal;
}

}  // namespace

int run_session(SessionRequest request) {
  const RunOptions& options = request.options;
  auto start = WallClock::now();
  hal::HostPoll poll;
  if (options.seed) poll.set_deterministic();
  StandardStreams streams(poll);
  Trace trace(options);
  hal::HostConsole console(poll, streams.terminal());
  if (options.timeout > 0) {
    poll.watch_signals();
    hal::set_host_timeout(options.timeout, exit_status::timed_out);
  }
  auto machine = make_machine(options, request.program.isa, poll, console);
  std::optional<Tty> tty;
  std::optional<fs::ConsoleDevice> console_device;
  fs::ControllingTerminal controlling_terminal;
  BootOptions boot;
  boot.kernel.scheduler = options.scheduler;
  boot.kernel.host_name = options.host_name;
  auto system = require(make_kernel(*machine, boot), "cannot start the kernel");
  Kernel& kernel = system->kernel();
  tty.emplace(kernel, console);
  TerminalService service{*tty};
  if (hal::has_job_control()) kernel.set_job_owner(*tty);
  require(tty->start(), "cannot start the terminal");
  console_device.emplace(*tty);
  system->vfs().devices().add(*console_device);
  system->vfs().devices().add(controlling_terminal);
  streams.start(kernel);
  trace.start(kernel);
  DeathWatch death;
  kernel.set_death_observer(death);
  mount_guest_root(*system, request.tree);
  require(system->mount_standard(), "cannot mount /dev");
  mount_binds(*system, request.tree);

  {
    SpawnRequest spawn;
    spawn.path = request.program.path;
    spawn.arguments = make_list(options.arguments);
    spawn.environment = make_list(request.environment);
    spawn.working_directory = request.working_directory;
    spawn.credentials = request.user ? credentials_of(*request.user) : host_credentials();
    spawn.files = streams.open(*system, *spawn.credentials);
    spawn.umask = host_umask();
    String missing;
    auto process = system->spawn(spawn, &missing);
    if (!process) fail_to_start(options.arguments[0], process.error(), missing.view());
    trace.started(**process, request);
    if (streams.is_controlling()) {
      LockGuard guard(kernel.tree());
      tty->attach(**process);
    }
  }
  int status = system->run();
  drain(*tty, streams.terminal().output);
  console.give_back();
  if (options.time != RunOptions::Summary::none) print_summary(kernel, start, options.time);
  return end(options, console, status, death);
}

}  // namespace halcyon::cli
