// The host's side of descriptors 0 to 2 and of the console.
#pragma once

#include <termios.h>

#include "hal/hosted/exit_hooks.h"
#include "hal/hosted/host_channel.h"

namespace halcyon::hal {

// A redirected host descriptor (or two): HostStream in(poll, 0, -1), out(poll, -1, 1).
using HostStream = ChannelStream<ByteStream>;

// The console on the host's terminal: raw mode from construction to destruction, or to the process's end, however it ends. If `terminal` is
// not one, the console has no input and writes to `fallback`.
class HostConsole final : public ChannelStream<Console> {
 public:
  explicit HostConsole(HostPoll& poll, int terminal = 0, int fallback = 2);
  HostConsole(const HostConsole&) = delete;
  HostConsole& operator=(const HostConsole&) = delete;
  ~HostConsole();

  bool is_terminal() const { return terminal_ >= 0; }
  WindowSize window_size() override;

 private:
  static void restore(void* console);

  int terminal_;  // -1: none
  termios saved_{};
  ExitHook hook_;
};

}  // namespace halcyon::hal
