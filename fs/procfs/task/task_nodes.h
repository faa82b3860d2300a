// The nodes below /proc/PID and /proc/PID/task/TID. Each is made anew whenever its name is looked up, belongs to the task's user as of
// then, and asks for the task whenever it is used.
#pragma once

#include "fs/procfs/proc_file_system.h"
#include "fs/procfs/task/task.h"
#include "fs/vfs/path.h"

namespace halcyon::fs {

// Adds to a Node what all of them have in common.
template <class Base>
class OfTask : public Base {
 public:
  OfTask(ProcFileSystem& file_system, const NodeStart& start, const Task& task) : Base(file_system, start), task_(task) {}
  Result<> change(const AttributeChange&) override { return err::perm; }

 protected:
  const Task& task() const { return task_; }
  ProcFileSystem& proc() { return static_cast<ProcFileSystem&>(Base::file_system()); }

 private:
  Task task_;
};

// A directory, whose own process may always search and list it.
class TaskDirectoryNode : public OfTask<Node> {
 public:
  using OfTask::OfTask;
  Ownership ownership() override;
  Result<Ref<Inode>> create(std::string_view, FileType, uint32_t, uint32_t, uint32_t, uint64_t) override { return err::noent; }
  Result<Ref<Inode>> symlink(std::string_view, std::string_view, uint32_t, uint32_t) override { return err::noent; }
};

// What st_ino is made of: each name of each task has its own.
namespace proc_entry {
inline constexpr unsigned directory = 0, descriptors = 64, descriptor_infos = 65, first_text = 1;
}
uint64_t task_inode_number(const Task& task, unsigned entry, int fd = 0);
// Owner and number of a new node. ENOENT if the task is gone.
Result<NodeStart> task_node_start(const Task& task, FileType type, uint32_t permissions, uint64_t number);

// --- task_directory.cpp
// The directory of a task. ENOENT, ENOMEM.
Result<Ref<Inode>> make_task_directory(ProcFileSystem& file_system, const Task& task);
// /proc/PID/task.
Result<Ref<Inode>> make_threads_directory(ProcFileSystem& file_system, const Task& task, const NodeStart& start);

// --- descriptors.cpp: /proc/PID/fd and fdinfo.
Result<Ref<Inode>> make_descriptors_directory(ProcFileSystem& file_system, const Task& task, const NodeStart& start);
Result<Ref<Inode>> make_descriptor_infos_directory(ProcFileSystem& file_system, const Task& task, const NodeStart& start);

// --- task_links.cpp
// A symlink straight to what `find` says a task uses: ENOENT if it uses none.
using FindTarget = Result<MagicLink::Target> (*)(const TaskState& state);
Result<Ref<Inode>> make_task_link(ProcFileSystem& file_system, const Task& task, const NodeStart& start, FindTarget find);
Result<MagicLink::Target> find_executable(const TaskState& state);
Result<MagicLink::Target> find_working_directory(const TaskState& state);
Result<MagicLink::Target> find_root(const TaskState& state);
// The text of a magic link: a path as the reader sees it, or what the file says of itself.
Result<> write_target(Sink& out, const MagicLink::Target& target);

// The number that a name is, without a sign or leading zeros; -1 if it is none.
int number_of_name(std::string_view name);

}  // namespace halcyon::fs
