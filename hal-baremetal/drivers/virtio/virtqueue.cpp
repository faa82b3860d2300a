#include "hal-baremetal/drivers/virtio/virtqueue.h"

#include <atomic>

#include "core/base/types.h"

namespace halcyon::hal {
namespace {

constexpr uint16_t has_next = 1, is_written = 2;  // of a descriptor
constexpr uint16_t no_interrupt = 1;              // of the ring of what is available
constexpr uint16_t no_notification = 1;           // of the ring of what is used

}  // namespace

bool Virtqueue::initialize(DmaMemory& memory, uint16_t size) {
  // Behind each ring there is a field for event indices, used or not.
  size_t available_start = size * sizeof(Descriptor);
  size_t used_start = align_up(available_start + sizeof(Available) + size * sizeof(uint16_t) + sizeof(uint16_t), alignof(uint32_t));
  size_t end = used_start + sizeof(Used) + size * sizeof(UsedEntry) + sizeof(uint16_t);
  std::byte* block = memory.allocate(end, alignof(Descriptor) * 2);
  if (!block) return false;
  *this = Virtqueue();
  descriptors_ = reinterpret_cast<Descriptor*>(block);
  available_ = reinterpret_cast<Available*>(block + available_start);
  used_ = reinterpret_cast<Used*>(block + used_start);
  place_ = {memory.address_of(descriptors_), memory.address_of(available_), memory.address_of(used_)};
  size_ = free_entries_ = size;
  for (uint16_t entry = 0; entry < size; ++entry) next_[entry] = static_cast<uint16_t>(entry + 1);
  return true;
}

std::optional<uint16_t> Virtqueue::offer(std::span<const Part> parts) {
  if (is_broken_ || parts.empty() || parts.size() > free_entries_) return {};
  uint16_t chain = first_free_, entry = chain;
  uint32_t room = 0;
  for (size_t index = 0; index < parts.size(); ++index) {
    const Part& part = parts[index];
    bool is_last = index + 1 == parts.size();
    auto flags = static_cast<uint16_t>((part.is_for_device_to_write ? is_written : 0) | (is_last ? 0 : has_next));
    descriptors_[entry] = {part.address, part.size, flags, is_last ? uint16_t{0} : next_[entry]};
    if (part.is_for_device_to_write) room += part.size;
    if (is_last) first_free_ = next_[entry];
    else entry = next_[entry];
  }
  lengths_[chain] = static_cast<uint16_t>(parts.size());
  room_[chain] = room;
  free_entries_ = static_cast<uint16_t>(free_entries_ - parts.size());
  ++offered_chains_;
  available_->chains[offered_ % size_] = chain;
  // The device sees the chain before it sees that there is one.
  std::atomic_ref(available_->next).store(++offered_, std::memory_order_release);
  return chain;
}

bool Virtqueue::wants_notification() const {
  // Either the device sees what was made available last, or we see that it wants to be told.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return !(std::atomic_ref(used_->flags).load(std::memory_order_relaxed) & no_notification);
}

std::optional<Virtqueue::Finished> Virtqueue::take() {
  if (is_broken_) return {};
  auto waiting = static_cast<uint16_t>(std::atomic_ref(used_->next).load(std::memory_order_acquire) - taken_);
  if (waiting == 0) return {};
  volatile UsedEntry& entry = used_->entries[taken_ % size_];
  uint32_t chain = entry.chain, written = entry.written;
  is_broken_ = waiting > offered_chains_ || chain >= size_ || lengths_[chain] == 0 || written > room_[chain];
  if (is_broken_) return {};
  ++taken_;
  --offered_chains_;
  auto last = static_cast<uint16_t>(chain);
  for (unsigned length = 1; length < lengths_[chain]; ++length) last = next_[last];
  next_[last] = first_free_;
  first_free_ = static_cast<uint16_t>(chain);
  free_entries_ = static_cast<uint16_t>(free_entries_ + lengths_[chain]);
  lengths_[chain] = 0;
  return Finished{static_cast<uint16_t>(chain), written};
}

void Virtqueue::silence() { std::atomic_ref(available_->flags).store(no_interrupt, std::memory_order_relaxed); }

}  // namespace halcyon::hal
