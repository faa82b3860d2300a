#include "hal/hosted/host/host_poll.h"

#include <poll.h>

#include <array>
#include <ctime>

#include "core/base/assert.h"

namespace halcyon::hal {
namespace {

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

void HostPoll::watch_signals() { watches_signals_ = watches_signals_ || catch_host_signals(); }

bool HostPoll::glance() {
  if (!watches_signals_) return false;
  if (has_host_signals()) {
    HostSignalSet signals = take_host_signals();
    for (Watch* watch = first_; watch; watch = watch->next_) watch->signalled(signals);
  }
  bool is_urgent = false;
  for (Watch* watch = first_; watch; watch = watch->next_) is_urgent |= watch->glance();
  return is_urgent;
}

bool HostPoll::wait(int64_t timeout) {
  std::array<pollfd, max_descriptors> descriptors;
  nfds_t count = 0;
  for (Watch* watch = first_; watch; watch = watch->next_) {
    ASSERT(count + 3 <= max_descriptors);
    if (watch->wants_input_) descriptors[count++] = {watch->input_, POLLIN, 0};
    if (watch->wants_output_) descriptors[count++] = {watch->output_, POLLOUT, 0};
  }
  timespec time{timeout / 1'000'000'000, timeout % 1'000'000'000};
  if (watches_signals_) descriptors[count++] = {host_signal_descriptor(), POLLIN, 0};
  int result = ppoll(descriptors.data(), count, timeout == INT64_MAX ? nullptr : &time, nullptr);
  if (result <= 0) return result != 0;
  if (watches_signals_ && descriptors[count - 1].revents != 0) {
    // What a watch wants may change by it: the descriptors are looked at the next time.
    HostSignalSet signals = take_host_signals();
    for (Watch* watch = first_; watch; watch = watch->next_) watch->signalled(signals);
    return true;
  }
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
