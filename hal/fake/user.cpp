#include "hal/fake/user.h"

#include <algorithm>
#include <utility>

#include "core/base/types.h"
#include "hal/fake/context.h"
#include "hal/fake/cpu.h"
#include "hal/fake/fiber.h"
#include "hal/fake/machine.h"

namespace halcyon::hal {
namespace {

constexpr uint64_t sigchld = 17;

}  // namespace

FakeMachine& User::machine() const { return fiber_.machine(); }
Isa User::isa() const { return machine().isa(); }

void User::spend() {
  while (!fiber_.cpu().spend(FakeMachine::call_blocks)) fiber_.trap({.kind = Trap::Kind::interrupted});
}

void User::work(uint64_t nanoseconds) {
  if (!fiber_.may_act()) return;
  uint64_t blocks = std::max<uint64_t>(nanoseconds / FakeMachine::block_nanoseconds, 1);
  while (blocks > 0) {
    uint64_t done = fiber_.cpu().spend(blocks);
    if (done == 0) fiber_.trap({.kind = Trap::Kind::interrupted});
    blocks -= done;
  }
}

int64_t User::trap_syscall(uint64_t number, const std::array<uint64_t, 6>& arguments) {
  if (!fiber_.may_act()) return -1;
  spend();
  FakeContext& context = fiber_.context();
  for (unsigned index = 0; index < arguments.size(); ++index) *context.slot(argument(index)) = arguments[index];
  *context.slot(Reg::number) = number;
  // The instruction is executed again with whatever the registers hold by then.
  while (fiber_.trap({.kind = Trap::Kind::syscall})) spend();
  return static_cast<int64_t>(*fiber_.context().slot(Reg::result));
}

void User::set_child(Program child) {
  if (fiber_.may_act()) fiber_.context().set_child(machine().token(std::move(child)));
}

int64_t User::fork(Program child) { return clone(std::move(child), machine().fake_isa().clone, sigchld); }

void User::exit(int status) {
  for (;;) syscall(machine().fake_isa().exit, status);
}

std::byte* User::reach(uint64_t address, Access access) {
  Trap fault;
  for (;;) {
    if (std::byte* place = fiber_.cpu().translate(address, access, &fault)) return place;
    fiber_.trap(fault);
  }
}

// As on a real CPU an access that crosses into another page happens whole or not at all.
void User::read(uint64_t address, std::span<std::byte> bytes) {
  if (!fiber_.may_act()) bytes = {};
  while (!bytes.empty()) {
    spend();
    size_t count = std::min<size_t>(bytes.size(), page_size - (address & page_mask));
    std::memcpy(bytes.data(), reach(address, Access::read), count);
    bytes = bytes.subspan(count);
    address += count;
  }
}

void User::write(uint64_t address, std::span<const std::byte> bytes) {
  if (!fiber_.may_act() || bytes.empty()) return;
  constexpr size_t widest = 64;
  uint64_t last = address + bytes.size() - 1;
  if (bytes.size() <= widest && page_floor(address) != page_floor(last)) reach(last, Access::write);
  while (!bytes.empty()) {
    spend();
    size_t count = std::min<size_t>(bytes.size(), page_size - (address & page_mask));
    std::byte* place = reach(address, Access::write);
    std::memcpy(place, bytes.data(), count);
    machine().note_user_write(place);
    bytes = bytes.subspan(count);
    address += count;
  }
}

uint32_t* User::word(uint64_t address) {
  if (!fiber_.may_act()) return nullptr;
  spend();
  return static_cast<uint32_t*>(static_cast<void*>(reach(address, Access::write)));
}

uint32_t User::exchange(uint64_t address, uint32_t value) {
  uint32_t* place = word(address);
  return place ? std::exchange(*place, value) : 0;
}

uint32_t User::compare_exchange(uint64_t address, uint32_t expected, uint32_t value) {
  uint32_t* place = word(address);
  if (!place) return expected;
  uint32_t old = *place;
  if (old == expected) *place = value;
  return old;
}

uint32_t User::fetch_add(uint64_t address, uint32_t value) {
  uint32_t* place = word(address);
  return place ? std::exchange(*place, *place + value) : 0;
}

void User::jump(uint64_t address) {
  fiber_.may_act();
  throw Fiber::Jump{address};
}

void User::ret() {
  if (auto link = machine().fake_isa().return_address) jump(get(general(*link)));
  uint64_t sp = get(Reg::sp);
  auto target = load<uint64_t>(sp);
  set(Reg::sp, sp + sizeof target);
  jump(target);
}

void User::raise(Exception exception, uint8_t vector, uint16_t error_code) {
  if (!fiber_.may_act()) return;
  spend();
  fiber_.trap({.kind = Trap::Kind::exception, .exception = exception, .vector = vector, .error_code = error_code});
}

void User::fence_instructions() { machine().forget_code(); }

uint64_t User::get(Reg reg) const {
  uint64_t* place = fiber_.context().slot(reg);
  return place ? *place : 0;
}

void User::set(Reg reg, uint64_t value) {
  if (uint64_t* place = fiber_.context().slot(reg)) *place = value;
}

std::span<std::byte> User::floating_point() { return fiber_.context().floating_point(); }

}  // namespace halcyon::hal
