#include "hal/hosted/host/host_console.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "hal/hosted/host/host_streams.h"

namespace halcyon::hal {
namespace {

constexpr std::byte escape_key{0x1d};  // Ctrl-]
constexpr std::byte end_key{'.'};
constexpr int killed_status = 128 + SIGKILL;

int descriptor_of(const HostTerminal& terminal) {
  return terminal.input >= 0 ? terminal.input : isatty(terminal.output) ? terminal.output : -1;
}

}  // namespace

HostConsole::HostConsole(HostPoll& poll, const HostTerminal& terminal)
    : Watch(poll, terminal.input, terminal.output), terminal_(terminal), descriptor_(descriptor_of(terminal)), at_end_(descriptor_ < 0) {
  std::signal(SIGPIPE, SIG_IGN);
  if (descriptor_ < 0 || tcgetattr(descriptor_, &saved_) != 0) return;
  hook_ = {restore, this, nullptr};
  add_exit_hook(hook_);
  poll.watch_signals();
  adds_return_ = (saved_.c_oflag & OPOST) && (saved_.c_oflag & ONLCR);
  if (terminal_.is_alone) take_keys();
}

HostConsole::~HostConsole() {
  if (!hook_.run) return;
  remove_exit_hook(hook_);
  give_back();
}

// --- whose terminal it is

bool HostConsole::is_in_background() {
  if (descriptor_ < 0) return false;
  pid_t group = tcgetpgrp(descriptor_);
  return group >= 0 && group != getpgrp();
}

void HostConsole::take_keys() {
  if (is_raw_ || terminal_.input < 0 || !hook_.run || is_in_background()) return;
  go_raw();
}

void HostConsole::go_raw() {
  if (tcgetattr(descriptor_, &saved_) != 0) return;
  termios raw = saved_;
  cfmakeraw(&raw);
  // What waits to be shown has gone through the host's discipline already.
  is_raw_ = tcsetattr(descriptor_, TCSANOW, &raw) == 0;
  adds_return_ = !is_raw_ && (saved_.c_oflag & OPOST) && (saved_.c_oflag & ONLCR);
  keeps_raw_ |= is_raw_;
  want(true, wants_output_);
}

// Async-signal-safe. Somebody else's terminal is left alone.
void HostConsole::give_back() {
  if (!is_raw_ || is_in_background()) return;
  tcsetattr(descriptor_, TCSANOW, &saved_);
  is_raw_ = false;
  adds_return_ = (saved_.c_oflag & OPOST) && (saved_.c_oflag & ONLCR);
}

void HostConsole::restore(void* argument) { static_cast<HostConsole*>(argument)->give_back(); }

void HostConsole::suspend(int signal) {
  if (hook_.run) give_back();
  stop_by_signal(signal);
  signals_ &= ~signal_bit(SIGCONT);
  if (keeps_raw_) take_keys();
  event_.raise();
}

void HostConsole::signalled(HostSignalSet signals) {
  signals_ |= signals & ~(signal_bit(SIGWINCH) | signal_bit(SIGALRM));
  if (signals & signal_bit(SIGALRM)) {
    is_out_of_time_ = true;
    signals_ |= signal_bit(SIGKILL);
  }
  // A stop that could not be caught: the shell may have set the terminal for itself.
  if ((signals & signal_bit(SIGCONT)) && keeps_raw_ && !is_in_background()) {
    is_raw_ = false;
    termios now;
    if (tcgetattr(descriptor_, &now) == 0 && (now.c_lflag & ICANON)) take_keys();
    else is_raw_ = true;
  }
  event_.raise();
}

uint64_t HostConsole::take_signals() { return std::exchange(signals_, 0); }

// --- keys

void HostConsole::want(bool, bool output) {
  wants_output_ = output;
  set_wanted(is_raw_ && !at_end_, output);
}

void HostConsole::ready(bool input, bool output) {
  if (output) wants_output_ = false;
  if (input) fill();
  visible_ = count_;
  want(true, wants_output_);
  event_.raise();
}

bool HostConsole::glance() {
  if (is_raw_ && !at_end_ && polls(terminal_.input, POLLIN, 0)) fill();
  return was_ended_ || is_out_of_time_;
}

// A read in the background would stop us.
void HostConsole::fill() {
  if (is_in_background()) {
    is_raw_ = false;
    return;
  }
  do {
    std::array<std::byte, 256> bytes;
    ssize_t count = ::read(terminal_.input, bytes.data(), bytes.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count <= 0) {
      at_end_ = true;
      return;
    }
    for (std::byte key : std::span(bytes).first(static_cast<size_t>(count))) take_key(key);
  } while (polls(terminal_.input, POLLIN, 0));
}

void HostConsole::take_key(std::byte key) {
  if (!std::exchange(has_escape_, false)) {
    if (key == escape_key) has_escape_ = true;
    else put(key);
    return;
  }
  if (key == end_key) return end_everything();
  put(escape_key);
  if (key != escape_key) put(key);
}

// What nobody reads is lost at last, as it is in Linux's.
void HostConsole::put(std::byte key) {
  if (count_ < keys_.size()) keys_[(first_ + count_++) % keys_.size()] = key;
}

// The kernel ends its processes; if it does not come to that, a second escape ends it.
void HostConsole::end_everything() {
  if (std::exchange(was_ended_, true)) {
    run_exit_hooks();
    _exit(killed_status);
  }
  signals_ |= signal_bit(SIGKILL);
  event_.raise();
}

size_t HostConsole::read(std::span<std::byte> buffer) {
  size_t count = std::min(buffer.size(), visible_);
  for (size_t at = 0; at < count; ++at) buffer[at] = keys_[(first_ + at) % keys_.size()];
  first_ = (first_ + count) % keys_.size();
  count_ -= count;
  visible_ -= count;
  return count;
}

// --- the screen

bool HostConsole::can_write() {
  return terminal_.output < 0 || is_broken_ || polls(terminal_.output, POLLOUT, host_poll().is_deterministic() ? -1 : 0);
}

// As many of `bytes` as one write takes. Where the host's discipline puts a return in front of a newline, the one that ours has put there
// already is left out; a return that comes last stays for the next write, for a newline may follow, unless it is alone.
struct HostConsole::Piece {
  static constexpr size_t limit = 1024;
  std::array<std::byte, limit> bytes;
  std::array<uint16_t, limit> ends;  // how many of the original bytes each stands for, with those before it
  size_t size = 0;

