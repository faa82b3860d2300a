#include "hal/fake/cpu.h"

#include <atomic>

#include "core/base/assert.h"
#include "core/base/types.h"
#include "hal/fake/context.h"
#include "hal/fake/fiber.h"
#include "hal/fake/machine.h"
#include "hal/isa/isa.h"

namespace halcyon::hal {

FakeCpu::FakeCpu(FakeMachine& machine, unsigned id) : HostedCpu(machine, id), machine_(machine) {}

void FakeCpu::put_back(UserContext& context) {
  if (held_ != &context) return;
  held_->holder_ = nullptr;
  held_ = nullptr;
}

// --- running

Trap FakeCpu::run_slice(UserContext& user_context, Root root, uint64_t& blocks) {
  auto& context = static_cast<FakeContext&>(user_context);
  if (context.holder_ != this) {
    if (context.holder_) panic("a context that another CPU holds: a put_back is missing", __FILE__, __LINE__);
    if (held_) put_back(*held_);
    held_ = &context;
    context.holder_ = this;
  }
  root_ = root;
  left_ = blocks;
  Trap trap = run_user(context);
  blocks = left_;
  return trap;
}

Trap FakeCpu::run_user(FakeContext& context) {
  for (;;) {
    Trap trap;
    bool is_rewound = false;
    Fiber* fiber = nullptr;
    switch (machine_.find_fiber(context, &fiber, &is_rewound)) {
      case FakeMachine::Pc::stale: return {.kind = Trap::Kind::exception, .exception = Exception::illegal_instruction};
      case FakeMachine::Pc::no_memory: panic("no memory for a program's stack", __FILE__, __LINE__);
      case FakeMachine::Pc::address:
        if (run_code(context, &trap)) return trap;
        continue;
      case FakeMachine::Pc::fiber: break;
    }
    if (fiber->resume(*this, is_rewound) == Fiber::Outcome::trapped) {
      context.set_pc(machine_.resume_token(*fiber));
      return fiber->last_trap();
    }
    machine_.recycle(*fiber);
  }
}

// The pc is a real address. Returns true if what lies there traps.
bool FakeCpu::run_code(FakeContext& context, Trap* trap) {
  if (spend(FakeMachine::call_blocks) == 0) {
    *trap = {.kind = Trap::Kind::interrupted};
    return true;
  }
  uint64_t pc = context.pc();
  std::byte* place = translate(pc, Access::execute, trap);
  if (!place) return true;
  CodeWord word = machine_.fetch(place);
  if (word.magic == CodeWord::call) {
    context.set_pc(word.token);
    return false;
  }
  FakeInstruction instruction = machine_.fake_isa().decode(word.magic);
  if (instruction.kind == FakeInstruction::Kind::load_number) {
    *context.slot(Reg::number) = instruction.value;
    context.set_pc(pc + instruction.size);
    return false;
  }
  if (instruction.kind == FakeInstruction::Kind::syscall) {
    context.set_pc(pc + instruction.size);
    *trap = {.kind = Trap::Kind::syscall};
    return true;
  }
  *trap = {.kind = Trap::Kind::exception, .exception = Exception::illegal_instruction};
  return true;
}

// --- memory

FakeCpu::Cached& FakeCpu::cached(Root root, uint64_t address) {
  uint64_t page = address >> page_shift;
  return cache_[(page ^ page >> 8 ^ root >> page_shift) % cache_size];
}

void FakeCpu::forget(Root root, uint64_t start, uint64_t end) {
  start = page_floor(start);
  if (end - start <= page_size) {
    Cached& one = cached(root, start);
    if (one.root == root && one.page == start) one.root = no_root;
    return;
  }
  for (Cached& each : cache_)
    if (each.root == root && each.page >= start && each.page < end) each.root = no_root;
}

void FakeCpu::forget_root(Root root) {
  forget(root, 0, ~uint64_t{0});
  if (root_ == root) root_ = no_root;
}

template <class Format>
FakeCpu::Walk FakeCpu::walk(uint64_t address, Access access, Cached& to) {
  uint64_t entry = Format::table(root_);
  uint64_t* slot = nullptr;
  for (unsigned level = Format::levels; level-- > 0;) {
    auto* table = static_cast<uint64_t*>(static_cast<void*>(machine_.direct_map() + Format::address(entry)));
    slot = &table[address >> (page_shift + 9 * level) & 511];
    entry = *slot;
    if (!Format::is_present(entry)) return Walk::absent;
  }
  if (!Format::permits(entry, access)) return Walk::forbidden;
  uint64_t touched = Format::touched(access);
  if ((entry & touched) != touched) {
    if (machine_.faults_on_touch()) return Walk::forbidden;
    entry = std::atomic_ref(*slot).fetch_or(touched) | touched;
  }
  to = {root_, page_floor(address), entry};
  return Walk::permitted;
}

template <class Format>
std::byte* FakeCpu::translate_as(uint64_t address, Access access, Trap* fault) {
  constexpr unsigned bits = page_shift + 9 * Format::levels;
  constexpr uint64_t lower_half = uint64_t{1} << (bits - 1);
  Cached& place = cached(root_, address);
  uint64_t touched = Format::touched(access);
  bool is_known = place.root == root_ && place.page == page_floor(address) && Format::permits(place.entry, access) &&
                  (place.entry & touched) == touched;
  Walk walked = Walk::permitted;
  if (!is_known) walked = address >= lower_half ? Walk::absent : walk<Format>(address, access, place);
  if (walked != Walk::permitted) {
    const FakeIsa& its = machine_.fake_isa();
    *fault = {.kind = Trap::Kind::page_fault, .access = access, .address = address};
    its.explain_page_fault(*fault, walked == Walk::forbidden);
    // Between the halves lies nothing.
    bool is_canonical = address < lower_half || address >= ~(lower_half - 1);
    if (!is_canonical && its.checks_canonical) *fault = {.kind = Trap::Kind::exception, .exception = Exception::protection};
    return nullptr;
  }
  return machine_.direct_map() + Format::address(place.entry) + (address & page_mask);
}

std::byte* FakeCpu::translate(uint64_t address, Access access, Trap* fault) {
  return with_traits(machine_.isa(),
                     [&]<class Traits>(Traits) { return translate_as<typename Traits::PageFormat>(address, access, fault); });
}

}  // namespace halcyon::hal
