// Files on a mount from which nothing may be executed (MS_NOEXEC of mount(2)): not by mmap(2) and mprotect(2) either.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Noexec);

constexpr uint64_t ms_noexec = 8;
constexpr uint32_t read_implies_exec = 0x400000;

TEST_P(Noexec, MappingsOfItsFilesNeverBecomeExecutable) {
  World world({.isa = isa()});
  must(world.system().mount_standard());
  int status = world.run([](Task& task) {
    EXPECT_EQ(task.mkdir("/tmp/m"), ok);
    EXPECT_EQ(task.call(Call::mount, "tmpfs", "/tmp/m", "tmpfs", ms_noexec, nullptr), ok);
    int fd = task.create("/tmp/m/f", std::string(100, 'x'), 0755);
    auto map = [&](uint32_t protection, uint32_t flags) { return task.call(Call::mmap, 0, page, protection, flags, fd, 0); };
    EXPECT_EQ(map(prot_read | prot_exec, map_private), fails::perm);
    EXPECT_EQ(map(prot_read | prot_exec, map_shared), fails::perm);
    Outcome shared = map(prot_rw, map_shared), own = map(prot_read, map_private);
    EXPECT_EQ(task.call(Call::mprotect, shared, page, prot_read | prot_exec), fails::acces);
    EXPECT_EQ(task.call(Call::mprotect, own, page, prot_exec), fails::acces);
    EXPECT_EQ(task.call(Call::mprotect, own, page, prot_rw), ok);
    // What a personality implies is left out where it may not be.
    EXPECT_EQ(task.call(Call::personality, read_implies_exec), 0);
    EXPECT_FALSE(map(prot_read, map_private).is_error());
    EXPECT_EQ(task.call(Call::mprotect, own, page, prot_read), ok);
    EXPECT_EQ(task.in_child([own](Task& child) {
      EXPECT_EQ(child.call(Call::mprotect, own, page, prot_read | prot_exec), fails::acces);  // nor after fork
    }),
              exited(0));
    int other = task.create("/tmp/f", std::string(100, 'x'));
    EXPECT_FALSE(task.call(Call::mmap, 0, page, prot_read | prot_exec, map_private, other, 0).is_error());
  });
  EXPECT_EQ(status, exited(0));
}

}  // namespace
}  // namespace halcyon::test
