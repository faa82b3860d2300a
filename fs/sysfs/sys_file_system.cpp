#include "fs/sysfs/sys_file_system.h"

#include "core/task/kernel.h"

namespace halcyon::fs {

namespace {

// All CPUs that there are run from the start on.
Result<> write_cpus(const TextContext& context, Writer& out) {
  unsigned last = context.kernel.cpu_count() - 1;
  if (last == 0) out.write("0\n");
  else print(out, "0-{}\n", last);
  return {};
}

Result<> write_no_cpus(const TextContext&, Writer& out) {
  out.write("\n");
  return {};
}

Result<> write_highest_cpu(const TextContext&, Writer& out) {
  print(out, "{}\n", hal::Machine::max_cpus - 1);
  return {};
}

// Memory is always mapped in small pages.
Result<> write_huge_pages(const TextContext&, Writer& out) {
  out.write("always madvise [never]\n");
  return {};
}

constexpr SystemText cpu_texts[] = {{"kernel_max", write_highest_cpu},
                                    {"offline", write_no_cpus},
                                    {"online", write_cpus},
                                    {"possible", write_cpus},
                                    {"present", write_cpus}};
constexpr SystemText huge_page_texts[] = {{"enabled", write_huge_pages}};

}  // namespace

Result<Ref<Inode>> SysFileSystem::make_root() {
  Ref<FixedDirectory> root = TRY(make_ref<FixedDirectory>(*this, start(FileType::directory, 0555)));
  for (std::string_view name : {"block", "bus", "class", "dev", "fs", "module"}) {
    TRY(root->add_directory(*this, name, 0755));
  }
  Ref<FixedDirectory> devices = TRY(root->add_directory(*this, "devices", 0755));
  Ref<FixedDirectory> system = TRY(devices->add_directory(*this, "system", 0755));
  Ref<FixedDirectory> cpu = TRY(system->add_directory(*this, "cpu", 0755));
  TRY(add_cpus(*cpu));
  Ref<FixedDirectory> kernel = TRY(root->add_directory(*this, "kernel", 0755));
  Ref<FixedDirectory> memory = TRY(kernel->add_directory(*this, "mm", 0755));
  Ref<FixedDirectory> huge_pages = TRY(memory->add_directory(*this, "transparent_hugepage", 0755));
  auto added = add_texts(*this, *huge_pages, {kernel_, vfs()}, TextKind::attribute, huge_page_texts);
  if (!added) return std::unexpected(added.error());
  return root;
}

// A directory for each, which is how some programs count them.
Result<> SysFileSystem::add_cpus(FixedDirectory& cpu) {
  for (unsigned id = 0; id < kernel_.cpu_count(); ++id) {
    FixedText<16> name;
    print(name, "cpu{}", id);
    TRY(cpu.add_directory(*this, name.view(), 0755));
  }
  return add_texts(*this, cpu, {kernel_, vfs()}, TextKind::attribute, cpu_texts);
}

Result<Ref<FileSystem>> SysFileSystemType::create(const MountRequest& request) {
  Ref<SysFileSystem> file_system = TRY(make_ref<SysFileSystem>(request.vfs, kernel_));
  return file_system;
}

}  // namespace halcyon::fs
