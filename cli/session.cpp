// The life of a session: streams, machine, kernel, tree of files, program; then back.
//
// Order matters on the way out: the kernel ends its processes while their terminal and streams still exist, so those are declared before
// it; only the terminal's service stops before the kernel goes.
#include "cli/session.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <optional>

#include "cli/failure.h"
#include "cli/trace_output.h"
#include "core/base/lock_guard.h"
#include "core/task/process/process.h"
#include "core/tty/stream_file.h"
#include "core/tty/tty.h"
#include "fs/calls/attributes.h"
#include "fs/calls/open.h"
#include "fs/devfs/terminal_devices.h"
#include "hal-unicorn/unicorn_machine.h"
#include "hal/hosted/host/host_streams.h"
#include "syscalls/boot.h"
#include "syscalls/strace/strace.h"

namespace halcyon::cli {
namespace {

using WallClock = std::chrono::steady_clock;

template <class T>
T require(Result<T> result, std::string_view what) {
  if (!result) fail(exit_status::own_failure, "{}: {}", what, errno_name(result.error()));
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// The host's descriptors 0 to 2 as the guest gets them.
class StandardStreams {
 public:
  explicit StandardStreams(hal::HostPoll& poll) {
    for (int fd = 0; fd < 3; ++fd) {
      Slot& slot = slots_[static_cast<size_t>(fd)];
      // O_PATH: main() occupied one that the caller had closed.
      if (int flags = fcntl(fd, F_GETFL); flags < 0 || (flags & O_PATH)) continue;
      slot.kind = isatty(fd) ? Kind::terminal : is_null(fd) ? Kind::null : Kind::stream;
      if (slot.kind != Kind::stream) continue;
      slot.stream.emplace(poll, fd == 0 ? 0 : -1, fd == 0 ? -1 : fd);
      slot.device.emplace(*slot.stream, attributes_of(fd));
    }
  }

  bool is_terminal(int fd) const { return slots_[static_cast<size_t>(fd)].kind == Kind::terminal; }
  bool has_terminal() const { return is_terminal(0) || is_terminal(1) || is_terminal(2); }
  // Where the console's output goes if descriptor 0 is no terminal.
  int fallback() const { return is_terminal(1) ? 1 : 2; }

  void start(Kernel& kernel) {
    for (Slot& slot : slots_)
      if (slot.device) slot.device->start(kernel);
  }
  // `terminal` is shared by all that are one.
  std::array<Ref<File>, 3> open(const Ref<File>& terminal, const fs::Caller& caller) {
    std::array<Ref<File>, 3> files;
    for (size_t fd = 0; fd < 3; ++fd) {
      Slot& slot = slots_[fd];
      uint32_t flags = fd == 0 ? open_flag::read_only : open_flag::write_only;
      if (slot.kind == Kind::terminal) files[fd] = terminal;
      else if (slot.kind == Kind::null) files[fd] = require(fs::open(caller, {}, "/dev/null", flags, 0), "standard streams");
      else if (slot.device) files[fd] = require(open_stream(*slot.device, flags), "standard streams");
    }
    return files;
  }

 private:
  enum class Kind { closed, terminal, null, stream };
  struct Slot {
    Kind kind = Kind::closed;
    std::optional<hal::HostStream> stream;
    std::optional<StreamDevice> device;
  };

  // The host's /dev/null; the guest has one of its own.
  static bool is_null(int fd) {
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3);
  }

  // A regular file looks like a pipe: it cannot be sought through a stream.
  static Attributes attributes_of(int fd) {
    Attributes attributes;
    attributes.type = FileType::fifo;
    attributes.permissions = 0600;
    attributes.uid = getuid();
    attributes.gid = getgid();
    struct stat info;
    if (fstat(fd, &info) != 0) return attributes;
    if (S_ISSOCK(info.st_mode)) attributes.type = FileType::socket;
    if (S_ISCHR(info.st_mode)) {
      attributes.type = FileType::character_device;
      attributes.permissions = info.st_mode & 0777;
      attributes.special_device = make_device(major(info.st_rdev), minor(info.st_rdev));
    }
    attributes.inode = info.st_ino;
    return attributes;
  }

  std::array<Slot, 3> slots_;
};

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

// /dev/console, which becomes the caller's as a login would make it: programs find its name (ttyname(3)), and may open it again.
Ref<File> open_terminal(System& system, const Credentials& owner) {
  constexpr std::string_view path = "/dev/console";
  fs::Caller root = system.caller();
  require(fs::chown(root, {}, path, owner.uid, fs::keep_id, fs::walk_flag::follow), "terminal");
  require(fs::chmod(root, {}, path, 0620, fs::walk_flag::follow), "terminal");
  return require(fs::open(root, {}, path, open_flag::read_write | open_flag::no_ctty, 0), "terminal");
}

// What programs wrote last may still wait for the terminal; a terminal that stays blocked loses it.
void drain(Tty& tty, int fd) {
  constexpr int patience_ms = 2000;
  while (!tty.flush()) {
    pollfd wait{fd, POLLOUT, 0};
    if (::poll(&wait, 1, patience_ms) <= 0) return;
  }
}

void print_summary(Kernel& kernel, WallClock::time_point start) {
  KernelStatistics counts = kernel.statistics();
  double seconds = std::chrono::duration<double>(WallClock::now() - start).count();
  complain(fmt::format("halcyon: {} system calls, {} page faults, {} switches, {} blocks, {:.3f} s wall time\n", counts.system_calls,
                       counts.page_faults, counts.switches, kernel.machine().work_done(), seconds));
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

}  // namespace

int run_session(SessionRequest request) {
  const RunOptions& options = request.options;
  auto start = WallClock::now();
  hal::HostPoll poll;
  if (options.seed) poll.set_deterministic();
  StandardStreams streams(poll);
  Trace trace(options);
  int terminal = streams.is_terminal(0) ? 0 : -1;
  hal::HostConsole console(poll, terminal, streams.fallback());
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
  require(tty->start(), "cannot start the terminal");
  console_device.emplace(*tty);
  system->vfs().devices().add(*console_device);
  system->vfs().devices().add(controlling_terminal);
  streams.start(kernel);
  trace.start(kernel);
  mount_guest_root(*system, request.tree);
  require(system->mount_standard(), "cannot mount /dev");
  mount_binds(*system, request.tree);

  int status;
  {
    SpawnRequest spawn;
    spawn.path = request.program.path;
    spawn.arguments = make_list(options.arguments);
    spawn.environment = make_list(request.environment);
    spawn.working_directory = request.working_directory;
    spawn.credentials = host_credentials();
    Ref<File> terminal_file;
    if (streams.has_terminal()) terminal_file = open_terminal(*system, *spawn.credentials);
    spawn.files = streams.open(terminal_file, system->caller());
    spawn.umask = host_umask();
    String missing;
    auto process = system->spawn(spawn, &missing);
    if (!process) fail_to_start(options.arguments[0], process.error(), missing.view());
    trace.started(**process, request);
    if (streams.has_terminal()) {
      LockGuard guard(kernel.tree());
      tty->attach(**process);
    }
  }
  status = system->run();
  drain(*tty, terminal >= 0 ? terminal : streams.fallback());
  if (options.time) print_summary(kernel, start);
  int signal = status & 0x7f;
  return signal != 0 ? exit_status::signal_base + signal : status >> 8 & 0xff;
}

}  // namespace halcyon::cli
