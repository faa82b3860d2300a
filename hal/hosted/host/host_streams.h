// The host's side of redirected descriptors 0 to 2.
//
// Bytes through host descriptors without ever blocking on them and without O_NONBLOCK, which would change the descriptor under the parent
// shell's hands: bytes move only after poll says ready, at most 4 KiB per write (a pipe that polls writable has room for that much).
#pragma once

#include <cstddef>
#include <span>

#include "hal/devices.h"
#include "hal/hosted/host/host_poll.h"

namespace halcyon::hal {

// Waits up to `wait` milliseconds (-1: for ever) for one of `events` of poll(2), an error or a hangup.
bool polls(int descriptor, short events, int wait);
// The most that a descriptor that polls writable takes without blocking.
inline constexpr size_t largest_write = 4096;

class HostStream final : public GivenFile, private HostPoll::Watch {
 public:
  // Descriptors, not owned; -1: that direction does not exist. Makes the process ignore SIGPIPE and SIGXFSZ.
  HostStream(HostPoll& poll, int input, int output);

  size_t read(std::span<std::byte> buffer) override;
  size_t write(std::span<const std::byte> bytes) override;
  bool can_read() override;
  bool can_write() override;
  bool at_end() override { return at_end_; }
  bool is_broken() override { return is_broken_; }
  Errno error() override { return error_; }
  Event& event() override { return event_; }
  void want(bool input, bool output) override { set_wanted(input, output); }

  Result<HostAttributes> attributes() override;
  Result<uint64_t> seek(int64_t offset, int whence) override;
  Result<size_t> read_at(uint64_t offset, std::span<std::byte> buffer) override;
  Result<size_t> write_at(uint64_t offset, std::span<const std::byte> bytes) override;
  Result<> truncate(uint64_t size) override;
  Result<> sync() override;

 private:
  void ready(bool input, bool output) override;
  bool is_input_ready(int wait) const;
  bool is_output_ready() const;
  size_t read_once(std::span<std::byte> buffer);
  int descriptor() const { return input_ >= 0 ? input_ : output_; }

  int input_;
  int output_;
  bool is_file_;  // a regular file is always ready, and may be longer after its end
  bool at_end_;
  bool is_broken_ = false;
  bool input_seen_ = false;  // deterministic: the machine was idle when the input came
  Errno error_{};
  Event event_;
};

}  // namespace halcyon::hal
