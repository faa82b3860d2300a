#include "hal-baremetal/drivers/virtio/console.h"

#include "core/base/lock_guard.h"

#include <algorithm>
#include <cstring>

namespace halcyon::hal {
namespace {

constexpr uint64_t has_size = 1;
// The configuration.
constexpr size_t columns_at = 0, rows_at = 2;

}  // namespace

std::string_view VirtioConsole::initialize() {
  if (auto complaint = begin(has_size); !complaint.empty()) return complaint;
  for (unsigned index : {input, output})
    if (auto complaint = add_queue(index, buffers, 1, queues_[index]); !complaint.empty()) return complaint;
  memory_ = memory().allocate(size_t{2} * buffers * buffer_size, alignof(uint64_t));
  if (!memory_) return refuse("gets no memory for its buffers");
  start();
  LockGuard guard(lock_);
  for (uint8_t buffer = 0; buffer < queues_[input].size(); ++buffer) offer(input, buffer, buffer_size);
  free_output_ = static_cast<uint8_t>((1u << queues_[output].size()) - 1);
  return {};
}

bool VirtioConsole::offer(unsigned index, uint8_t buffer, uint32_t size) {
  Virtqueue& queue = queues_[index];
  Virtqueue::Part part{memory().address_of(place_of(index, buffer)), size, index == input};
  auto chain = queue.offer({&part, 1});
  if (!chain) return false;
  buffer_of_[index][*chain] = buffer;
  notify(index, queue);
  return true;
}

void VirtioConsole::check() {
  if (queues_[input].is_broken() || queues_[output].is_broken()) give_up("gives answers to what nobody asked");
}

bool VirtioConsole::has_input() {
  if (handed_out_ < received_.size) return true;
  // Buffers that came back empty go out again, but the device must not hold the CPU here with them.
  for (unsigned tries = 0; tries < buffers; ++tries) {
    auto finished = queues_[input].take();
    if (!finished) break;
    uint8_t buffer = buffer_of_[input][finished->chain];
    received_ = {buffer, finished->written};
    handed_out_ = 0;
    if (finished->written > 0) return true;
    offer(input, buffer, buffer_size);
  }
  check();
  return false;
}

bool VirtioConsole::has_room() {
  while (auto finished = queues_[output].take()) free_output_ |= static_cast<uint8_t>(1u << buffer_of_[output][finished->chain]);
  check();
  return free_output_ != 0;
}

size_t VirtioConsole::read(std::span<std::byte> buffer) {
  LockGuard guard(lock_);
  size_t done = 0;
  while (done < buffer.size() && !is_given_up() && has_input()) {
    size_t count = std::min<size_t>(buffer.size() - done, received_.size - handed_out_);
    std::memcpy(buffer.data() + done, place_of(input, received_.buffer) + handed_out_, count);
    done += count;
    handed_out_ += static_cast<uint32_t>(count);
    if (handed_out_ == received_.size) offer(input, received_.buffer, buffer_size);
  }
  return done;
}

size_t VirtioConsole::write(std::span<const std::byte> bytes) {
  LockGuard guard(lock_);
  size_t done = 0;
  while (done < bytes.size() && !is_given_up() && has_room()) {
    auto buffer = static_cast<uint8_t>(__builtin_ctz(free_output_));
    size_t count = std::min<size_t>(bytes.size() - done, buffer_size);
    std::memcpy(place_of(output, buffer), bytes.data() + done, count);
    if (!offer(output, buffer, static_cast<uint32_t>(count))) break;
    free_output_ &= static_cast<uint8_t>(~(1u << buffer));
    done += count;
  }
  return is_given_up() ? bytes.size() : done;
}

bool VirtioConsole::can_read() {
  LockGuard guard(lock_);
  return !is_given_up() && has_input();
}

bool VirtioConsole::can_write() {
  LockGuard guard(lock_);
  return is_given_up() || has_room();
}

WindowSize VirtioConsole::window_size() {
  if (!(features() & has_size)) return window_size_;
  WindowSize size;
  size.columns = transport().config16(columns_at);
  size.rows = transport().config16(rows_at);
  return size.columns != 0 && size.rows != 0 ? size : window_size_;
}

void VirtioConsole::handle_interrupt() {
  if (transport().take_interrupt()) event_.raise();
}

}  // namespace halcyon::hal
