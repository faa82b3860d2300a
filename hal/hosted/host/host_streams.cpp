#include "hal/hosted/host/host_streams.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace halcyon::hal {
namespace {

constexpr size_t largest_write = 4096;
constexpr int deterministic_wait = 50;  // milliseconds, for the rest of a chunk of redirected input

bool is_regular_file(int descriptor) {
  struct stat status;
  return descriptor >= 0 && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

bool polls(int descriptor, short events, int wait) {
  pollfd entry{descriptor, events, 0};
  return poll(&entry, 1, wait) > 0;
}

int output_of(int terminal, int fallback) {
  if (!isatty(terminal)) return fallback;
  return (fcntl(terminal, F_GETFL) & O_ACCMODE) == O_RDONLY ? fallback : terminal;
}

}  // namespace

HostChannel::HostChannel(HostPoll& poll, int input, int output)
    : Watch(poll, input, output),
      input_(input),
      output_(output),
      is_input_file_(is_regular_file(input)),
      is_output_file_(is_regular_file(output)),
      is_terminal_(input >= 0 && isatty(input)),
      at_end_(input < 0) {
  std::signal(SIGPIPE, SIG_IGN);
}

void HostChannel::ready(bool input, bool) {
  input_seen_ |= input;
  event_.raise();
}

bool HostChannel::is_input_ready(int wait) const { return is_input_file_ || polls(input_, POLLIN, wait); }

// A deterministic run waits for whoever reads its output, so that how fast he reads changes nothing.
bool HostChannel::is_output_ready(int wait) const {
  return is_output_file_ || polls(output_, POLLOUT, host_poll().is_deterministic() ? -1 : wait);
}

bool HostChannel::can_read() {
  if (at_end_ || is_input_file_) return true;
  return host_poll().is_deterministic() ? input_seen_ : is_input_ready(0);
}

bool HostChannel::can_write() { return output_ < 0 || is_broken_ || is_output_ready(0); }

size_t HostChannel::read_once(std::span<std::byte> buffer) {
  ssize_t count = ::read(input_, buffer.data(), buffer.size());
  if (count > 0) return static_cast<size_t>(count);
  // A terminal that hung up reads 0 or EIO.
  if (count == 0 || (errno != EINTR && errno != EAGAIN)) at_end_ = true;
  return 0;
}

size_t HostChannel::read(std::span<std::byte> buffer) {
  if (at_end_ || buffer.empty()) return 0;
  if (!host_poll().is_deterministic() || is_input_file_) return is_input_ready(0) ? read_once(buffer) : 0;
  if (!input_seen_) return 0;
  input_seen_ = false;
  size_t total = read_once(buffer);
  // How a pipe's writer happened to cut its output must not show: take all that comes without a pause.
  while (!is_terminal_ && !at_end_ && total < buffer.size() && is_input_ready(deterministic_wait))
    total += read_once(buffer.subspan(total));
  if (!at_end_ && total == buffer.size()) input_seen_ = is_input_ready(is_terminal_ ? 0 : deterministic_wait);
  return total;
}

size_t HostChannel::write(std::span<const std::byte> bytes) {
  if (output_ < 0) return bytes.size();
  size_t total = 0;
  while (total < bytes.size() && !is_broken_ && is_output_ready(0)) {
    size_t size = bytes.size() - total;
    ssize_t count = ::write(output_, bytes.data() + total, is_output_file_ ? size : std::min(size, largest_write));
    if (count > 0) total += static_cast<size_t>(count);
    else if (count == 0 || (errno != EINTR && errno != EAGAIN)) is_broken_ = true;
    else if (errno == EAGAIN) break;
  }
  return total;
}

// --- the console

HostConsole::HostConsole(HostPoll& poll, int terminal, int fallback)
    : ChannelStream(poll, isatty(terminal) ? terminal : -1, output_of(terminal, fallback)), terminal_(isatty(terminal) ? terminal : -1) {
  if (!is_terminal() || tcgetattr(terminal_, &saved_) != 0) return;
  hook_ = {restore, this, nullptr};
  add_exit_hook(hook_);
  poll.watch_resizes();
  termios raw = saved_;
  cfmakeraw(&raw);
  tcsetattr(terminal_, TCSADRAIN, &raw);
}

HostConsole::~HostConsole() {
  if (!hook_.run) return;
  remove_exit_hook(hook_);
  restore(this);
}

// Async-signal-safe: tcsetattr is.
void HostConsole::restore(void* argument) {
  auto& console = *static_cast<HostConsole*>(argument);
  tcsetattr(console.terminal_, TCSADRAIN, &console.saved_);
}

WindowSize HostConsole::window_size() {
  winsize size;
  if (!is_terminal() || ioctl(terminal_, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {};
  return {size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel};
}

}  // namespace halcyon::hal
