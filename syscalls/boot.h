// Composition: the one place where a kernel is put together from its parts. The command line program, the tests and the bare machine's
// start call it.
//
//   auto system = TRY(make_kernel(machine, options));
//   system->mount_root(...);  system->mount_standard();      // the tree of files
//   int pid = TRY(system->spawn(request, &missing));         // the first program
//   int status = system->run();                              // until it exits
//
// All of it is called on CPU 0's own stack, before and after run(); nothing else runs meanwhile.
#pragma once

#include <array>
#include <memory>

#include "core/task/kernel.h"
#include "fs/vfs/vfs.h"
#include "syscalls/abi/abi.h"
#include "syscalls/exec.h"
#include "syscalls/standard_files.h"

namespace halcyon {

struct BootOptions {
  KernelOptions kernel;
  size_t dentry_limit = 16384;
};

// The first program and what it starts with.
struct SpawnRequest {
  std::string_view path;
  StringList arguments;
  StringList environment;
  std::string_view working_directory = "/";
  std::array<Ref<File>, 3> files;      // descriptors 0, 1, 2; null: closed
  Ref<const Credentials> credentials;  // null: root
  uint32_t umask = 022;
  bool leads_session = true;  // and a group; otherwise it is in session and group 0, as init is on Linux
};

class System {
 public:
  System(hal::Machine& machine, const BootOptions& options);
  ~System();  // ends every process, then takes the kernel apart
  Result<> initialize();

  Kernel& kernel() { return kernel_; }
  fs::Vfs& vfs() { return *vfs_; }
  Abi& abi() { return *abi_; }

  // Mounts the root file system; once, before everything else. ENOMEM.
  Result<> mount_root(Ref<fs::FileSystem> root, std::string_view source, uint32_t flags = 0);
  // Mounts what every tree has: StandardFiles::mount_all.
  Result<> mount_standard() { return standard_files_.mount_all(caller()); }
  // The root context: its root and working directory are the root of the tree, its umask is 022.
  fs::Context& context() { return *context_; }
  // Acts as root in the root context, for setting up the tree through fs/calls.
  fs::Caller caller() { return {*context_, *root_credentials_}; }

  // Starts `request.path` as the next process, child of pid 1 if it is not to be pid 1 itself; the kernel runs until it exits. The
  // errors of execve(2); `missing` (may be null) gets the name of an interpreter that is not there.
  Result<Ref<Process>> spawn(SpawnRequest& request, String* missing);
  // The same for a program that is in memory already.
  Result<Ref<Process>> spawn_program(NewProgram program, SpawnRequest& request);

  // Runs until the main process has exited and every other one is gone. Returns the status as wait4(2) encodes it.
  int run() { return kernel_.run(); }

 private:
  class KernelTime final : public fs::TimeSource {
   public:
    explicit KernelTime(Kernel& kernel) : kernel_(kernel) {}
    Nanoseconds realtime() override { return kernel_.clock().realtime(); }

   private:
    Kernel& kernel_;
  };

  BootOptions options_;
  Kernel kernel_;
  KernelTime time_{kernel_};
  Own<Abi> abi_;
  StandardFiles standard_files_;
  Own<fs::Vfs> vfs_;
  Ref<fs::Context> context_;
  Ref<const Credentials> root_credentials_;
};

// EINVAL (an unknown scheduler), ENOMEM.
Result<std::unique_ptr<System>> make_kernel(hal::Machine& machine, const BootOptions& options);

}  // namespace halcyon
