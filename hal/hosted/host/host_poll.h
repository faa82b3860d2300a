// Watching host descriptors: the machine's only source of events from outside. No helper thread, no O_NONBLOCK: the machine looks with a
// zero timeout at slice ends, and sleeps here when every CPU is idle.
#pragma once

#include <cstdint>

#include "hal/devices.h"
#include "hal/hosted/host/host_signals.h"

namespace halcyon::hal {

class HostPoll {
 public:
  // One watched descriptor. Registered from construction to destruction; a derived class decides what readiness means.
  class Watch {
   public:
    Watch(HostPoll& poll, int input, int output);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // What is watched for until it is seen once; then the event is raised and the wish is spent.
    void set_wanted(bool input, bool output);

   protected:
    ~Watch();
    HostPoll& host_poll() const { return poll_; }
    // Called once for what was wanted and is there.
    virtual void ready(bool input, bool output) = 0;
    // Called with the signals that came, after watch_signals().
    virtual void signalled(HostSignalSet signals) { static_cast<void>(signals); }
    // A deterministic machine that computes sees no input, but a way out there must be. True: there is something to see at once.
    virtual bool glance() { return false; }

   private:
    friend class HostPoll;
    HostPoll& poll_;
    int input_;   // descriptor or -1
    int output_;  // may equal input_
    bool wants_input_ = false;
    bool wants_output_ = false;
    Watch* next_ = nullptr;
  };

  HostPoll() = default;
  HostPoll(const HostPoll&) = delete;
  HostPoll& operator=(const HostPoll&) = delete;

  // Looks at everything wanted and calls ready(); sleeps up to `timeout` nanoseconds (INT64_MAX: without limit) if nothing is. Returns true
  // if anything was ready, or a signal came.
  bool wait(int64_t timeout);
  // Whether wait() has anything to wait for: otherwise a look costs nothing and finds nothing.
  bool is_watching() const { return wanted_ != 0 || watches_signals_; }
  bool has_wanted() const { return wanted_ != 0; }

  // A deterministic machine reads input only at idle, so that what a program sees does not hang on the host's timing: streams then
  // answer from what the last wait() saw instead of asking the host.
  void set_deterministic() { is_deterministic_ = true; }
  bool is_deterministic() const { return is_deterministic_; }

  // Asks every watch whether it must be heard at once.
  bool glance();

  // From now on wait() hands the signals of host_signals.h to the watches. Idempotent.
  void watch_signals();

 private:
  Watch* first_ = nullptr;
  unsigned wanted_ = 0;
  bool watches_signals_ = false;
  bool is_deterministic_ = false;
};

}  // namespace halcyon::hal
