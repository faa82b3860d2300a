#include "hal/fake/machine.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "core/base/assert.h"
#include "core/base/types.h"
#include "hal/fake/context.h"
#include "hal/fake/cpu.h"
#include "hal/fake/fiber.h"

namespace halcyon::hal {
namespace {

// Tokens lie where no program of these tests has code: functions from 32 GiB, suspended fibers from 64 to 128 GiB.
//   function:  1 << 35 | index << 4
//   fiber:     1 << 36 | id << 20 | generation << 1 | rewound
constexpr uint64_t function_base = uint64_t{1} << 35, fiber_base = uint64_t{1} << 36, fiber_end = uint64_t{1} << 37;
constexpr unsigned function_shift = 4, id_shift = 20;
constexpr uint64_t id_mask = 0xffff, generation_mask = 0x7ffff;

HostedOptions hosted_options(const FakeOptions& options) {
  HostedOptions hosted;
  hosted.cpu_count = options.cpu_count;
  hosted.is_deterministic = true;
  hosted.seed = options.seed;
  hosted.slice_blocks = options.slice_blocks;
  return hosted;
}

}  // namespace

FakeMachine::FakeMachine(const FakeOptions& options)
    : HostedMachine(hosted_options(options)), options_(options), fake_isa_(hal::fake_isa(options.isa)) {
  options_.memory = page_floor(options.memory);
  void* ram = mmap(nullptr, options_.memory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (ram == MAP_FAILED) panic("no memory for a machine", __FILE__, __LINE__);
  ram_ = static_cast<std::byte*>(ram);
  for (unsigned id = 0; id < cpu_count(); ++id) {
    cpus_.push_back(std::make_unique<FakeCpu>(*this, id));
    add_cpu(*cpus_.back());
  }
  begin();
}

FakeMachine::~FakeMachine() {
  ASSERT(free_fibers_.size() == fibers_.size() && "contexts outlive their machine");
  end();
  munmap(ram_, options_.memory);
}

// The first page stays out, so that no root is 0.
Machine::Memory FakeMachine::memory() const { return {.start = page_size, .size = options_.memory - page_size}; }

std::unique_ptr<UserContext> FakeMachine::new_context() { return std::make_unique<FakeContext>(*this); }

void FakeMachine::forget_root(Root root) {
  for (auto& cpu : cpus_) cpu->forget_root(root);
}

void FakeMachine::shoot_down(Root root, uint64_t start, uint64_t end) {
  if (options_.is_broken) return;
  for (auto& cpu : cpus_) cpu->forget(root, start, end);
}

void FakeMachine::raise_events() {
  for (auto& cpu : cpus_) cpu->raise_event();
}

void FakeMachine::stuck() {
  if (!stuck_handler_) panic("every CPU idles, and nothing can wake one", __FILE__, __LINE__);
  stuck_handler_();
  // What it made ready may wait for a CPU that is the one which looks.
  for (auto& cpu : cpus_) cpu->kick();
}

void FakeMachine::slice_ended() {
  if (work_done() > most_blocks) panic("a program runs on and on", __FILE__, __LINE__);
}

// --- code

void FakeMachine::sync_code(uint64_t address) {
  const std::byte* frame = ram_ + page_floor(address);
  code_.erase(code_.lower_bound(frame), code_.lower_bound(frame + page_size));
}

CodeWord FakeMachine::fetch(const std::byte* place) {
  auto known = code_.find(place);
  if (known != code_.end()) return known->second;
  CodeWord word{};
  auto offset = static_cast<uint64_t>(place - ram_) & page_mask;
  std::memcpy(&word, place, std::min(sizeof word, page_size - offset));
  code_.emplace(place, word);
  return word;
}

void FakeMachine::note_user_write(const std::byte* place) {
  if (fake_isa_.has_coherent_fetch && !code_.empty()) sync_code(static_cast<uint64_t>(place - ram_));
}

// --- programs

uint64_t FakeMachine::token(Program program, Ending ending) {
  functions_.push_back({std::move(program), ending});
  return function_base | (functions_.size() - 1) << function_shift;
}

uint64_t FakeMachine::resume_token(const Fiber& fiber) const {
  return fiber_base | uint64_t{fiber.id()} << id_shift | (fiber.generation() & generation_mask) << 1;
}

uint64_t FakeMachine::rewound(uint64_t pc) const {
  if (pc >= fiber_base && pc < fiber_end) return pc | 1;
  return pc - fake_isa_.syscall_size;
}

FakeMachine::Pc FakeMachine::find_fiber(FakeContext& context, Fiber** fiber, bool* is_rewound) {
  uint64_t pc = context.pc();
  if (pc >= fiber_base && pc < fiber_end) {
    uint64_t id = pc >> id_shift & id_mask;
    *fiber = id < fibers_.size() ? fibers_[id].get() : nullptr;
    *is_rewound = (pc & 1) != 0;
    bool is_right = *fiber && (*fiber)->owner() == &context && ((*fiber)->generation() & generation_mask) == (pc >> 1 & generation_mask);
    return is_right && (!*is_rewound || (*fiber)->is_in_syscall()) ? Pc::fiber : Pc::stale;
  }
  uint64_t index = (pc - function_base) >> function_shift;
  if (pc < function_base || index >= functions_.size() || (pc & ((1 << function_shift) - 1)) != 0) return Pc::address;
  if (free_fibers_.empty()) {
    if (fibers_.size() > id_mask) return Pc::no_memory;
    fibers_.push_back(std::make_unique<Fiber>(*this, static_cast<uint32_t>(fibers_.size())));
    free_fibers_.push_back(fibers_.back().get());
  }
  *fiber = free_fibers_.back();
  if (!(*fiber)->start(context, functions_[index].program, functions_[index].ending)) return Pc::no_memory;
  free_fibers_.pop_back();
  return Pc::fiber;
}

void FakeMachine::recycle(Fiber& fiber) { free_fibers_.push_back(&fiber); }

void FakeMachine::kill(Fiber& fiber) {
  fiber.kill();
  recycle(fiber);
}

}  // namespace halcyon::hal
