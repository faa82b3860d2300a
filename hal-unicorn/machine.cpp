#include "hal-unicorn/machine.h"

#include <utility>

namespace halcyon::hal {

namespace {

std::unique_ptr<Target> make_target(Isa isa, Engine& engine) {
  switch (isa) {
    case Isa::x86_64: return make_x86_64_target(engine);
    case Isa::riscv64: return make_riscv64_target(engine);
  }
  std::unreachable();
}

}  // namespace

UnicornCpu::UnicornCpu(UnicornMachine& machine, unsigned id) : HostedCpu(machine, id), machine_(machine) {}

Trap UnicornCpu::run_slice(UserContext& context, Root root, uint64_t& blocks) {
  return machine_.run_slice(static_cast<UnicornContext&>(context), root, blocks);
}

UnicornMachine::UnicornMachine(const UnicornOptions& options)
    : HostedMachine(options), isa_(options.isa), console_(options.console ? options.console : &null_console_) {}

UnicornMachine::~UnicornMachine() {
  if (has_begun_) end();
}

std::string UnicornMachine::start(const UnicornOptions& options) {
  target_ = make_target(isa_, engine_);
  engine_.set_target(*target_);
  if (std::string failure = target_->start(options.memory, is_deterministic()); !failure.empty()) return failure;
  cpu_info_ = target_->cpu_info();
  let_count_by(target_->counter());
  for (unsigned id = 0; id < cpu_count(); ++id) {
    cpus_.push_back(std::make_unique<UnicornCpu>(*this, id));
    add_cpu(*cpus_.back());
  }
  begin();
  has_begun_ = true;
  return {};
}

std::unique_ptr<UserContext> UnicornMachine::new_context() {
  uc_context* copy = engine_.new_copy();
  return copy ? std::make_unique<UnicornContext>(engine_, *target_, copy) : nullptr;
}

Trap UnicornMachine::run_slice(UnicornContext& context, Root root, uint64_t& blocks) {
  uint64_t given = blocks;
  do {
    engine_.enter(context, root);
    Stop stop = engine_.run(context.leave_for_engine(), blocks);
    if (stop.kind == Stop::Kind::syscall) [[likely]]
      return {.kind = Trap::Kind::syscall};
    if (stop.kind == Stop::Kind::slice) break;
    Trap trap;
    if (target_->decode(context, stop, trap)) return trap;
    target_->supply_time(context, time_after(given - blocks));
  } while (blocks > 0);
  return {.kind = Trap::Kind::interrupted};
}

// Unicorn's table of translations starts small and grows, if it was crowded, only when it is flushed: flushing every few milliseconds makes
// CPU-bound programs a third faster.
void UnicornMachine::slice_ended() {
  if (++slices_ % 4 == 0) engine_.forget_translations();
}

std::expected<std::unique_ptr<HostedMachine>, std::string> make_unicorn_machine(const UnicornOptions& options) {
  auto machine = std::make_unique<UnicornMachine>(options);
  if (std::string failure = machine->start(options); !failure.empty()) return std::unexpected(std::move(failure));
  return machine;
}

}  // namespace halcyon::hal
