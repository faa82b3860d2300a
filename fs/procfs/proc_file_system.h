// ProcFileSystem: what is mounted at /proc (proc(5)): the system and its processes as files. Directories of processes come and go with
// them; nothing about them is cached. What is fixed is built when it is mounted.
#pragma once

#include "core/task/kernel.h"
#include "fs/tree/system_text.h"
#include "fs/vfs/vfs.h"

namespace halcyon::fs {

inline constexpr uint64_t proc_magic = 0x9fa0;

class ProcFileSystem final : public FixedFileSystem {
 public:
  ProcFileSystem(Vfs& vfs, Kernel& kernel) : FixedFileSystem(vfs, "proc", proc_magic, Caching::none), kernel_(kernel) {}
  Result<Ref<Inode>> make_root() override;
  bool directories_seek_from_end() const override { return true; }
  Kernel& kernel() const { return kernel_; }
  TextContext context() const { return {kernel_, vfs()}; }

 private:
  Kernel& kernel_;
};

// "proc" of mount(2). Nothing is hidden from anybody here, so that hidepid= may only say that, and subset= is not known.
class ProcFileSystemType final : public FileSystemType {
 public:
  explicit ProcFileSystemType(Kernel& kernel) : FileSystemType("proc", of_proc), kernel_(kernel) {}
  Result<Ref<FileSystem>> create(const MountRequest& request) override;

 private:
  // The group is the one that hidepid= would not hide from.
  static constexpr OptionSpec of_proc[] = {{"hidepid", 0, OptionValue::word, "0|off"}, {"gid", 1, OptionValue::id}};
  Kernel& kernel_;
};

// --- system_texts.cpp, memory_texts.cpp, cpu_info.cpp, settings.cpp: what is fixed.
extern const std::span<const SystemText> system_texts;
extern const std::span<const SystemText> memory_texts;
Result<> write_cpu_info(const TextContext& context, Writer& out);
Result<> write_configuration(const TextContext& context, Writer& out);
// Fills /proc/sys. ENOMEM.
Result<> add_settings(ProcFileSystem& file_system, FixedDirectory& sys);

}  // namespace halcyon::fs
