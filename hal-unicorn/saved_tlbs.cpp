#include "hal-unicorn/saved_tlbs.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "core/base/types.h"

namespace halcyon::hal {
namespace {

// What the TLBs of closed engines point to serves later ones of the same kind: Unicorn's interface has nothing to free it.
struct Spare {
  void (*kind)(CpuState*);
  std::unique_ptr<std::byte[]> tlb;
};
std::vector<Spare>& spares() {
  // Never destroyed, so that what it owns is not lost to a leak checker.
  thread_local auto* all = new std::vector<Spare>;
  return *all;
}

constexpr std::byte untouched{0xa5};

// The bytes that are not `untouched`, from the first to the last, outside of [but_from, but_to).
std::pair<size_t, size_t> touched(const std::vector<std::byte>& bytes, size_t but_from = 0, size_t but_to = 0) {
  size_t first = bytes.size(), last = 0;
  for (size_t index = 0; index < bytes.size(); ++index) {
    if (bytes[index] == untouched || (index >= but_from && index < but_to)) continue;
    first = std::min(first, index);
    last = index + 1;
  }
  return {first, last};
}

}  // namespace

SavedTlbs::~SavedTlbs() {
  for (Saved& saved : saved_)
    if (saved.tlb) spares().push_back({make_, std::move(saved.tlb)});
}

void SavedTlbs::find(CpuState* cpu, CpuRegisters* registers, OfCpu* make, OfCpu* flush) {
  constexpr uintptr_t largest = 256 << 10;
  constexpr size_t largest_tlb = 16 << 10, jump_count = 4096;
  cpu_ = cpu;
  make_ = make;
  flush_ = flush;
  uintptr_t distance = reinterpret_cast<uintptr_t>(registers) - reinterpret_cast<uintptr_t>(cpu);
  if (distance > largest) return;
  // The one word that says where the registers are must be right in the model too.
  size_t pointer = distance;
  for (size_t offset = 0; offset + sizeof(uintptr_t) <= distance; offset += sizeof(uintptr_t)) {
    uintptr_t word;
    std::memcpy(&word, at(offset), sizeof word);
    if (word != reinterpret_cast<uintptr_t>(registers)) continue;
    if (pointer != distance) return;
    pointer = offset;
  }
  if (pointer == distance) return;
  model_.assign(distance + page_size, untouched);
  auto* model = reinterpret_cast<CpuState*>(model_.data());
  auto hide_pointer = [&] { std::fill_n(&model_[pointer], sizeof(uintptr_t), untouched); };
  auto set_pointer = [&] {
    uintptr_t word = reinterpret_cast<uintptr_t>(model_.data()) + distance;
    std::memcpy(&model_[pointer], &word, sizeof word);
  };
  set_pointer();
  make_(model);
  hide_pointer();
  auto [tlb, tlb_end] = touched(model_);
  if (tlb >= tlb_end || tlb_end > distance || tlb % 8 != 0 || tlb_end - tlb > largest_tlb) return;
  set_pointer();
  flush_(model);
  hide_pointer();
  auto [jumps, jumps_end] = touched(model_, tlb, tlb_end);
  if (jumps >= jumps_end || jumps_end - jumps != jump_count * sizeof(uintptr_t) || jumps % 8 != 0) return;
  auto is_set = [](std::byte each) { return each != std::byte{0}; };
  if (std::ranges::any_of(std::span(model_).subspan(jumps, jumps_end - jumps), is_set)) return;
  set_pointer();
  jumps_ = jumps;
  jump_count_ = jump_count;
  tlb_ = tlb;
  tlb_size_ = tlb_end - tlb;
  // The model's TLB is the first spare one.
  auto first = std::make_unique<std::byte[]>(tlb_size_);
  std::memcpy(first.get(), &model_[tlb_], tlb_size_);
  saved_[0].tlb = std::move(first);
}

std::unique_ptr<std::byte[]> SavedTlbs::make_tlb() {
  auto& all = spares();
  for (auto each = all.begin(); each != all.end(); ++each) {
    if (each->kind != make_) continue;
    auto tlb = std::move(each->tlb);
    all.erase(each);
    return tlb;
  }
  make_(reinterpret_cast<CpuState*>(model_.data()));
  auto tlb = std::make_unique<std::byte[]>(tlb_size_);
  std::memcpy(tlb.get(), &model_[tlb_], tlb_size_);
  return tlb;
}

// The one that has what belongs to `root`, or else one that can be done without.
SavedTlbs::Saved* SavedTlbs::slot_for(Root root) {
  Saved* oldest = &saved_[0];
  for (Saved& saved : saved_) {
    if (saved.root == root) return &saved;
    if (saved.used < oldest->used) oldest = &saved;
  }
  for (Saved& saved : saved_)
    if (saved.root == none && saved.tlb) return &saved;
  if (!oldest->tlb) oldest->tlb = make_tlb();
  return oldest;
}

void SavedTlbs::take_jumps(std::vector<Jump>& jumps) {
  jumps.clear();
  auto* table = reinterpret_cast<uintptr_t*>(at(jumps_));
  constexpr size_t stride = 8;
  for (size_t index = 0; index < jump_count_; index += stride) {
    uintptr_t any = 0;
    for (size_t each = 0; each < stride; ++each) any |= table[index + each];
    if (any == 0) [[likely]]
      continue;
    for (size_t each = index; each < index + stride; ++each)
      if (uintptr_t block = std::exchange(table[each], 0); block != 0) jumps.push_back({static_cast<uint32_t>(each), block});
  }
}

void SavedTlbs::put_jumps(const std::vector<Jump>& jumps) {
  auto* table = reinterpret_cast<uintptr_t*>(at(jumps_));
  for (const Jump& jump : jumps) table[jump.index] = jump.block;
}

void SavedTlbs::change(Root from, Root to) {
  if (!can_save() || from == to) {
    if (cpu_) flush_(cpu_);
    return;
  }
  if (from == none && std::ranges::none_of(saved_, [&](const Saved& saved) { return saved.root == to; })) return flush_(cpu_);
  Saved& saved = *slot_for(to);
  bool is_found = saved.root == to;
  take_jumps(taken_);
  std::swap_ranges(saved.tlb.get(), saved.tlb.get() + tlb_size_, at(tlb_));
  std::swap(saved.jumps, taken_);
  saved.root = from;
  saved.used = ++changes_;
  if (is_found) put_jumps(taken_);
  else flush_(cpu_);
}

void SavedTlbs::forget(Root root) {
  for (Saved& saved : saved_)
    if (saved.root == root) saved.root = none;
}

void SavedTlbs::forget_all() {
  for (Saved& saved : saved_) saved.root = none;
}

void SavedTlbs::forget_blocks() {
  for (Saved& saved : saved_) saved.jumps.clear();
}

}  // namespace halcyon::hal