  Piece(std::span<const std::byte> from, bool is_cooked) {
    constexpr std::byte carriage_return{'\r'}, newline{'\n'};
    for (size_t at = 0; at < std::min(from.size(), limit); ++at) {
      bool may_pair = is_cooked && from[at] == carriage_return && from.size() > 1;
      if (may_pair && at + 1 == std::min(from.size(), limit) && at > 0) break;
      if (may_pair && at + 1 < from.size() && from[at + 1] == newline) continue;
      bytes[size] = from[at];
      ends[size++] = static_cast<uint16_t>(at + 1);
    }
  }
};

size_t HostConsole::write(std::span<const std::byte> bytes) {
  if (terminal_.output < 0) return bytes.size();
  size_t total = 0;
  while (total < bytes.size() && !is_broken_ && can_write()) {
    Piece piece(bytes.subspan(total), adds_return_);
    ssize_t count = ::write(terminal_.output, piece.bytes.data(), piece.size);
    if (count > 0) total += piece.ends[static_cast<size_t>(count) - 1];
    else if (count < 0 && errno == EAGAIN) break;
    else if (count == 0 || errno != EINTR) is_broken_ = true;
    if (total + 1 == bytes.size() && total > 0 && adds_return_ && bytes.back() == std::byte{'\r'}) break;
  }
  return total;
}

WindowSize HostConsole::window_size() {
  winsize size;
  if (descriptor_ < 0 || ioctl(descriptor_, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {};
  return {size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel};
}

}  // namespace halcyon::hal
