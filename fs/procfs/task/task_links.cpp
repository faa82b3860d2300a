// exe, cwd and root.
#include "fs/procfs/task/task_nodes.h"
#include "fs/procfs/task/task_texts.h"
#include "fs/vfs/context.h"

namespace halcyon::fs {

namespace {

class TaskLink final : public OfTask<Node>, public MagicLink {
 public:
  TaskLink(ProcFileSystem& file_system, const NodeStart& start, const Task& task, FindTarget find)
      : OfTask(file_system, start, task), find_(find) {}

  MagicLink* magic_link() override { return this; }
  Result<Target> follow() override {
    auto state = task().look();
    if (!state) return err::noent;
    if (!may_look_into(task(), *state)) return err::acces;
    return find_(*state);
  }
  Result<> read_link(Sink& out) override {
    Target target = TRY(follow());
    return write_target(out, target);
  }

 private:
  FindTarget find_;
};

}  // namespace

Result<> write_target(Sink& out, const MagicLink::Target& target) {
  TextBuffer text;
  Result<> written = target.path.is_empty() ? write_seen_file(text, *target.file) : write_seen_path(text, target.path);
  if (!written) return written;
  if (text.has_failed()) return err::nomem;
  static_cast<void>(TRY(out.write(std::as_bytes(std::span(text.view())))));
  return {};
}

Result<Ref<Inode>> make_task_link(ProcFileSystem& file_system, const Task& task, const NodeStart& start, FindTarget find) {
  return make_ref<TaskLink>(file_system, start, task, find);
}

Result<MagicLink::Target> find_executable(const TaskState& state) {
  if (!state.resources.memory) return err::noent;
  Ref<File> file = state.resources.memory->program().executable;
  if (!file || !file->location()) return err::noent;
  return MagicLink::Target{*file->location(), nullptr};
}

Result<MagicLink::Target> find_working_directory(const TaskState& state) {
  if (!state.resources.fs) return err::noent;
  return MagicLink::Target{context_of(*state.resources.fs).working_directory(), nullptr};
}

Result<MagicLink::Target> find_root(const TaskState& state) {
  if (!state.resources.fs) return err::noent;
  return MagicLink::Target{context_of(*state.resources.fs).root(), nullptr};
}

}  // namespace halcyon::fs
