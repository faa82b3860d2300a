// The terminal's life and its service thread, which stands between the device and the discipline.
#include "core/tty/tty.h"

#include "core/base/lock_guard.h"
#include "core/task/process/process.h"
#include "core/task/thread.h"

namespace halcyon {

Result<> Tty::start() {
  service_process_ = TRY(make_ref<Process>(kernel_, 0));
  service_thread_ = TRY(Thread::create_kernel(*service_process_, 0, service, this));
  handler_.tty = this;
  handler_.event = &console_.event();
  handler_.handle = [](EventHandler& handler) { static_cast<Handler&>(handler).tty->request_service(); };
  kernel_.add_event_handler(handler_);
  kernel_.leader_exit_hook = leader_exits;
  console_window_ = console_.window_size();
  {
    LockGuard guard(lock_);
    window_ = console_window_;
  }
  has_work_.store(true);
  service_thread_->start();
  return {};
}

void Tty::stop() {
  if (!service_thread_) return;
  is_stopping_.store(true);
  work_.wake_all();
  // The scheduler holds the other reference until the thread has left its stack.
  while (service_thread_->reference_count() > 1) {
    yield();
    hal::spin_pause();
  }
  service_thread_ = nullptr;
  service_process_ = nullptr;
}

void Tty::service(void* argument) {
  auto& tty = *static_cast<Tty*>(argument);
  auto has_reason = [&] { return tty.has_work_.load() || tty.is_stopping_.load(); };
  while (!tty.is_stopping_.load()) {
    static_cast<void>(tty.work_.wait_until(has_reason, never, Interruptible::no));
    tty.has_work_.store(false);
    tty.serve();
  }
  // The process has no place in the tree: it cannot, and need not, become a zombie.
  switch_away_dead();
}

void Tty::request_service() {
  has_work_.store(true);
  work_.wake_all();
}

// Moves what the device has to where it belongs.
void Tty::serve() {
  if (SignalSet outer(console_.take_signals()); !outer.is_empty()) signal_job(outer);
  if (int signal = stop_signal_.exchange(0)) stop_as_job(signal);
  if (is_hung_up()) return;
  std::array<std::byte, 512> bytes;
  SignalSet signals;
  bool is_gone = false;
  for (size_t count = 1; count > 0;) {
    LockGuard guard(lock_);
    size_t room = std::min(discipline_.room(), bytes.size());
    count = room > 0 ? console_.read({bytes.data(), room}) : 0;
    discipline_.receive({bytes.data(), count});
    signals = signals | discipline_.take_signals();
    push_output();
    if (count > 0) continue;
    is_gone = console_.at_end() || console_.is_broken();
    watch_device();
  }
  if (has_input()) readers_.wake_all();
  if (can_write()) writers_.wake_all();
  kernel_.async_files().send(kernel_);
  update_window();
  if (!signals.is_empty()) signal_foreground(signals);
  if (is_gone) hang_up();
}

void Tty::push_output() {
  OutputQueue& output = discipline_.output();
  std::array<std::byte, 512> bytes;
  while (!output.is_empty() && !discipline_.is_output_stopped()) {
    size_t count = console_.write({bytes.data(), output.peek(bytes)});
    if (count == 0) break;
    output.consume(count);
  }
}

void Tty::watch_device() {
  bool wants_input = discipline_.room() > 0;
  bool wants_output = !discipline_.output().is_empty() && !discipline_.is_output_stopped();
  console_.want(wants_input, wants_output);
}

bool Tty::flush() {
  LockGuard guard(lock_);
  push_output();
  return discipline_.output().is_empty() || console_.is_broken();
}

void Tty::update_window() {
  hal::WindowSize size = console_.window_size();
  if (size == console_window_) return;
  console_window_ = size;
  set_window(size);
}

void Tty::set_window(const hal::WindowSize& size) {
  {
    LockGuard guard(lock_);
    if (size == window_) return;
    window_ = size;
  }
  signal_foreground(SignalSet::of(sig::winch));
}

Result<Attributes> TtyFile::attributes() {
  if (inode()) return File::attributes();
  Attributes attributes;
  attributes.type = FileType::character_device;
  attributes.permissions = 0620;
  attributes.special_device = tty_.device();
  return attributes;
}

void TtyFile::describe(Writer& out) {
  if (inode()) File::describe(out);
  else out.write("/dev/console");
}

Result<Ref<File>> TtyFile::reopen(uint32_t flags) { return open_tty(tty_, flags | open_flag::no_ctty); }

Result<Ref<File>> open_tty(Tty& tty, uint32_t flags) {
  if (tty.is_hung_up()) return err::io;
  Ref<File> file = TRY(make_ref<TtyFile>(tty, flags));
  if (!(flags & open_flag::no_ctty) && file->is_readable()) tty.attach_if_leader(current_thread().process());
  return file;
}

Result<Ref<File>> open_controlling_tty(uint32_t flags) {
  Process& process = current_thread().process();
  Tty* tty = nullptr;
  {
    LockGuard guard(process.kernel().tree());
    if (process.session) tty = process.session->terminal;
  }
  if (!tty) return err::nxio;
  return open_tty(*tty, flags | open_flag::no_ctty);
}

}  // namespace halcyon
