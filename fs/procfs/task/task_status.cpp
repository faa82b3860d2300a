// /proc/PID/status.
#include "fs/procfs/task/task_texts.h"
#include "fs/vfs/context.h"
#include "hal/isa/isa.h"

namespace halcyon::fs {

namespace {

std::string_view state_name(char state) {
  switch (state) {
    case 'R': return "R (running)";
    case 'S': return "S (sleeping)";
    case 'D': return "D (disk sleep)";
    case 'T': return "T (stopped)";
    case 'Z': return "Z (zombie)";
    default: return "X (dead)";
  }
}

void format_ids(Writer& out, const TaskState& state, const StatusDetails& details) {
  const Credentials& who = state.credentials();
  print(out, "Name:\t");
  for (char c : state.name_view()) {
    if (c == '\n') out.write("\\n");
    else if (c == '\\') out.write("\\\\");
    else out.write({&c, 1});
  }
  if (details.has_umask) print(out, "\nUmask:\t{:#04o}", details.umask);
  print(out, "\nState:\t{}\nTgid:\t{}\nNgid:\t0\nPid:\t{}\nPPid:\t{}\nTracerPid:\t0\n", state_name(state.state), state.pid, state.tid,
        state.parent);
  print(out, "Uid:\t{}\t{}\t{}\t{}\n", who.uid, who.euid, who.suid, who.fsuid);
  print(out, "Gid:\t{}\t{}\t{}\t{}\n", who.gid, who.egid, who.sgid, who.fsgid);
  print(out, "FDSize:\t{}\nGroups:\t", details.descriptors);
  for (size_t index = 0; index < who.groups.size(); ++index) print(out, "{}{}", index == 0 ? "" : " ", who.groups[index]);
  print(out, " \nNStgid:\t{}\nNSpid:\t{}\nNSpgid:\t{}\nNSsid:\t{}\n", state.pid, state.tid, state.group, state.session);
}

void format_memory(Writer& out, const TaskMemory& memory) {
  const MemoryUse& use = memory.use;
  const ResidentPages& kinds = memory.kinds;
  uint64_t code = (page_ceil(memory.program.code_end) - page_floor(memory.program.code_start)) >> page_shift;
  uint64_t own_code = std::min(code, use.executable);
  const struct {
    std::string_view name;
    uint64_t pages;
  } lines[] = {{"VmPeak", use.peak_mapped},
               {"VmSize", use.mapped},
               {"VmLck", use.locked},
               {"VmPin", 0},
               {"VmHWM", use.peak_resident},
               {"VmRSS", use.resident},
               {"RssAnon", kinds.anonymous},
               {"RssFile", kinds.file},
               {"RssShmem", kinds.shared},
               {"VmData", use.data},
               {"VmStk", use.stack},
               {"VmExe", own_code},
               {"VmLib", use.executable - own_code},
               {"VmPTE", use.tables},
               {"VmSwap", 0},
               {"HugetlbPages", 0}};
  for (const auto& line : lines) print(out, "{}:\t{:8} kB\n", line.name, line.pages * (page_size / 1024));
  out.write("CoreDumping:\t0\nTHP_enabled:\t0\n");
}

void format_signals(Writer& out, const TaskState& state, bool speculates) {
  const Credentials& who = state.credentials();
  print(out, "Threads:\t{}\nSigQ:\t{}/{}\n", state.threads, state.queued_signals, state.queued_limit);
  const struct {
    std::string_view name;
    uint64_t bits;
  } lines[] = {{"SigPnd", state.pending.bits()}, {"ShdPnd", state.shared_pending.bits()},
               {"SigBlk", state.blocked.bits()}, {"SigIgn", state.ignored.bits()},
               {"SigCgt", state.caught.bits()},  {"CapInh", who.inheritable},
               {"CapPrm", who.permitted},        {"CapEff", who.effective},
               {"CapBnd", who.bounding},         {"CapAmb", who.ambient}};
  for (const auto& line : lines) print(out, "{}:\t{:016x}\n", line.name, line.bits);
  print(out, "NoNewPrivs:\t{}\nSeccomp:\t{}\nSeccomp_filters:\t{}\n", static_cast<int>(state.no_new_privileges), state.seccomp_mode,
        state.seccomp_filters);
  print(out, "Speculation_Store_Bypass:\t{}\nSpeculationIndirectBranch:\t{}\n", speculates ? "vulnerable" : "unknown",
        speculates ? "always enabled" : "unsupported");
}

// Bits as the kernel prints bitmaps: groups of 32, the first as wide as the rest of `count` needs.
void format_mask(Writer& out, uint64_t bits, unsigned count) {
  if (count > 32) print(out, "{:0{}x},", bits >> 32, (count - 32 + 3) / 4);
  print(out, "{:0{}x}", bits & 0xffff'ffff, (std::min(count, 32u) + 3) / 4);
}

void format_list(Writer& out, uint64_t bits, unsigned count) {
  bool is_first = true;
  for (unsigned first = 0; first < count; ++first) {
    if ((bits >> first & 1) == 0) continue;
    unsigned last = first;
    while (last + 1 < count && (bits >> (last + 1) & 1) != 0) ++last;
    print(out, "{}{}", is_first ? "" : ",", first);
    if (last > first) print(out, "-{}", last);
    is_first = false;
    first = last;
  }
}

void format_places(Writer& out, const TaskState& state, unsigned cpus) {
  uint64_t allowed = cpus < 64 ? state.affinity & ((uint64_t{1} << cpus) - 1) : state.affinity;
  out.write("Cpus_allowed:\t");
  format_mask(out, allowed, cpus);
  out.write("\nCpus_allowed_list:\t");
  format_list(out, allowed, cpus);
  print(out, "\nMems_allowed:\t1\nMems_allowed_list:\t0\nvoluntary_ctxt_switches:\t{}\nnonvoluntary_ctxt_switches:\t{}\n",
        state.use.voluntary_switches, state.use.involuntary_switches);
}

}  // namespace

void format_status(Writer& out, const TaskState& state, const TaskMemory* memory, const StatusDetails& details) {
  format_ids(out, state, details);
  if (memory) format_memory(out, *memory);
  format_signals(out, state, details.speculates);
  format_places(out, state, details.cpus);
}

Result<> write_status(const Task& task, Writer& out) {
  TaskState state = TRY(task.look());
  StatusDetails details;
  details.cpus = task.process().kernel().cpu_count();
  details.speculates = hal::description(task.process().kernel().machine().isa()).has_speculation_control;
  if (state.resources.fs) {
    details.umask = context_of(*state.resources.fs).umask();
    details.has_umask = true;
  }
  if (state.resources.files) details.descriptors = state.resources.files->size();
  TaskMemory memory;
  AddressSpace* space = state.resources.memory.get();
  if (space) memory = {space->use(), space->resident_kinds(), space->program()};
  format_status(out, state, space ? &memory : nullptr, details);
  return {};
}

}  // namespace halcyon::fs
