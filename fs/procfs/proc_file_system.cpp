// The root of /proc: what is fixed, then self and thread-self, then a directory for every process.
#include "fs/procfs/proc_file_system.h"

#include "core/base/lock_guard.h"
#include "fs/procfs/task/task_nodes.h"

namespace halcyon::fs {

namespace {

// self and thread-self: the reader's own directory.
class SelfLink final : public Node {
 public:
  SelfLink(FileSystem& file_system, const NodeStart& start, bool is_thread) : Node(file_system, start), is_thread_(is_thread) {}
  Result<> read_link(Sink& out) override {
    Thread& self = current_thread();
    if (self.process().pid() == 0) return err::noent;
    FixedText<40> text;
    print(text, "{}", self.process().pid());
    if (is_thread_) print(text, "/task/{}", self.tid());
    static_cast<void>(TRY(out.write(std::as_bytes(std::span(text.view())))));
    return {};
  }

 private:
  bool is_thread_;
};

class ProcRoot final : public FixedDirectory {
 public:
  using FixedDirectory::FixedDirectory;

  Result<Ref<Inode>> lookup(std::string_view name) override {
    int id = number_of_name(name);
    if (id <= 0) return FixedDirectory::lookup(name);
    // A thread's id finds the directory of its process, though listings do not show it.
    Ref<Process> process;
    {
      LockGuard guard(proc().kernel().tree());
      Process* found = proc().kernel().find_process(id);
      if (Thread* thread = found ? nullptr : proc().kernel().find_thread(id)) found = &thread->process();
      if (!found) return err::noent;
      process = Ref<Process>(*found);
    }
    return make_task_directory(proc(), Task(std::move(process), 0));
  }

  // A position from first_process on is that of the process with the difference as its id.
  Result<> list(uint64_t* position, DirectoryVisitor& visitor) override {
    if (*position < first_process) {
      Forward forward(visitor);
      if (auto listed = FixedDirectory::list(position, forward); !listed || forward.stopped()) return listed;
      *position = first_process;
    }
    for (;;) {
      Ref<Process> process;
      {
        LockGuard guard(proc().kernel().tree());
        Process* found = proc().kernel().next_process(static_cast<int>(*position - first_process));
        if (!found) return {};
        process = Ref<Process>(*found);
      }
      FixedText<16> name;
      print(name, "{}", process->pid());
      uint64_t behind = first_process + static_cast<uint64_t>(process->pid()) + 1;
      uint64_t number = task_inode_number(Task(process, 0), proc_entry::directory);
      if (!visitor.entry(name.view(), number, FileType::directory, behind)) return {};
      *position = behind;
    }
  }

 private:
  static constexpr uint64_t first_process = 256;

  class Forward final : public DirectoryVisitor {
   public:
    explicit Forward(DirectoryVisitor& visitor) : visitor_(visitor) {}
    bool entry(std::string_view name, uint64_t inode, FileType type, uint64_t next) override {
      stopped_ = !visitor_.entry(name, inode, type, next);
      return !stopped_;
    }
    bool stopped() const { return stopped_; }

   private:
    DirectoryVisitor& visitor_;
    bool stopped_ = false;
  };

  ProcFileSystem& proc() { return static_cast<ProcFileSystem&>(file_system()); }
};

constexpr SystemText cpu_texts[] = {{"cpuinfo", write_cpu_info}};

}  // namespace

Result<Ref<Inode>> ProcFileSystem::make_root() {
  Ref<ProcRoot> root = TRY(make_ref<ProcRoot>(*this, start(FileType::directory, 0555)));
  for (std::span<const SystemText> texts : {system_texts, memory_texts, std::span<const SystemText>(cpu_texts)})
    TRY(add_texts(*this, *root, context(), TextKind::report, texts));
  Ref<FixedDirectory> sys = TRY(root->add_directory(*this, "sys"));
  TRY(add_settings(*this, *sys));
  Ref<Node> mounts = TRY(new_symlink("self/mounts", 0, 0));
  TRY(root->add("mounts", std::move(mounts)));
  for (bool is_thread : {false, true}) {
    Ref<Inode> self = TRY(make_ref<SelfLink>(*this, start(FileType::symlink, 0777), is_thread));
    TRY(root->add(is_thread ? "thread-self" : "self", std::move(self)));
  }
  return root;
}

Result<Ref<FileSystem>> ProcFileSystemType::create(const MountRequest& request) {
  Ref<ProcFileSystem> file_system = TRY(make_ref<ProcFileSystem>(request.vfs, kernel_));
  return file_system;
}

}  // namespace halcyon::fs
