// Reading, writing and polling a terminal. Bytes cross between the discipline and user memory through a small buffer on the stack, outside
// lock_.
#include "core/base/lock_guard.h"
#include "core/task/process/process.h"
#include "core/task/thread.h"
#include "core/tty/tty.h"

namespace halcyon {
namespace {

constexpr size_t chunk_size = 1024;
constexpr Nanoseconds time_unit = 100'000'000;  // of VTIME

// What a call returns that something stopped after `done` bytes.
Result<size_t> partial(size_t done, Errno error) {
  if (done > 0) return done;
  return std::unexpected(error == Errno::intr ? Errno::restart : error);
}

}  // namespace

bool Tty::has_input() {
  LockGuard guard(lock_);
  return discipline_.is_readable();
}

// Under lock_.
Tty::ReadMode Tty::read_mode() {
  return {discipline_.is_canonical(), discipline_.character(tty_char::minimum), discipline_.character(tty_char::time) * time_unit};
}

// A device that waited for room may go on.
LineDiscipline::Taken Tty::take(std::span<std::byte> buffer, ReadMode* mode) {
  LineDiscipline::Taken taken;
  bool makes_room;
  {
    LockGuard guard(lock_);
    *mode = read_mode();
    bool was_full = discipline_.room() == 0;
    taken = discipline_.take(buffer);
    push_output();  // IXOFF may have put a character there
    makes_room = was_full && discipline_.room() > 0;
  }
  if (makes_room) request_service();
  return taken;
}

Result<size_t> Tty::read(Sink& out, bool nonblocking) {
  TRY(check_foreground(current_thread(), sig::ttin));
  if (out.remaining() == 0) return 0;
  console_.take_keys();
  std::array<std::byte, chunk_size> chunk;
  size_t done = 0;
  Nanoseconds start = kernel_.clock().monotonic();
  for (;;) {
    ReadMode mode;
    size_t asked = std::min(chunk.size(), out.remaining());
    LineDiscipline::Taken taken = take({chunk.data(), asked}, &mode);
    if (taken.count > 0) {
      auto stored = out.write({chunk.data(), taken.count});
      if (!stored) return partial(done, stored.error());
      done += *stored;
      if (*stored < taken.count) return done;
      start = kernel_.clock().monotonic();
    }
    if (out.remaining() == 0 || taken.ends_line) return done;
    if (taken.count == asked) continue;
    size_t enough = mode.is_canonical ? 1 : std::max<size_t>(mode.minimum, 1);
    if (done >= enough || is_hung_up()) return done;
    bool has_timer = !mode.is_canonical && (mode.minimum == 0 || (mode.time > 0 && done > 0));
    if (has_timer && mode.time == 0) return done;
    if (nonblocking) return partial(done, Errno::again);
    auto ready = [&] { return has_input() || is_hung_up(); };
    auto waited = readers_.wait_until(ready, has_timer ? start + mode.time : never);
    if (!waited && waited.error() == Errno::timedout) return done;
    if (!waited) return partial(done, waited.error());
  }
}

size_t Tty::output_room() {
  LockGuard guard(lock_);
  return discipline_.output().room();
}

bool Tty::can_write() { return output_room() >= OutputQueue::tab_width; }

Result<> Tty::wait_for_room(bool nonblocking) {
  if (is_hung_up()) return err::io;
  if (output_room() > 0) return {};
  if (nonblocking) return err::again;
  auto waited = writers_.wait_until([&] { return output_room() > 0 || is_hung_up(); });
  if (!waited) return waited;
  if (is_hung_up()) return err::io;
  return {};
}

// Queues bytes; when not all fit, the device gets what it takes.
size_t Tty::queue_output(std::span<const std::byte> bytes) {
  LockGuard guard(lock_);
  size_t count = discipline_.output().write(bytes);
  if (count < bytes.size()) push_output();
  watch_device();
  return count;
}

Result<size_t> Tty::write(Source& in, bool nonblocking) {
  bool must_stop;
  {
    LockGuard guard(lock_);
    must_stop = (discipline_.termios().local & tty_local::stop_background_output) != 0;
  }
  if (must_stop) {
    TRY(check_foreground(current_thread(), sig::ttou));
  }
  std::array<std::byte, chunk_size> chunk;
  size_t done = 0;
  Result<> outcome;
  // What has been taken from `in` must be queued: the room is waited for before.
  while (in.remaining() > 0) {
    outcome = wait_for_room(nonblocking);
    if (!outcome) break;
    auto got = in.read({chunk.data(), std::min(chunk.size(), output_room())});
    if (!got) outcome = std::unexpected(got.error());
    if (!got || *got == 0) break;
    size_t queued = 0;
    while (outcome) {
      queued += queue_output({chunk.data() + queued, *got - queued});
      if (queued == *got) break;
      outcome = wait_for_room(nonblocking);
    }
    done += queued;
    if (!outcome) break;
    if (in.remaining() > 0 && output_room() < chunk.size()) static_cast<void>(flush());
  }
  {
    LockGuard guard(lock_);
    push_output();
    watch_device();
  }
  if (!outcome) return partial(done, outcome.error());
  return done;
}

// All that was written has reached the device (tcdrain(3)).
Result<> Tty::wait_until_sent() {
  auto is_sent = [&] {
    if (is_hung_up()) return true;
    LockGuard guard(lock_);
    return discipline_.output().is_empty();
  };
  auto waited = writers_.wait_until(is_sent);
  if (!waited) return err::restart;
  return {};
}

uint32_t Tty::poll(PollTable* table) {
  if (table) {
    table->watch(readers_);
    table->watch(writers_);
  }
  console_.take_keys();
  uint32_t events = 0;
  if (is_hung_up()) events |= poll::hup | poll::err | poll::in | poll::rdnorm | poll::out | poll::wrnorm;
  LockGuard guard(lock_);
  ReadMode mode = read_mode();
  size_t enough = !mode.is_canonical && mode.time == 0 ? std::max<size_t>(mode.minimum, 1) : 1;
  bool is_ready = mode.is_canonical ? discipline_.is_readable() : discipline_.available() >= enough;
  if (is_ready) events |= poll::in | poll::rdnorm;
  if (discipline_.output().room() >= OutputQueue::tab_width) events |= poll::out | poll::wrnorm;
  return events;
}

}  // namespace halcyon
