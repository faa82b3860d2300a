#include "hal/hosted/host_streams.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace halcyon::hal {
namespace {

int output_of(int terminal, int fallback) {
  if (!isatty(terminal)) return fallback;
  return (fcntl(terminal, F_GETFL) & O_ACCMODE) == O_RDONLY ? fallback : terminal;
}

}  // namespace

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
