// The directory of a process, and of one of its threads: a table of names.
#include "fs/procfs/task/task_nodes.h"
#include "fs/procfs/task/task_texts.h"
#include "fs/tree/text_node.h"

namespace halcyon::fs {

namespace {

struct TaskEntry {
  enum class Kind : uint8_t {
    threads,
    descriptors,
    descriptor_infos,
    link,
    text,    // anybody who may open it sees all of it
    memory,  // only for those who may look into the task
  };
  std::string_view name;
  Kind kind;
  uint32_t permissions;
  Result<> (*write)(const Task& task, Writer& out) = nullptr;
  Result<size_t> (*store)(const Task& task, std::string_view text) = nullptr;
  FindTarget find = nullptr;
  bool shows_mounts = false;  // so that poll(2) tells of their changes
};

using Kind = TaskEntry::Kind;
constexpr TaskEntry entries[] = {
    {"task", Kind::threads, 0555},  // of processes only
    {"fd", Kind::descriptors, 0500},
    {"fdinfo", Kind::descriptor_infos, 0555},
    {"environ", Kind::memory, 0400, write_environment},
    {"auxv", Kind::memory, 0400, write_auxiliary},
    {"status", Kind::text, 0444, write_status},
    {"personality", Kind::memory, 0400, write_personality},
    {"limits", Kind::text, 0444, write_limits},
    {"comm", Kind::text, 0644, write_comm, store_comm},
    {"cmdline", Kind::text, 0444, write_command_line},
    {"stat", Kind::text, 0444, write_stat},
    {"statm", Kind::text, 0444, write_statm},
    {"maps", Kind::memory, 0444, write_maps},
    {"cwd", Kind::link, 0777, nullptr, nullptr, find_working_directory},
    {"root", Kind::link, 0777, nullptr, nullptr, find_root},
    {"exe", Kind::link, 0777, nullptr, nullptr, find_executable},
    {"mounts", Kind::text, 0444, write_task_mounts, nullptr, nullptr, true},
    {"mountinfo", Kind::text, 0444, write_task_mountinfo, nullptr, nullptr, true},
    {"smaps", Kind::memory, 0444, write_smaps},
    {"smaps_rollup", Kind::memory, 0444, write_smaps_rollup},
    {"wchan", Kind::text, 0444, write_wchan},
    {"cgroup", Kind::text, 0444, write_cgroup},
    {"oom_score", Kind::text, 0444, write_oom_score},
    {"oom_score_adj", Kind::text, 0644, write_oom_score_adj, store_oom_score_adj},
    {"loginuid", Kind::text, 0444, write_unset_id},
    {"sessionid", Kind::text, 0444, write_unset_id},
    {"children", Kind::text, 0444, write_children},  // of threads only
};

FileType type_of(Kind kind) {
  switch (kind) {
    case Kind::threads:
    case Kind::descriptors:
    case Kind::descriptor_infos: return FileType::directory;
    case Kind::link: return FileType::symlink;
    case Kind::text:
    case Kind::memory: break;
  }
  return FileType::regular;
}

unsigned number_of(const TaskEntry& entry) { return static_cast<unsigned>(&entry - entries) + proc_entry::first_text; }

class TaskText : public OfTask<TextNode> {
 public:
  TaskText(ProcFileSystem& file_system, const NodeStart& start, const Task& task, const TaskEntry& entry)
      : OfTask(file_system, start, task), entry_(entry) {}
  Result<> write_text(Writer& out) override { return entry_.write(task(), out); }
  bool is_storable() const override { return entry_.store != nullptr; }
  Result<size_t> store(uint64_t, std::string_view text) override { return entry_.store(task(), text); }
  ChangeCounter* changes() override { return entry_.shows_mounts ? &file_system().vfs().mounts().changes() : nullptr; }

 private:
  const TaskEntry& entry_;
};

// A text about the memory that the task had when the file was opened: once it has another, or none, the text is empty.
class MemoryText final : public TaskText {
 public:
  using TaskText::TaskText;

  Result<Ref<File>> open_own(const Path& path, uint32_t flags) override {
    TaskState state = TRY(task().look());
    if (!may_look_into(task(), state)) return err::acces;
    return make_ref<OpenText>(path, flags, *this, state.resources.memory.get());
  }

 private:
  class OpenText final : public TextFile {
   public:
    OpenText(Path path, uint32_t flags, MemoryText& node, const AddressSpace* memory)
        : TextFile(std::move(path), flags, node), node_(node), memory_(memory) {}
    bool is_pollable() const override { return false; }

   private:
    Result<> make_text(Writer& out) override {
      TaskState state = TRY(node_.task().look());
      if (state.resources.memory.get() != memory_) return {};
      if (!may_look_into(node_.task(), state)) return err::acces;
      return node_.write_text(out);
    }

