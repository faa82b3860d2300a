// /proc/PID/stat and statm.
#include "fs/procfs/task/task_texts.h"

namespace halcyon::fs {

namespace {

constexpr Nanoseconds tick = 10'000'000;  // 100 Hz

namespace flag {  // of the ninth column
constexpr uint32_t exiting = 4, not_executed = 0x40, kernel_thread = 0x200000;
}

uint32_t flags_of(const TaskState& state) {
  return (state.is_exiting ? flag::exiting : 0) | (state.has_executed ? 0 : flag::not_executed) |
         (state.is_kernel ? flag::kernel_thread : 0);
}

// Only the standard signals fit in these columns.
uint64_t low_signals(SignalSet set) { return set.bits() & 0x7fff'ffff; }

int priority_of(const TaskState& state) {
  constexpr int fifo = 1, round_robin = 2;
  return state.policy == fifo || state.policy == round_robin ? -2 : 20 + state.nice;
}

void format_identity(Writer& out, const TaskState& state) {
  print(out, "{} ({}) {} {} {} {} {} {} {}", state.tid, state.name_view(), state.state, state.parent, state.group, state.session,
        static_cast<uint32_t>(state.terminal), state.terminal_group, flags_of(state));
}

void format_use(Writer& out, const TaskState& state) {
  const ResourceUse& own = state.use;
  const ResourceUse& children = state.children_use;
  print(out, " {} {} {} {} {} {} {} {}", own.minor_faults, children.minor_faults, own.major_faults, children.major_faults,
        own.user_time / tick, own.system_time / tick, children.user_time / tick, children.system_time / tick);
  print(out, " {} {} {} 0 {}", priority_of(state), state.nice, state.threads, state.start_time / tick);
}

}  // namespace

void format_stat(Writer& out, const TaskState& state, const TaskMemory* memory, bool may_look) {
  const TaskMemory none;
  const TaskMemory& seen = memory ? *memory : none;
  AddressSpace::ProgramInfo program;
  if (memory && may_look) program = memory->program;
  else if (memory) program.code_start = program.code_end = 1;
  format_identity(out, state);
  format_use(out, state);
  print(out, " {} {} {} {} {} {} 0 0", seen.use.mapped * page_size, seen.use.resident, state.resident_limit, program.code_start,
        program.code_end, program.stack_start);
  print(out, " {} {} {} {}", low_signals(state.pending), low_signals(state.blocked), low_signals(state.ignored), low_signals(state.caught));
  bool is_waiting = may_look && state.state != 'R' && state.state != 'Z';
  print(out, " {} 0 0 {} {} {} {} 0 0 0", static_cast<int>(is_waiting), state.exit_signal, state.cpu, 0, state.policy);
  print(out, " {} {} {} {} {} {} {} {}\n", program.data_start, program.data_end, program.break_start, program.arguments_start,
        program.arguments_end, program.environment_start, program.environment_end, may_look ? state.exit_status : 0);
}

void format_statm(Writer& out, const TaskMemory& memory) {
  const MemoryUse& use = memory.use;
  uint64_t code = (page_ceil(memory.program.code_end) - page_floor(memory.program.code_start)) >> page_shift;
  print(out, "{} {} {} {} 0 {} 0\n", use.mapped, use.resident, memory.kinds.file + memory.kinds.shared, code, use.data + use.stack);
}

Result<> write_stat(const Task& task, Writer& out) {
  TaskState state = TRY(task.look());
  TaskMemory memory;
  bool has_memory = static_cast<bool>(state.resources.memory);
  if (has_memory) memory = {state.resources.memory->use(), {}, state.resources.memory->program()};
  format_stat(out, state, has_memory ? &memory : nullptr, may_look_into(task, state));
  return {};
}

Result<> write_statm(const Task& task, Writer& out) {
  TaskState state = TRY(task.look());
  TaskMemory memory;
  if (AddressSpace* space = state.resources.memory.get()) memory = {space->use(), space->resident_kinds(), space->program()};
  format_statm(out, memory);
  return {};
}

}  // namespace halcyon::fs
