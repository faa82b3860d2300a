// Tty: a terminal (termios(3), tty_ioctl(4)): a line discipline between a console device and the files that programs have open on it, with
// job control.
//
// The device raises its Event; the handler only wakes a kernel thread of the terminal's own, which moves bytes, and may block, as sending a
// signal to a process group must (it walks the process tree). That thread belongs to no process that anybody sees.
//
// Locks: lock_ (rank device) protects the discipline, the window size and the device itself. Kernel::tree protects what job control needs:
// the session and the foreground group. The tree lock is never taken with lock_ held.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "core/base/annotations.h"
#include "core/file/file.h"
#include "core/sync/spin_lock.h"
#include "core/sync/wait_queue.h"
#include "core/task/kernel.h"
#include "core/tty/line_discipline.h"
#include "hal/devices.h"

namespace halcyon {

class Tty final : public JobOwner {
 public:
  Tty(Kernel& kernel, hal::Console& console) : kernel_(kernel), console_(console) {}
  Tty(const Tty&) = delete;
  Tty& operator=(const Tty&) = delete;
  ~Tty() { stop(); }

  // Starts to serve the device. After Kernel::initialize, once. ENOMEM.
  Result<> start();
  // Ends the service, from a CPU's idle thread. Before the kernel goes; its files must have gone, or not be used any more.
  void stop();
  // Hands the device what it takes of the output that waits, and says whether all of it has gone: for the time after Kernel::run.
  bool flush();

  // --- tty_io.cpp: what TtyFile's calls come to.
  Result<size_t> read(Sink& out, bool nonblocking);
  Result<size_t> write(Source& in, bool nonblocking);
  uint32_t poll(PollTable* table);

  // --- tty_control.cpp. Requests of ioctl_tty(2); ENOTTY for others, EIO after a hang-up.
  Result<uint64_t> control(Thread& self, uint32_t request, uint64_t argument, bool is_readable);

  // --- job_control.cpp
  // Makes this the controlling terminal of `leader`'s session, with its group in the foreground. Under the tree lock; neither has another.
  void attach(Process& leader);
  // The same if an open(2) without O_NOCTTY by `process` implies it. Takes the tree lock.
  void attach_if_leader(Process& process);
  // The session loses its terminal; SIGHUP and SIGCONT to the foreground group. Under the tree lock.
  void detach();
  // The device is gone: SIGHUP and SIGCONT to the session's leader and the foreground group; reads return 0, everything else EIO.
  void hang_up();
  // Its device number, and the group in the foreground (0: none): for /proc/PID/stat. The latter under the tree lock.
  uint64_t device() const { return make_device(5, 1); }
  int foreground_group() const { return foreground_; }
  bool is_hung_up() const { return is_hung_up_.load(std::memory_order_acquire); }
  // Kernel::leader_exit_hook.
  static void leader_exits(Process& leader);
  // JobOwner: the whole machine stops, as the job that it is for whoever started it.
  void all_stopped(int signal) override;

 private:
  struct Handler : EventHandler {
    Tty* tty = nullptr;
  };
  // How the next read waits (termios(3), "canonical and noncanonical mode").
  struct ReadMode {
    bool is_canonical;
    size_t minimum;
    Nanoseconds time;
  };

  static void service(void* tty);
  void serve();
  void request_service();
  void push_output() REQUIRES(lock_);   // under lock_
  void watch_device() REQUIRES(lock_);  // under lock_
  void update_window();
  void set_window(const hal::WindowSize& size);

  ReadMode read_mode() REQUIRES(lock_);
  LineDiscipline::Taken take(std::span<std::byte> buffer, ReadMode* mode);
  bool has_input();
  bool can_write();
  size_t output_room();
  Result<> wait_for_room(bool nonblocking);
  size_t queue_output(std::span<const std::byte> bytes);
  Result<> wait_until_sent();

  Result<uint64_t> get_settings(Thread& self, uint32_t request, uint64_t argument);
  Result<uint64_t> set_settings(Thread& self, uint32_t request, uint64_t argument);
  Result<uint64_t> flush_queues(Thread& self, uint64_t which);
  Result<uint64_t> control_flow(Thread& self, uint64_t action);
  Result<uint64_t> control_session(Thread& self, uint32_t request, uint64_t argument, bool is_readable);
  Result<uint64_t> control_other(Thread& self, uint32_t request, uint64_t argument);

  // Stops a process in the background: ok if it may go on; EIO; or Errno::restart, and its group has got `signal` (SIGTTIN, SIGTTOU).
  Result<> check_foreground(Thread& self, int signal);
  Result<int> foreground_group(Thread& self);
  Result<> set_foreground_group(Thread& self, int group);
  Result<int> session_id(Thread& self);
  Result<> take_terminal(Thread& self, bool may_steal, bool is_readable);
  Result<> give_up_terminal(Thread& self);
  void signal_foreground(SignalSet signals);
  void signal_job(SignalSet signals);
  void stop_as_job(int signal);

  Kernel& kernel_;
  hal::Console& console_;

  SpinLock lock_{Rank::device};
  LineDiscipline discipline_ GUARDED_BY(lock_);
  hal::WindowSize window_ GUARDED_BY(lock_);
  hal::WindowSize console_window_;  // the service thread's: as the device last had it

  Session* session_ = nullptr;  // under the tree lock; its leader lives
  int foreground_ = 0;          // under the tree lock: a process group, 0 for none

  std::atomic<bool> is_hung_up_{false};
  std::atomic<bool> has_work_{false};
  std::atomic<bool> is_stopping_{false};
  std::atomic<int> stop_signal_{0};  // by which the machine is to stop
  WaitQueue work_;                   // the service thread
  WaitQueue readers_;
  WaitQueue writers_;  // and whoever waits until all is sent
  Handler handler_;
  Ref<Process> service_process_;
  Ref<Thread> service_thread_;
};

// An open terminal. One that was not opened through the tree of files presents itself as /dev/console.
class TtyFile final : public File {
 public:
  TtyFile(Tty& tty, uint32_t flags) : File(flags), tty_(tty) {}

  Result<size_t> read(Sink& out) override { return tty_.read(out, is_nonblocking()); }
  Result<size_t> write(Source& in) override { return tty_.write(in, is_nonblocking()); }
  uint32_t poll(PollTable* table) override { return tty_.poll(table); }
  bool has_async() const override { return true; }
  Result<uint64_t> control(Thread& self, uint32_t request, uint64_t argument) override {
    return tty_.control(self, request, argument, is_readable());
  }
  Result<Attributes> attributes() override;
  void describe(Writer& out) override;
  Result<Ref<File>> reopen(uint32_t flags) override;
  Tty& tty() { return tty_; }

 private:
  Tty& tty_;
};

// Opens a terminal; it becomes the caller's controlling terminal where open(2) says so. ENOMEM, EIO.
Result<Ref<File>> open_tty(Tty& tty, uint32_t flags);
// Opens /dev/tty, the calling process's controlling terminal. ENXIO if it has none.
Result<Ref<File>> open_controlling_tty(uint32_t flags);

}  // namespace halcyon
