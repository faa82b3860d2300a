// The bare machine's composition: from a machine that runs to a first program, and from its end to the machine's.
//
// Parameters of the command line: init=PATH (else /init, /sbin/init, /bin/sh; what follows -- are its arguments), console=NAME,
// scheduler=NAME, hostname=NAME, winsize=ROWSxCOLUMNS of the terminal behind the console, loglevel=N: above 5 the kernel says what it does,
// crash: there is a /dev/crash (crash_device.h).
//
// The first program is pid 1, as on Linux: it gets the orphans, no signal reaches it that it does not handle, and with its end the
// machine's comes. One that is called init finds itself in session and group 0, without a terminal, and gives terminals to others; whatever
// else is run that way leads a session on the console.
//
// The first line on the serial line is `halcyon: start`; the last one is `halcyon: exit N`, N being what a shell would call the first
// program's status. A machine that the program turned off by reboot(2) ends with 0.
#include <charconv>

#include "core/base/assert.h"
#include "core/base/lock_guard.h"
#include "core/task/process/process.h"
#include "core/tty/tty.h"
#include "fs/calls/attributes.h"
#include "fs/calls/names.h"
#include "fs/calls/open.h"
#include "fs/devfs/terminal_devices.h"
#include "hal-baremetal/boot/command_line.h"
#include "hal-baremetal/boot/crash_device.h"
#include "hal-baremetal/boot/initramfs.h"
#include "hal-baremetal/common/boot/boot_info.h"
#include "hal-baremetal/common/boot/boot_memory.h"
#include "hal-baremetal/common/panic.h"
#include "syscalls/boot.h"

