// The console on the host's terminal, which it shares with the shell that started us and with the rest of its pipeline.
//
// While it has the keys, the terminal is raw, and the guest's own line discipline does what the host's did. It takes them at the start if
// `is_alone`, else when the guest asks for input, and only in the foreground. Before that the host's discipline is at work: Ctrl-C and its
// kin come as signals. Output may be written at any time.
//
// Keys are read as they come, also while nobody in the guest reads, so that the escape is seen: Ctrl-] and a full stop ends everything,
// Ctrl-] twice is one Ctrl-].
#pragma once

#include <termios.h>

#include <array>
#include <cstddef>
#include <span>

#include "hal/devices.h"
#include "hal/hosted/exit_hooks.h"
#include "hal/hosted/host/host_poll.h"

namespace halcyon::hal {

struct HostTerminal {
  int input = -1;         // descriptors, not owned; -1: none
  int output = -1;        // need not be a terminal if `input` is none
  bool is_alone = false;  // nobody else of our job reads the terminal
};

class HostConsole final : public Console, private HostPoll::Watch {
 public:
  HostConsole(HostPoll& poll, const HostTerminal& terminal);
  HostConsole(const HostConsole&) = delete;
  HostConsole& operator=(const HostConsole&) = delete;
  ~HostConsole() override;

  size_t read(std::span<std::byte> buffer) override;
  size_t write(std::span<const std::byte> bytes) override;
  bool can_read() override { return visible_ > 0 || at_end_; }
  bool can_write() override;
  bool at_end() override { return at_end_ && count_ == 0; }
  bool is_broken() override { return is_broken_; }
  Event& event() override { return event_; }
  void want(bool input, bool output) override;

  WindowSize window_size() override;
  void take_keys() override;
  bool is_in_background() override;
  uint64_t take_signals() override;
  void suspend(int signal) override;
  // The user gave the escape.
  bool was_ended() const { return was_ended_; }
  // The time of set_host_timeout is over.
  bool is_out_of_time() const { return is_out_of_time_; }
  // The terminal as it was before; until somebody takes the keys again.
  void give_back();

 private:
  struct Piece;
  void ready(bool input, bool output) override;
  void signalled(HostSignalSet signals) override;
  bool glance() override;
  void fill();
  void take_key(std::byte key);
  void put(std::byte key);
  void end_everything();
  void go_raw();
  static void restore(void* console);

  HostTerminal terminal_;
  int descriptor_;  // of the terminal; -1: there is none
  bool is_raw_ = false;
  bool keeps_raw_ = false;    // raw again after a stop
  bool adds_return_ = false;  // the host's discipline writes a newline as return and newline
  bool at_end_;
  bool is_broken_ = false;
  bool wants_output_ = false;
  bool has_escape_ = false;  // the last key was Ctrl-]
  bool was_ended_ = false;
  bool is_out_of_time_ = false;
  HostSignalSet signals_ = 0;
  std::array<std::byte, 4096> keys_;  // a ring
  size_t first_ = 0, count_ = 0;
  size_t visible_ = 0;  // those of them that the guest may see: deterministic runs see what is there when they idle
  termios saved_{};
  ExitHook hook_;
  Event event_;
};

}  // namespace halcyon::hal
