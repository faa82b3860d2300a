#include "hal-baremetal/drivers/virtio/entropy.h"

#include "core/base/lock_guard.h"

#include <algorithm>
#include <cstring>

namespace halcyon::hal {

std::string_view VirtioEntropy::initialize() {
  if (auto complaint = begin(0); !complaint.empty()) return complaint;
  if (auto complaint = add_queue(0, 1, 1, queue_); !complaint.empty()) return complaint;
  buffer_ = memory().allocate(buffer_size, alignof(uint64_t));
  if (!buffer_) return refuse("gets no memory for its buffer");
  start();
  LockGuard guard(lock_);
  request();
  return {};
}

void VirtioEntropy::request() {
  filled_ = handed_out_ = 0;
  Virtqueue::Part part{memory().address_of(buffer_), buffer_size, true};
  if (queue_.offer({&part, 1})) notify(0, queue_);
}

void VirtioEntropy::collect() {
  if (auto finished = queue_.take()) {
    filled_ = finished->written;
    // It has to give at least one byte (5.4.6.2).
    if (filled_ == 0) give_up("gives nothing");
  } else if (queue_.is_broken()) {
    give_up("gives an answer to what nobody asked");
  }
}

size_t VirtioEntropy::take(std::span<std::byte> bytes) {
  LockGuard guard(lock_);
  if (is_given_up()) return 0;
  if (handed_out_ == filled_) collect();
  size_t count = std::min(bytes.size(), filled_ - handed_out_);
  if (count == 0) return 0;
  std::memcpy(bytes.data(), buffer_ + handed_out_, count);
  std::memset(buffer_ + handed_out_, 0, count);
  handed_out_ += count;
  if (handed_out_ == filled_) request();
  return count;
}

void VirtioEntropy::handle_interrupt() {
  if (transport().take_interrupt()) event_.raise();
}

}  // namespace halcyon::hal
