// The terminal's ioctls (ioctl_tty(2)).
#include "core/base/lock_guard.h"
#include "core/mm/user_memory.h"
#include "core/task/process/process.h"
#include "core/task/thread.h"
#include "core/tty/tty.h"

namespace halcyon {
namespace {

namespace request {  // numbers of the generic ABI, which x86_64 shares
constexpr uint32_t tcgets = 0x5401, tcsets = 0x5402, tcsetsw = 0x5403, tcsetsf = 0x5404, tcsbrk = 0x5409, tcxonc = 0x540a, tcflsh = 0x540b;
constexpr uint32_t tiocexcl = 0x540c, tiocnxcl = 0x540d, tiocsctty = 0x540e, tiocgpgrp = 0x540f, tiocspgrp = 0x5410, tiocoutq = 0x5411;
constexpr uint32_t tiocsti = 0x5412, tiocgwinsz = 0x5413, tiocswinsz = 0x5414, fionread = 0x541b, tiocnotty = 0x5422, tiocsetd = 0x5423;
constexpr uint32_t tiocgetd = 0x5424, tcsbrkp = 0x5425, tiocgsid = 0x5429, tcgets2 = 0x802c542a, tcsets2 = 0x402c542b,
                   tcsetsw2 = 0x402c542c;
constexpr uint32_t tcsetsf2 = 0x402c542d, tiocgdev = 0x80045432, tiocvhangup = 0x5437;
}  // namespace request

struct UserWindow {  // struct winsize
  uint16_t rows, columns, pixel_width, pixel_height;
};

template <class T>
Result<uint64_t> store(Thread& self, uint64_t address, const T& value) {
  TRY(put_user(self.memory(), UserPtr<T>(address), value));
  return 0;
}

Result<uint64_t> store(Thread& self, uint64_t address, const Result<int>& value) {
  if (!value) return std::unexpected(value.error());
  return store<int>(self, address, *value);
}

Result<uint64_t> finish(const Result<>& outcome) {
  if (!outcome) return std::unexpected(outcome.error());
  return 0;
}

}  // namespace

Result<uint64_t> Tty::control(Thread& self, uint32_t number, uint64_t argument, bool is_readable) {
  if (is_hung_up()) return err::io;
  switch (number) {
    case request::tcgets:
    case request::tcgets2: return get_settings(self, number, argument);
    case request::tcsets:
    case request::tcsetsw:
    case request::tcsetsf:
    case request::tcsets2:
    case request::tcsetsw2:
    case request::tcsetsf2: return set_settings(self, number, argument);
    case request::tcflsh: return flush_queues(self, argument);
    case request::tcxonc: return control_flow(self, argument);
    case request::tiocsctty:
    case request::tiocnotty:
    case request::tiocgpgrp:
    case request::tiocspgrp:
    case request::tiocgsid: return control_session(self, number, argument, is_readable);
    default: return control_other(self, number, argument);
  }
}

Result<uint64_t> Tty::get_settings(Thread& self, uint32_t number, uint64_t argument) {
  Termios2 settings;
  {
    LockGuard guard(lock_);
    settings.termios = discipline_.termios();
  }
  if (number == request::tcgets2) return store(self, argument, settings);
  return store(self, argument, settings.termios);
}

Result<uint64_t> Tty::set_settings(Thread& self, uint32_t number, uint64_t argument) {
  TRY(check_foreground(self, sig::ttou));
  console_.take_keys();
  // struct termios2 begins as struct termios; there is no line whose speed could change.
  Termios settings = TRY(get_user(self.memory(), UserPtr<const Termios>(argument)));
  bool is_immediate = number == request::tcsets || number == request::tcsets2;
  if (!is_immediate) {
    TRY(wait_until_sent());
  }
  {
    LockGuard guard(lock_);
    if (number == request::tcsetsf || number == request::tcsetsf2) discipline_.flush_input();
    discipline_.set_termios(settings);
  }
  // What waits may be readable, or go out, under the new settings.
  readers_.wake_all();
  request_service();
  return 0;
}

Result<uint64_t> Tty::flush_queues(Thread& self, uint64_t which) {
  TRY(check_foreground(self, sig::ttou));
  if (which > 2) return err::inval;
  {
    LockGuard guard(lock_);
    if (which != 1) discipline_.flush_input();
    if (which != 0) discipline_.output().clear();
  }
  writers_.wake_all();
  request_service();
  return 0;
}

Result<uint64_t> Tty::control_flow(Thread& self, uint64_t action) {
  TRY(check_foreground(self, sig::ttou));
  if (action > 3) return err::inval;
  {
    LockGuard guard(lock_);
    if (action < 2) discipline_.stop_output(action == 0);
    else if (uint8_t c = discipline_.character(action == 2 ? tty_char::stop : tty_char::start)) discipline_.output().put(c);
  }
  request_service();
  return 0;
}

Result<uint64_t> Tty::control_session(Thread& self, uint32_t number, uint64_t argument, bool is_readable) {
  switch (number) {
    case request::tiocsctty: return finish(take_terminal(self, argument == 1, is_readable));
    case request::tiocnotty: return finish(give_up_terminal(self));
    case request::tiocgpgrp: return store(self, argument, foreground_group(self));
    case request::tiocgsid: return store(self, argument, session_id(self));
    default: break;
  }
  auto allowed = check_foreground(self, sig::ttou);
  if (!allowed) {
    // tcsetpgrp(3): a process without this terminal gets ENOTTY, whatever else is wrong.
    return std::unexpected(allowed.error() == Errno::io ? Errno::notty : allowed.error());
  }
  int group = TRY(get_user(self.memory(), UserPtr<const int>(argument)));
  return finish(set_foreground_group(self, group));
}

Result<uint64_t> Tty::control_other(Thread& self, uint32_t number, uint64_t argument) {
  switch (number) {
    case request::tiocgwinsz: {
      hal::WindowSize size;
      {
        LockGuard guard(lock_);
        size = window_;
      }
      return store(self, argument, UserWindow{size.rows, size.columns, size.pixel_width, size.pixel_height});
    }
    case request::tiocswinsz: {
      UserWindow size = TRY(get_user(self.memory(), UserPtr<const UserWindow>(argument)));
      set_window({size.rows, size.columns, size.pixel_width, size.pixel_height});
      return 0;
    }
    case request::tcsbrk:
    case request::tcsbrkp: {
      // A console knows no break: what is left is to wait (tcdrain(3)).
      TRY(check_foreground(self, sig::ttou));
      return finish(wait_until_sent());
    }
    case request::fionread:
    case request::tiocoutq: {
      size_t count;
      if (number == request::fionread) console_.take_keys();
      {
        LockGuard guard(lock_);
        count = number == request::fionread ? discipline_.available() : discipline_.output().size();
      }
      return store(self, argument, static_cast<int>(count));
    }
    case request::tiocsti: return err::io;  // as with dev.tty.legacy_tiocsti = 0
    case request::tiocexcl:
    case request::tiocnxcl: return 0;
    case request::tiocgetd: return store(self, argument, 0);
    case request::tiocsetd: {
      int discipline = TRY(get_user(self.memory(), UserPtr<const int>(argument)));
      if (discipline != 0) return err::inval;
      return 0;
    }
    case request::tiocgdev: return store(self, argument, static_cast<uint32_t>(make_device(5, 1)));
    case request::tiocvhangup:
      if (!has_capability(self.credentials(), capability::sys_admin)) return err::perm;
      hang_up();
      return 0;
    default: return err::notty;
  }
}

}  // namespace halcyon
