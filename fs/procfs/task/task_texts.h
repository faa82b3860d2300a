// The texts about one task: functions that look at it, over formatters that only know what they are given.
#pragma once

#include "core/base/print.h"
#include "fs/procfs/task/task.h"
#include "fs/vfs/path.h"

namespace halcyon::fs {

// What a task's memory says, if it has any.
struct TaskMemory {
  MemoryUse use;
  ResidentPages kinds;
  AddressSpace::ProgramInfo program;
};

// --- task_stat.cpp
Result<> write_stat(const Task& task, Writer& out);
Result<> write_statm(const Task& task, Writer& out);
// `memory` may be null; what only those may see who may look into the task is 0 for others.
void format_stat(Writer& out, const TaskState& state, const TaskMemory* memory, bool may_look);
void format_statm(Writer& out, const TaskMemory& memory);

// --- task_status.cpp
Result<> write_status(const Task& task, Writer& out);
struct StatusDetails {
  unsigned umask = 0;
  bool has_umask = false;
  size_t descriptors = 0;  // room in its table
  unsigned cpus = 1;
  bool speculates = false;  // as prctl(PR_GET_SPECULATION_CTRL) says where there is such a control
};
void format_status(Writer& out, const TaskState& state, const TaskMemory* memory, const StatusDetails& details);

// --- task_memory.cpp: the contents of its memory that it was started with.
Result<> write_command_line(const Task& task, Writer& out);
Result<> write_environment(const Task& task, Writer& out);
Result<> write_auxiliary(const Task& task, Writer& out);

// --- task_maps.cpp
Result<> write_maps(const Task& task, Writer& out);
Result<> write_smaps(const Task& task, Writer& out);
Result<> write_smaps_rollup(const Task& task, Writer& out);
struct MapLine {
  UserAddr start = 0, end = 0;
  uint32_t protection = 0;
  bool is_shared = false;
  uint64_t offset = 0, device = 0, inode = 0;
  std::string_view name;
};
void format_map(Writer& out, const MapLine& line);

// --- task_misc.cpp
Result<> write_comm(const Task& task, Writer& out);
Result<size_t> store_comm(const Task& task, std::string_view text);
Result<> write_limits(const Task& task, Writer& out);
void format_limits(Writer& out, const ResourceLimits& limits);
Result<> write_oom_score(const Task& task, Writer& out);
Result<> write_oom_score_adj(const Task& task, Writer& out);
Result<size_t> store_oom_score_adj(const Task& task, std::string_view text);
Result<> write_task_mounts(const Task& task, Writer& out);
Result<> write_task_mountinfo(const Task& task, Writer& out);
Result<> write_wchan(const Task& task, Writer& out);
Result<> write_children(const Task& task, Writer& out);
Result<> write_cgroup(const Task& task, Writer& out);
Result<> write_unset_id(const Task& task, Writer& out);
Result<> write_personality(const Task& task, Writer& out);

// The path of a place or file as the running thread sees it: from its root, or from the root of all if it lies elsewhere.
Result<> write_seen_path(Writer& out, const Path& path);
Result<> write_seen_file(Writer& out, File& file);

}  // namespace halcyon::fs
