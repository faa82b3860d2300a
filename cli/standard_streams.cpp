#include "cli/standard_streams.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include <climits>

#include "cli/failure.h"
#include "cli/require.h"
#include "core/task/process/credentials.h"
#include "fs/calls/attributes.h"
#include "fs/calls/open.h"
#include "syscalls/boot.h"

namespace halcyon::cli {
namespace {

// The host's /dev/null; the guest has one of its own.
bool is_null(const struct stat& info) { return S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3); }

bool reads(int flags) { return (flags & O_ACCMODE) != O_WRONLY; }
bool writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }

// What /proc/PID/fd/N shows.
std::string name_of(int fd) {
  std::array<char, PATH_MAX> text;
  ssize_t size = readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), text.data(), text.size());
  return size > 0 ? std::string(text.data(), static_cast<size_t>(size)) : "pipe:[host]";
}

bool is_shared_kind(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
}

}  // namespace

StandardStreams::StandardStreams(hal::HostPoll& poll) {
  find_terminal();
  for (int fd = 0; fd < 3; ++fd) {
    Slot& slot = slots_[static_cast<size_t>(fd)];
    struct stat info;
    // O_PATH: main() occupied one that the caller had closed.
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_PATH) || fstat(fd, &info) != 0) continue;
    slot.flags = static_cast<uint32_t>(flags) & (open_flag::access_mode | open_flag::append | open_flag::nonblock);
    bool is_console = terminal_device_ != 0 && S_ISCHR(info.st_mode) && info.st_rdev == terminal_device_;
    slot.kind = is_console ? Kind::terminal : is_null(info) ? Kind::null : Kind::stream;
    if (slot.kind != Kind::stream) continue;
    slot.name = poll.is_deterministic() ? "pipe:[host]" : name_of(fd);
    slot.stream.emplace(poll, reads(flags) ? fd : -1, writes(flags) ? fd : -1);
    slot.device.emplace(*slot.stream, slot.name);
  }
}

StandardStreams::~StandardStreams() {
  if (opened_ >= 0) close(opened_);
}

// The first that is one decides; a second terminal is a device like others.
void StandardStreams::find_terminal() {
  for (int fd : {0, 1, 2}) {
    struct stat info;
    if (!isatty(fd) || fstat(fd, &info) != 0) continue;
    if (terminal_device_ == 0) terminal_device_ = info.st_rdev;
    if (terminal_device_ != info.st_rdev) continue;
    int flags = fcntl(fd, F_GETFL);
    if (reads(flags) && terminal_.input < 0) terminal_.input = fd;
    if (writes(flags) && terminal_.output < 0) terminal_.output = fd;
    if (tcgetpgrp(fd) >= 0) is_controlling_ = true;
  }
  if (terminal_device_ == 0 || is_controlling_) open_controlling();
  // Who reads what we write, or writes what we read, may read the terminal, too.
  terminal_.is_alone = terminal_.input == 0 && !is_shared_kind(1) && !is_shared_kind(2);
  if (terminal_.output < 0) terminal_.output = 2;
}

// A program may talk to its user through /dev/tty, whatever its streams are.
void StandardStreams::open_controlling() {
  if (terminal_.input >= 0 && terminal_.output >= 0) return;
  opened_ = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (opened_ < 0) return;
  is_controlling_ = true;
  if (terminal_.input < 0) terminal_.input = opened_;
  if (terminal_.output < 0) terminal_.output = opened_;
}

void StandardStreams::start(Kernel& kernel) {
  for (Slot& slot : slots_)
    if (slot.device) slot.device->start(kernel);
}

// /dev/console becomes the caller's as a login would make it: programs find its name (ttyname(3)), and may open it again.
std::array<Ref<File>, 3> StandardStreams::open(System& system, const Credentials& owner) {
  constexpr std::string_view path = "/dev/console";
  fs::Caller root = system.caller();
  if (terminal_device_ != 0 || is_controlling_) {
    require(fs::chown(root, {}, path, owner.uid, fs::keep_id, fs::walk_flag::follow), "terminal");
    require(fs::chmod(root, {}, path, 0620, fs::walk_flag::follow), "terminal");
  }
  std::array<Ref<File>, 3> files;
  for (size_t fd = 0; fd < 3; ++fd) {
    Slot& slot = slots_[fd];
    if (slot.kind == Kind::terminal) {
      // One description where the host has one, as a login leaves it.
      for (size_t other = 0; other < fd && !files[fd]; ++other)
        if (slots_[other].kind == Kind::terminal && slots_[other].flags == slot.flags) files[fd] = files[other];
      if (!files[fd]) files[fd] = require(fs::open(root, {}, path, slot.flags | open_flag::no_ctty, 0), "terminal");
    } else if (slot.kind == Kind::null) {
      files[fd] = require(fs::open(root, {}, "/dev/null", slot.flags, 0), "standard streams");
    } else if (slot.device) {
      files[fd] = require(open_stream(*slot.device, slot.flags), "standard streams");
    }
  }
  return files;
}

}  // namespace halcyon::cli
