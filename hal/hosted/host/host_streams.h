// The host's side of descriptors 0 to 2 and of the console.
//
// Bytes through host descriptors without ever blocking on them and without O_NONBLOCK, which would change the descriptor under the parent
// shell's hands: bytes move only after poll says ready, at most 4 KiB per write (a pipe that polls writable has room for that much).
#pragma once

#include <termios.h>

#include <cstddef>
#include <span>

#include "hal/devices.h"
#include "hal/hosted/exit_hooks.h"
#include "hal/hosted/host/host_poll.h"

namespace halcyon::hal {

class HostChannel : public HostPoll::Watch {
 public:
  // Descriptors, not owned; -1: that direction does not exist. Makes the process ignore SIGPIPE.
  HostChannel(HostPoll& poll, int input, int output);
  virtual ~HostChannel() = default;

  size_t read(std::span<std::byte> buffer);
  size_t write(std::span<const std::byte> bytes);
  bool can_read();
  bool can_write();
  bool at_end() const { return at_end_; }
  bool is_broken() const { return is_broken_; }
  Event& event() { return event_; }
  void want(bool input, bool output) { set_wanted(input, output); }

 private:
  void ready(bool input, bool output) override;
  void resized() override { event_.raise(); }
  bool is_input_ready(int wait) const;
  bool is_output_ready(int wait) const;
  size_t read_once(std::span<std::byte> buffer);

  int input_;
  int output_;
  bool is_input_file_;  // a regular file is always ready
  bool is_output_file_;
  bool is_terminal_;
  bool at_end_ = false;
  bool is_broken_ = false;
  bool input_seen_ = false;  // deterministic: the machine was idle when the input came
  Event event_;
};

// ByteStream or Console over a channel.
template <class Interface>
class ChannelStream : public Interface {
 public:
  ChannelStream(HostPoll& poll, int input, int output) : channel_(poll, input, output) {}

  size_t read(std::span<std::byte> buffer) final { return channel_.read(buffer); }
  size_t write(std::span<const std::byte> bytes) final { return channel_.write(bytes); }
  bool can_read() final { return channel_.can_read(); }
  bool can_write() final { return channel_.can_write(); }
  bool at_end() final { return channel_.at_end(); }
  bool is_broken() final { return channel_.is_broken(); }
  Event& event() final { return channel_.event(); }
  void want(bool input, bool output) final { channel_.want(input, output); }

 private:
  HostChannel channel_;
};

// A redirected host descriptor (or two): HostStream in(poll, 0, -1), out(poll, -1, 1).
using HostStream = ChannelStream<ByteStream>;

// The console on the host's terminal: raw mode from construction to destruction, or to the process's end, however it ends. If `terminal` is
// not one, the console has no input and writes to `fallback`.
class HostConsole final : public ChannelStream<Console> {
 public:
  explicit HostConsole(HostPoll& poll, int terminal = 0, int fallback = 2);
  HostConsole(const HostConsole&) = delete;
  HostConsole& operator=(const HostConsole&) = delete;
  ~HostConsole() override;

  bool is_terminal() const { return terminal_ >= 0; }
  WindowSize window_size() override;

 private:
  static void restore(void* console);

  int terminal_;  // -1: none
  termios saved_{};
  ExitHook hook_;
};

}  // namespace halcyon::hal