namespace halcyon {
namespace {

constexpr unsigned default_loglevel = 4, informational = 6;

// The start cannot go on; nobody's bug, so no backtrace.
template <class... T>
[[noreturn]] void refuse(fmt::format_string<T...> format, T&&... arguments) {
  Writer& out = hal::early_console();
  out.write("halcyon: ");
  print(out, format, std::forward<T>(arguments)...);
  out.write("\n");
  hal::halt();
}

template <class T>
T require(Result<T> result, std::string_view what) {
  if (!result) refuse("{}: {}", what, errno_text(result.error()));
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

void print_current(Writer& out) {
  PerCpu& cpu = per_cpu();
  if (!cpu.current || !cpu.kernel) return;
  Thread& thread = *cpu.current;
  std::string_view name(thread.name.data(), thread.name.size());
  print(out, "  thread {} of process {}, \"{}\"\n", thread.tid(), thread.process().pid(), name.substr(0, name.find('\0')));
}

hal::WindowSize parse_window_size(std::string_view text) {
  hal::WindowSize size;
  const char* end = text.data() + text.size();
  auto rows = std::from_chars(text.data(), end, size.rows);
  if (rows.ec != std::errc() || rows.ptr == end || *rows.ptr != 'x') return {};
  auto columns = std::from_chars(rows.ptr + 1, end, size.columns);
  return columns.ec == std::errc() && columns.ptr == end && size.rows != 0 && size.columns != 0 ? size : hal::WindowSize{};
}

// Everything that lives as long as the machine runs.
class BootedSystem {
 public:
  BootedSystem(hal::BareMachine& machine, const BootInfo& info)
      : machine_(machine),
        info_(info),
        command_line_(info.command_line, static_cast<char*>(hal::allocate_for_boot(info.command_line.size() + 1, 1))) {}

  [[noreturn]] void run();

 private:
  bool is_talkative() const { return command_line_.number("loglevel").value_or(default_loglevel) >= informational; }
  template <class... T>
  void say(fmt::format_string<T...> format, T&&... arguments) {
    if (!is_talkative()) return;
    Writer& out = hal::early_console();
    int64_t milliseconds = machine_.monotonic_time() / 1'000'000;
    print(out, "halcyon: [{}.{:03}] ", milliseconds / 1000, milliseconds % 1000);
    print(out, format, std::forward<T>(arguments)...);
    out.write("\n");
  }

  void choose_console();
  void make_system();
  void make_tree();
  void make_crash_device();
  void unpack();
  std::string_view find_init();
  void spawn_init(std::string_view path);
  [[noreturn]] void end(int status);

  hal::BareMachine& machine_;
  const BootInfo info_;
  CommandLine command_line_;
  System* system_ = nullptr;
  Tty* tty_ = nullptr;
};

void BootedSystem::choose_console() {
  if (auto size = command_line_.value("winsize")) machine_.set_window_size(parse_window_size(*size));
  auto console = command_line_.value("console");
  if (!console) return;
  std::string_view name = console->substr(0, console->find(','));
  if (!machine_.select_console(name)) print(hal::early_console(), "halcyon: console={}: no such device\n", name);
}

void BootedSystem::make_system() {
  BootOptions options;
  options.kernel.first_program_is_init = true;
  if (auto scheduler = command_line_.value("scheduler")) options.kernel.scheduler = *scheduler;
  if (auto name = command_line_.value("hostname")) options.kernel.host_name = *name;
  auto system = make_kernel(machine_, options);
  if (!system && system.error() == Errno::inval) refuse("scheduler={}: there is none of that name", options.kernel.scheduler);
  system_ = require(std::move(system), "cannot start the kernel").release();
  hal::describe_current = print_current;
  tty_ = &hal::make_for_boot<Tty>(system_->kernel(), machine_.console());
  require(tty_->start(), "cannot start the terminal");
  system_->vfs().devices().add(hal::make_for_boot<fs::ConsoleDevice>(*tty_));
  system_->vfs().devices().add(hal::make_for_boot<fs::ControllingTerminal>());
  FrameAllocator& frames = system_->kernel().frames();
  say("{} CPUs, {} KiB of memory, {} KiB free", machine_.cpu_count(), frames.total_pages() * 4, frames.free_pages() * 4);
}

void BootedSystem::make_tree() {
  Ref<fs::FileSystem> root = require(system_->vfs().make("tmpfs", "mode=755"), "cannot make a root file system");
  require(system_->mount_root(std::move(root), "rootfs"), "cannot mount the root file system");
  if (info_.initramfs.size == 0) refuse("there is no initramfs: nothing to run");
  unpack();
  require(system_->mount_standard(), "cannot mount /dev");
  if (command_line_.has("crash")) make_crash_device();
}

void BootedSystem::make_crash_device() {
  constexpr uint32_t character_device = 0020000, owner_writes = 0200;
  system_->vfs().devices().add(hal::make_for_boot<CrashDevice>());
  require(fs::mknod(system_->caller(), {}, "/dev/crash", character_device | owner_writes, CrashDevice::device), "cannot make /dev/crash");
}

// Afterwards the archive's memory is the core's, as far as it lies within what the core manages.
void BootedSystem::unpack() {
  uint64_t start = info_.initramfs.start, end = start + info_.initramfs.size;
  FixedText<256> complaint;
  if (!unpack_initramfs({machine_.direct_map() + start, info_.initramfs.size}, system_->caller(), complaint))
    refuse("{}", complaint.view());
  start = page_ceil(start);
  end = page_floor(end);
  for (const auto& hole : machine_.memory().holes)
    if (start < end && start >= hole.start && end <= hole.start + hole.size) system_->kernel().frames().add(start, end - start);
  say("unpacked an initramfs of {} KiB, {} KiB free", info_.initramfs.size >> 10, system_->kernel().frames().free_pages() * 4);
}

std::string_view BootedSystem::find_init() {
  if (auto init = command_line_.value("init")) return *init;
  for (std::string_view path : {"/init", "/sbin/init", "/bin/sh"})
    if (fs::stat(system_->caller(), {}, path, fs::walk_flag::follow)) return path;
  refuse("there is no /init, /sbin/init or /bin/sh in the initramfs");
}

void BootedSystem::spawn_init(std::string_view path) {
  SpawnRequest spawn;
  spawn.path = path;
  require(spawn.arguments.add(path), "init");
  command_line_.for_each_argument([&](std::string_view word) { require(spawn.arguments.add(word), "init"); });
  for (std::string_view variable : {"HOME=/", "PATH=/bin:/sbin:/usr/bin:/usr/sbin", "TERM=linux"})
    require(spawn.environment.add(variable), "init");
  Ref<File> terminal =
      require(fs::open(system_->caller(), {}, "/dev/console", open_flag::read_write | open_flag::no_ctty, 0), "/dev/console");
  spawn.files = {terminal, terminal, terminal};
  spawn.leads_session = path.substr(path.rfind('/') + 1) != "init";
  String missing;
  auto process = system_->spawn(spawn, &missing);
  if (!process && !missing.is_empty()) refuse("{}: its interpreter {} is not there", path, missing.view());
  if (!process) refuse("{}: cannot be executed: {}", path, errno_text(process.error()));
  if (!spawn.leads_session) return;
  LockGuard guard(system_->kernel().tree());
  tty_->attach(**process);
}

// What programs wrote last may still wait for the line.
void BootedSystem::end(int status) {
  constexpr int64_t patience = 5'000'000'000;
  for (int64_t start = machine_.monotonic_time(); !tty_->flush() && machine_.monotonic_time() - start < patience;) hal::spin_pause();
  int signal = status & 0x7f;
  Writer& out = hal::early_console();
  if (signal != 0) print(out, "halcyon: init was killed by signal {}\n", signal);
  print(out, "halcyon: exit {}\n", signal != 0 ? 128 + signal : status >> 8 & 0xff);
  switch (system_->kernel().ending()) {
    case Ending::restart: machine_.restart(); break;
    case Ending::halt: out.write("halcyon: halted\n"); break;
    case Ending::main_exit:
    case Ending::power_off: machine_.power_off(false); break;
  }
  for (;;) hal::idle();
}

void BootedSystem::run() {
  choose_console();
  make_system();
  make_tree();
  std::string_view init = find_init();
  spawn_init(init);
  say("starting {}", init);
  end(system_->run());
}

}  // namespace

void boot(hal::BareMachine& machine, const BootInfo& info) { hal::make_for_boot<BootedSystem>(machine, info).run(); }

}  // namespace halcyon
