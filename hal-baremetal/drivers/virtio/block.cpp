#include "hal-baremetal/drivers/virtio/block.h"

#include <algorithm>
#include <bit>

#include "core/base/lock_guard.h"
#include "core/base/types.h"

namespace halcyon::hal {
namespace {

constexpr uint64_t has_size_limit = 1 << 1, has_part_limit = 1 << 2, is_for_reading = 1 << 5, has_block_size = 1 << 6, has_flush = 1 << 9;
// The configuration.
constexpr size_t capacity = 0, size_limit = 8, part_limit = 12, block_size_at = 20;
constexpr uint32_t kind_read = 0, kind_write = 1, kind_flush = 4;
constexpr uint8_t answer_ok = 0, no_answer = 0xff;
constexpr uint16_t queue_entries = 64, framing_entries = 2;  // the header and the answer

}  // namespace

std::string_view VirtioBlock::initialize() {
  if (auto complaint = begin(has_size_limit | has_part_limit | is_for_reading | has_block_size | has_flush); !complaint.empty())
    return complaint;
  if (auto complaint = read_limits(); !complaint.empty()) return refuse(complaint);
  if (auto complaint = add_queue(0, queue_entries, framing_entries + 1, queue_); !complaint.empty()) return complaint;
  most_parts_ = std::min<uint32_t>(most_parts_, queue_.size() - framing_entries);
  headers_ = reinterpret_cast<Header*>(memory().allocate(most_slots * sizeof(Header), alignof(Header)));
  if (!headers_) return refuse("gets no memory for its requests");
  start();
  return {};
}

std::string_view VirtioBlock::read_limits() {
  is_read_only_ = (features() & is_for_reading) != 0;
  can_flush_ = (features() & has_flush) != 0;
  sectors_ = config64(capacity);
  if (sectors_ > INT64_MAX / sector_size) return "claims an impossible size";
  if ((features() & has_size_limit) && transport().config32(size_limit) < page_size) return "takes too little at once";
  most_parts_ = parts_limit;
  if (features() & has_part_limit) most_parts_ = std::min(most_parts_, transport().config32(part_limit));
  if (most_parts_ == 0) return "takes nothing at once";
  if (features() & has_block_size) block_size_ = transport().config32(block_size_at);
  bool is_usable = std::has_single_bit(block_size_) && block_size_ >= sector_size && block_size_ <= page_size;
  return is_usable ? std::string_view() : "has blocks of an unusable size";
}

bool VirtioBlock::is_possible(const BlockRequest& request) const {
  if (request.kind == BlockRequest::Kind::flush) return true;
  if (request.kind == BlockRequest::Kind::write && is_read_only_) return false;
  uint64_t sectors = 0;
  for (const auto& part : request.parts) sectors += part.size / sector_size;
  return !request.parts.empty() && request.parts.size() <= most_parts_ && request.sector <= sectors_ &&
         sectors <= sectors_ - request.sector;
}

bool VirtioBlock::submit(BlockRequest& request) {
  auto settle_as = [&](BlockRequest::State state) {
    request.state.store(state, std::memory_order_release);
    return true;
  };
  LockGuard guard(lock_);
  if (is_given_up() || !is_possible(request)) return settle_as(BlockRequest::State::failed);
  // Where nothing is kept back, there is nothing to flush.
  if (request.kind == BlockRequest::Kind::flush && !can_flush_) return settle_as(BlockRequest::State::done);
  for (unsigned slot = 0; slot < most_slots; ++slot)
    if (!requests_[slot]) return offer(slot, request);
  return false;
}

bool VirtioBlock::offer(unsigned slot, BlockRequest& request) {
  bool is_read = request.kind == BlockRequest::Kind::read;
  Header& header = headers_[slot];
  header.kind = is_read ? kind_read : request.kind == BlockRequest::Kind::write ? kind_write : kind_flush;
  header.sector = request.kind == BlockRequest::Kind::flush ? 0 : request.sector;
  header.answer = no_answer;
  uint64_t address = memory().address_of(&header);
  std::array<Virtqueue::Part, parts_limit + framing_entries> parts;
  size_t count = 0;
  parts[count++] = {address, offsetof(Header, answer), false};
  for (const auto& part : request.parts) parts[count++] = {memory().address_of(part.bytes), part.size, is_read};
  parts[count++] = {address + offsetof(Header, answer), sizeof header.answer, true};
  auto chain = queue_.offer(std::span(parts).first(count));
  if (!chain) return false;
  requests_[slot] = &request;
  slot_of_[*chain] = static_cast<uint8_t>(slot);
  notify(0, queue_);
  return true;
}

void VirtioBlock::settle() {
  LockGuard guard(lock_);
  while (auto finished = queue_.take()) {
    unsigned slot = slot_of_[finished->chain];
    bool is_ok = std::atomic_ref(headers_[slot].answer).load(std::memory_order_relaxed) == answer_ok;
    BlockRequest* request = std::exchange(requests_[slot], nullptr);
    request->state.store(is_ok ? BlockRequest::State::done : BlockRequest::State::failed, std::memory_order_release);
  }
  if (queue_.is_broken()) abandon("gives answers to what nobody asked");
}

// Only when the device is kept from memory may the requests, and what they lie in, go.
void VirtioBlock::abandon(std::string_view why) {
  VirtioDevice::give_up(why);
  for (BlockRequest*& request : requests_)
    if (request) std::exchange(request, nullptr)->state.store(BlockRequest::State::failed, std::memory_order_release);
}

void VirtioBlock::give_up() {
  LockGuard guard(lock_);
  abandon("does not answer");
}

void VirtioBlock::handle_interrupt() {
  if (transport().take_interrupt()) event_.raise();
}

}  // namespace halcyon::hal
