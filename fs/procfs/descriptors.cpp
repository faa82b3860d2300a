// /proc/PID/fd, whose names are links straight to what the descriptors refer to, and /proc/PID/fdinfo.
#include "core/file/fd_table.h"
#include "fs/procfs/task/task_nodes.h"
#include "fs/procfs/task/task_texts.h"
#include "fs/tree/text_node.h"

namespace halcyon::fs {

namespace {

// ENOENT if the task has gone or the descriptor is closed.
Result<Ref<FdTable>> table_of(const Task& task) {
  Ref<FdTable> table;
  auto looked = task.with_thread([&](Thread* thread) {
    if (thread) table = thread->resources().files;
  });
  if (!looked || !table) return err::noent;
  return table;
}

Result<Ref<File>> file_of(const Task& task, int fd) {
  Ref<FdTable> table = TRY(table_of(task));
  auto file = table->get(fd);
  if (!file) return err::noent;
  return file;
}

// EACCES, ENOENT.
Result<> check_look(const Task& task) {
  auto state = task.look();
  if (!state) return err::noent;
  return may_look_into(task, *state) ? Result<>{} : err::acces;
}

class DescriptorLink final : public OfTask<Node>, public MagicLink {
 public:
  DescriptorLink(ProcFileSystem& file_system, const NodeStart& start, const Task& task, int fd)
      : OfTask(file_system, start, task), fd_(fd) {}

  MagicLink* magic_link() override { return this; }
  Result<Target> follow() override {
    TRY(check_look(task()));
    Ref<File> file = TRY(file_of(task(), fd_));
    const Path* path = file->location();
    return Target{path ? *path : Path(), std::move(file)};
  }
  Result<> read_link(Sink& out) override {
    Target target = TRY(follow());
    return write_target(out, target);
  }

 protected:
  uint64_t own_size() override { return 64; }  // as Linux says, whatever the length of the text

 private:
  int fd_;
};

class DescriptorInfo final : public OfTask<TextNode> {
 public:
  DescriptorInfo(ProcFileSystem& file_system, const NodeStart& start, const Task& task, int fd)
      : OfTask(file_system, start, task), fd_(fd) {}

  Result<> write_text(Writer& out) override {
    Ref<FdTable> table = TRY(table_of(task()));
    auto file = table->get(fd_);
    auto closes = table->close_on_exec(fd_);
    if (!file || !closes) return err::noent;
    auto position = (*file)->seek(0, Whence::current);
    uint32_t flags = (*file)->flags() | (*closes ? open_flag::close_on_exec : 0);
    const Path* path = (*file)->location();
    auto attributes = (*file)->attributes();
    print(out, "pos:\t{}\nflags:\t0{:o}\nmnt_id:\t{}\nino:\t{}\n", position ? *position : 0, flags, path ? path->mount->id() : 0,
          attributes ? attributes->inode : 0);
    (*file)->write_details(out);
    return {};
  }
  Result<Ref<File>> open_own(const Path& path, uint32_t flags) override {
    TRY(check_look(task()));
    return OfTask::open_own(path, flags);
  }

 private:
  int fd_;
};

// What fd and fdinfo share: names are numbers of open descriptors. A position is a descriptor.
class DescriptorDirectory : public TaskDirectoryNode {
 public:
  using TaskDirectoryNode::TaskDirectoryNode;

  Result<Ref<Inode>> lookup(std::string_view name) override {
    int fd = number_of_name(name);
    if (fd < 0) return err::noent;
    Ref<File> file = TRY(file_of(task(), fd));
    return make_entry(fd, *file);
  }

  Result<> list(uint64_t* position, DirectoryVisitor& visitor) override {
    if (auto exists = task().with_thread([](Thread*) {}); !exists) return err::noent;
    auto table = table_of(task());
    if (!table) return {};
    while (*position <= FdTable::hard_limit) {
      int fd = (*table)->next_open(static_cast<int>(*position));
      if (fd < 0) return {};
      FixedText<16> name;
      print(name, "{}", fd);
      uint64_t behind = static_cast<uint64_t>(fd) + 1;
      if (!visitor.entry(name.view(), task_inode_number(task(), entry_number(), fd), entry_type(), behind)) return {};
      *position = behind;
    }
    return {};
  }

 protected:
  virtual Result<Ref<Inode>> make_entry(int fd, File& file) = 0;
  virtual FileType entry_type() const = 0;
  virtual unsigned entry_number() const = 0;
  Result<NodeStart> entry_start(int fd, uint32_t permissions) {
    return task_node_start(task(), entry_type(), permissions, task_inode_number(task(), entry_number(), fd));
  }
};

class DescriptorLinks final : public DescriptorDirectory {
 public:
  using DescriptorDirectory::DescriptorDirectory;

 protected:
  FileType entry_type() const override { return FileType::symlink; }
  unsigned entry_number() const override { return proc_entry::descriptors; }
  // The link's permissions tell what the descriptor is open for.
  Result<Ref<Inode>> make_entry(int fd, File& file) override {
    uint32_t permissions = (file.is_readable() ? 0500 : 0) | (file.is_writable() ? 0300 : 0);
    NodeStart start = TRY(entry_start(fd, permissions));
    return make_ref<DescriptorLink>(proc(), start, task(), fd);
  }
};

// Its permissions would let everybody in, but only those may who may look into the task.
class DescriptorInfos final : public DescriptorDirectory {
 public:
  using DescriptorDirectory::DescriptorDirectory;
  Result<> prepare_open(uint32_t) override { return check_look(task()); }
  Result<Ref<Inode>> lookup(std::string_view name) override {
    TRY(check_look(task()));
    return DescriptorDirectory::lookup(name);
  }

 protected:
  FileType entry_type() const override { return FileType::regular; }
  unsigned entry_number() const override { return proc_entry::descriptor_infos; }
  Result<Ref<Inode>> make_entry(int fd, File&) override {
    NodeStart start = TRY(entry_start(fd, 0444));
    return make_ref<DescriptorInfo>(proc(), start, task(), fd);
  }
};

}  // namespace

Result<Ref<Inode>> make_descriptors_directory(ProcFileSystem& file_system, const Task& task, const NodeStart& start) {
  return make_ref<DescriptorLinks>(file_system, start, task);
}

Result<Ref<Inode>> make_descriptor_infos_directory(ProcFileSystem& file_system, const Task& task, const NodeStart& start) {
  return make_ref<DescriptorInfos>(file_system, start, task);
}

}  // namespace halcyon::fs
