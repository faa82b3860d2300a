// A process as a file (pidfd_open(2)). It is readable once no thread of the process is left, whether or not anybody has waited for it, and
// names the process for good: its id may go to another one afterwards, the file never does.
#pragma once

#include "core/file/anonymous_file.h"
#include "core/file/fd_table.h"
#include "core/task/process/process.h"

namespace halcyon {

class PidFile final : public AnonymousFile {
 public:
  static constexpr FileKind file_kind = FileKind::pidfd;
  // `flags` may hold O_NONBLOCK: waitid(2) on the file then does not wait.
  explicit PidFile(uint32_t flags) : AnonymousFile(open_flag::read_write | flags, "[pidfd]", file_kind) {}
  // Once, before anybody else sees the file.
  void set_process(Process& process) { process_ = Ref<Process>(process); }

  Process& process() const { return *process_; }

  Result<size_t> read(Sink&) override { return err::inval; }
  Result<size_t> write(Source&) override { return err::inval; }
  Result<uint64_t> seek(int64_t, Whence) override { return err::spipe; }
  uint32_t poll(PollTable* table) override;
  void write_details(Writer& out) override;

 private:
  Ref<Process> process_;
};

// pidfd_open(2): a file for the process with that id. ESRCH; EINVAL: the id belongs to a thread that does not lead its process, or only to
// a group or session; ENOMEM.
Result<Ref<File>> make_pidfd(Kernel& kernel, int pid, uint32_t flags);

// CLONE_PIDFD of clone(2): the parent learns the descriptor before there is a child, and gets it back if there will be none.
class PidfdForChild {
 public:
  explicit PidfdForChild(Thread& parent) : files_(parent.files()) {}
  ~PidfdForChild();
  PidfdForChild(const PidfdForChild&) = delete;
  PidfdForChild& operator=(const PidfdForChild&) = delete;

  // Stores the number of a reserved descriptor at `to`. EMFILE, ENOMEM, EFAULT.
  Result<> prepare(Thread& parent, UserAddr to);
  // There is a child: the descriptor opens.
  void complete(Process& child);

 private:
  FdTable& files_;  // the parent's, which is in a system call
  Ref<PidFile> file_;
  int fd_ = -1;
};

}  // namespace halcyon
