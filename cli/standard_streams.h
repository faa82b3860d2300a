// StandardStreams: the host's descriptors 0 to 2 as the guest gets them: closed ones stay closed, the terminal becomes the console, the
// host's /dev/null the guest's, and everything else keeps what it is, with the flags that it was opened with.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "core/tty/stream_file.h"
#include "fs/vfs/vfs.h"
#include "hal/hosted/host/host_console.h"
#include "hal/hosted/host/host_streams.h"

namespace halcyon {
class System;
}

namespace halcyon::cli {

class StandardStreams {
 public:
  explicit StandardStreams(hal::HostPoll& poll);
  StandardStreams(const StandardStreams&) = delete;
  StandardStreams& operator=(const StandardStreams&) = delete;
  ~StandardStreams();

  // What the console stands on: the terminal among them, else the one that controls this process, else none.
  const hal::HostTerminal& terminal() const { return terminal_; }
  // It controls this process, and so the guest's session.
  bool is_controlling() const { return is_controlling_; }

  void start(Kernel& kernel);
  // The three files. The terminal's device becomes `owner`'s. Throws Failure.
  std::array<Ref<File>, 3> open(System& system, const Credentials& owner);

 private:
  enum class Kind { closed, terminal, null, stream };
  struct Slot {
    Kind kind = Kind::closed;
    uint32_t flags = 0;  // as open(2) left them on the host
    std::string name;
    std::optional<hal::HostStream> stream;
    std::optional<StreamDevice> device;
  };
  void find_terminal();
  void open_controlling();

  std::array<Slot, 3> slots_;
  hal::HostTerminal terminal_;
  uint64_t terminal_device_ = 0;
  bool is_controlling_ = false;
  int opened_ = -1;  // /dev/tty, if it is none of the three
};

}  // namespace halcyon::cli
