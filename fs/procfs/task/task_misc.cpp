// The short texts about a task.
#include <charconv>

#include "core/base/lock_guard.h"
#include "core/mm/frames/frame_allocator.h"
#include "fs/calls/mounts.h"
#include "fs/procfs/task/task_texts.h"
#include "fs/vfs/context.h"

namespace halcyon::fs {

Result<> write_comm(const Task& task, Writer& out) {
  TaskState state = TRY(task.look());
  print(out, "{}\n", state.name_view());
  return {};
}

// Only for a thread of the same process; what does not fit is cut off.
Result<size_t> store_comm(const Task& task, std::string_view text) {
  if (&current_thread().process() != &task.process()) return err::inval;
  auto stored = task.with_thread([&](Thread* thread) {
    std::array<char, 16> name{};
    text.copy(name.data(), name.size() - 1);
    if (thread) thread->name = name;
  });
  if (!stored) return std::unexpected(stored.error());
  return text.size();
}

void format_limits(Writer& out, const ResourceLimits& limits) {
  constexpr struct {
    std::string_view name, unit;
  } kinds[limit_count] = {
      {"Max cpu time", "seconds"},     {"Max file size", "bytes"},     {"Max data size", "bytes"},     {"Max stack size", "bytes"},
      {"Max core file size", "bytes"}, {"Max resident set", "bytes"},  {"Max processes", "processes"}, {"Max open files", "files"},
      {"Max locked memory", "bytes"},  {"Max address space", "bytes"}, {"Max file locks", "locks"},    {"Max pending signals", "signals"},
      {"Max msgqueue size", "bytes"},  {"Max nice priority", ""},      {"Max realtime priority", ""},  {"Max realtime timeout", "us"}};
  print(out, "{:<25} {:<20} {:<20} {:<10}\n", "Limit", "Soft Limit", "Hard Limit", "Units");
  auto value = [&](uint64_t limit) {
    if (limit == unlimited) print(out, "{:<20} ", "unlimited");
    else print(out, "{:<20} ", limit);
  };
  for (unsigned which = 0; which < limit_count; ++which) {
    print(out, "{:<25} ", kinds[which].name);
    value(limits[which].soft);
    value(limits[which].hard);
    if (!kinds[which].unit.empty()) print(out, "{:<10}", kinds[which].unit);
    out.write("\n");
  }
}

Result<> write_limits(const Task& task, Writer& out) {
  ResourceLimits limits;
  auto looked = task.with_thread([&](Thread*) {
    LockGuard guard(task.process().limits_lock);
    limits = task.process().limits;
  });
  if (!looked) return looked;
  format_limits(out, limits);
  return {};
}

// How much of memory it holds, in thousandths, moved by its adjustment and scaled to 0..1333 so that 666 is none.
Result<> write_oom_score(const Task& task, Writer& out) {
  TaskState state = TRY(task.look());
  int64_t adjustment = task.process().oom_score_adjustment;
  if (!state.resources.memory || adjustment == -1000) {
    out.write("0\n");
    return {};
  }
  auto total = static_cast<int64_t>(frames().total_pages());
  MemoryUse use = state.resources.memory->use();
  int64_t pages = static_cast<int64_t>(use.resident + use.tables) + adjustment * (total / 1000);
  print(out, "{}\n", std::max<int64_t>((1000 + pages * 1000 / total) * 2 / 3, 0));
  return {};
}

Result<> write_oom_score_adj(const Task& task, Writer& out) {
  TRY(task.with_thread([](Thread*) {}));
  print(out, "{}\n", task.process().oom_score_adjustment.load());
  return {};
}

Result<size_t> store_oom_score_adj(const Task& task, std::string_view text) {
  std::string_view value = text.substr(0, std::min(text.find_last_not_of(" \t\n") + 1, text.size()));
  int wanted = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), wanted);
  if (error != std::errc() || end != value.data() + value.size() || wanted < -1000 || wanted > 1000) return err::inval;
  TRY(task.with_thread([](Thread*) {}));
  std::atomic<int>& now = task.process().oom_score_adjustment;
  if (wanted < now.load() && !has_capability(current_thread().credentials(), capability::sys_resource)) return err::acces;
  now = wanted;
  return text.size();
}

namespace {

template <class WriteMounts>
Result<> write_mounts_of(const Task& task, Writer& out, WriteMounts write) {
  TaskState state = TRY(task.look());
  if (!state.resources.fs) return err::inval;
  Context& context = context_of(*state.resources.fs);
  return write(out, context.vfs(), context.root());
}

}  // namespace

Result<> write_task_mounts(const Task& task, Writer& out) { return write_mounts_of(task, out, write_mounts); }
Result<> write_task_mountinfo(const Task& task, Writer& out) { return write_mounts_of(task, out, write_mountinfo); }

// There is no table of kernel symbols at run time: as where Linux has none.
Result<> write_wchan(const Task& task, Writer& out) {
  TRY(task.with_thread([](Thread*) {}));
  out.write("0");
  return {};
}

// The processes that a thread is the parent of: those that it made, or that were handed to it.
Result<> write_children(const Task& task, Writer& out) {
  return task.with_thread([&](Thread* thread) {
    if (!thread) return;
    for (Process& child : task.process().children)
      if (child.parent_tid == thread->tid()) print(out, "{} ", child.pid());
  });
}

// There is one control group, the root.
Result<> write_cgroup(const Task& task, Writer& out) {
  TRY(task.with_thread([](Thread*) {}));
  out.write("0::/\n");
  return {};
}

// loginuid and sessionid: nobody has set them.
Result<> write_unset_id(const Task& task, Writer& out) {
  TRY(task.with_thread([](Thread*) {}));
  out.write("4294967295");
  return {};
}

// PER_LINUX is the only one.
Result<> write_personality(const Task& task, Writer& out) {
  TaskState state = TRY(task.look());
  print(out, "{:08x}\n", state.personality);
  return {};
}

Result<> write_seen_path(Writer& out, const Path& path) {
  Thread& self = current_thread();
  if (!self.resources().fs) return write_path(out, path);
  Path root = context_of(self.fs()).root();
  return is_below(path, root) ? write_path(out, path, root) : write_path(out, path);
}

Result<> write_seen_file(Writer& out, File& file) {
  if (const Path* path = file.location()) return write_seen_path(out, *path);
  file.describe(out);
  return {};
}

}  // namespace halcyon::fs
