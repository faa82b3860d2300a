#include "hal/hosted/host/host_poll.h"

#include <poll.h>

#include <array>
#include <csignal>
#include <ctime>

#include "core/base/assert.h"

namespace halcyon::hal {
namespace {

constinit volatile std::sig_atomic_t was_resized = 0;

void note_resize(int) { was_resized = 1; }

constexpr size_t max_descriptors = 32;

}  // namespace

HostPoll::Watch::Watch(HostPoll& poll, int input, int output) : poll_(poll), input_(input), output_(output), next_(poll.first_) {
  poll.first_ = this;
}

HostPoll::Watch::~Watch() {
  set_wanted(false, false);
  Watch** link = &poll_.first_;
  while (*link != this) link = &(*link)->next_;
  *link = next_;
}

void HostPoll::Watch::set_wanted(bool input, bool output) {
  input = input && input_ >= 0;
  output = output && output_ >= 0;
  poll_.wanted_ += static_cast<unsigned>(input) + static_cast<unsigned>(output);
  poll_.wanted_ -= static_cast<unsigned>(wants_input_) + static_cast<unsigned>(wants_output_);
  wants_input_ = input;
  wants_output_ = output;
}

// Blocked outside wait(): a signal between the look at the flag and the sleep would be slept over.
void HostPoll::watch_resizes() {
  if (watches_resizes_) return;
  watches_resizes_ = true;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGWINCH);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  struct sigaction action = {};
  action.sa_handler = note_resize;
  sigaction(SIGWINCH, &action, nullptr);
}

bool HostPoll::wait(int64_t timeout) {
  std::array<pollfd, max_descriptors> descriptors;
  nfds_t count = 0;
  for (Watch* watch = first_; watch; watch = watch->next_) {
    ASSERT(count + 2 <= max_descriptors);
    if (watch->wants_input_) descriptors[count++] = {watch->input_, POLLIN, 0};
    if (watch->wants_output_) descriptors[count++] = {watch->output_, POLLOUT, 0};
  }
  timespec time{timeout / 1'000'000'000, timeout % 1'000'000'000};
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  if (watches_resizes_) sigdelset(&mask, SIGWINCH);
  int result = ppoll(descriptors.data(), count, timeout == INT64_MAX ? nullptr : &time, &mask);
  bool has_found = result != 0;
  if (was_resized && watches_resizes_) {
    was_resized = 0;
    for (Watch* watch = first_; watch; watch = watch->next_) watch->resized();
    has_found = true;
  }
  if (result <= 0) return has_found;
  nfds_t index = 0;
  for (Watch* watch = first_; watch; watch = watch->next_) {
    // An error or a hangup counts as ready: the read or write will find out.
    bool input = watch->wants_input_ && descriptors[index++].revents != 0;
    bool output = watch->wants_output_ && descriptors[index++].revents != 0;
    if (!input && !output) continue;
    watch->set_wanted(watch->wants_input_ && !input, watch->wants_output_ && !output);
    watch->ready(input, output);
  }
  return true;
}

}  // namespace halcyon::hal