    MemoryText& node_;
    const AddressSpace* memory_;  // only to be compared
  };
};

class TaskDirectory final : public TaskDirectoryNode {
 public:
  using TaskDirectoryNode::TaskDirectoryNode;

  Result<Ref<Inode>> lookup(std::string_view name) override {
    for (const TaskEntry& entry : own_entries())
      if (entry.name == name) return make(entry);
    return err::noent;
  }

  Result<> list(uint64_t* position, DirectoryVisitor& visitor) override {
    if (auto exists = task().with_thread([](Thread*) {}); !exists) return err::noent;
    std::span<const TaskEntry> own = own_entries();
    for (; *position < own.size(); ++*position) {
      const TaskEntry& entry = own[*position];
      if (!visitor.entry(entry.name, task_inode_number(task(), number_of(entry)), type_of(entry.kind), *position + 1)) break;
    }
    return {};
  }

  Process* named_process() override { return task().is_process() ? &task().process() : nullptr; }

 private:
  std::span<const TaskEntry> own_entries() const {
    constexpr std::span<const TaskEntry> all(entries);
    return task().is_process() ? all.first(all.size() - 1) : all.subspan(1);
  }

  Result<Ref<Inode>> make(const TaskEntry& entry) {
    NodeStart start = TRY(task_node_start(task(), type_of(entry.kind), entry.permissions, task_inode_number(task(), number_of(entry))));
    switch (entry.kind) {
      case Kind::threads: return make_threads_directory(proc(), task(), start);
      case Kind::descriptors: return make_descriptors_directory(proc(), task(), start);
      case Kind::descriptor_infos: return make_descriptor_infos_directory(proc(), task(), start);
      case Kind::link: return make_task_link(proc(), task(), start, entry.find);
      case Kind::text: return make_ref<TaskText>(proc(), start, task(), entry);
      case Kind::memory: return make_ref<MemoryText>(proc(), start, task(), entry);
    }
    return err::noent;
  }
};

// /proc/PID/task. A position is a thread id + 1.
class ThreadsDirectory final : public TaskDirectoryNode {
 public:
  using TaskDirectoryNode::TaskDirectoryNode;

  Result<Ref<Inode>> lookup(std::string_view name) override {
    int tid = number_of_name(name);
    if (tid <= 0) return err::noent;
    return make_task_directory(proc(), Task(Ref<Process>(task().process()), tid));
  }

  Result<> list(uint64_t* position, DirectoryVisitor& visitor) override {
    for (;;) {
      int next = 0;
      auto looked = task().with_thread([&](Thread*) {
        // Ids of a process mostly follow each other.
        Thread* thread = *position < Kernel::id_limit ? proc().kernel().next_thread(static_cast<int>(*position)) : nullptr;
        while (thread && &thread->process() != &task().process()) thread = proc().kernel().next_thread(thread->tid() + 1);
        if (thread) next = thread->tid();
      });
      if (!looked) return err::noent;
      if (next == 0) return {};
      FixedText<16> name;
      print(name, "{}", next);
      Task thread(Ref<Process>(task().process()), next);
      uint64_t behind = static_cast<uint64_t>(next) + 1;
      if (!visitor.entry(name.view(), task_inode_number(thread, proc_entry::directory), FileType::directory, behind)) return {};
      *position = behind;
    }
  }
};

}  // namespace

int number_of_name(std::string_view name) {
  if (name.empty() || name.size() > 9 || (name[0] == '0' && name.size() > 1)) return -1;
  int number = 0;
  for (char c : name) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

Ownership TaskDirectoryNode::ownership() {
  Ownership ownership = OfTask::ownership();
  Thread* self = per_cpu().current;
  if (self && &self->process() == &task().process()) ownership.uid = self->credentials().fsuid;
  return ownership;
}

uint64_t task_inode_number(const Task& task, unsigned entry, int fd) {
  uint64_t kind = task.is_process() ? 0 : uint64_t{1} << 31;
  return static_cast<uint64_t>(task.id()) << 32 | kind | uint64_t{entry} << 21 | static_cast<uint64_t>(fd);
}

Result<NodeStart> task_node_start(const Task& task, FileType type, uint32_t permissions, uint64_t number) {
  auto owner = task.owner(type == FileType::directory && permissions == 0555);
  if (!owner) return err::noent;
  return NodeStart{type, permissions, owner->uid, owner->gid, number};
}

Result<Ref<Inode>> make_task_directory(ProcFileSystem& file_system, const Task& task) {
  NodeStart start = TRY(task_node_start(task, FileType::directory, 0555, task_inode_number(task, proc_entry::directory)));
  return make_ref<TaskDirectory>(file_system, start, task);
}

Result<Ref<Inode>> make_threads_directory(ProcFileSystem& file_system, const Task& task, const NodeStart& start) {
  return make_ref<ThreadsDirectory>(file_system, start, task);
}

}  // namespace halcyon::fs
