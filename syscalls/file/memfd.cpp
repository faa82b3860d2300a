// memfd_create(2), and the seals of fcntl(2).
#include "syscalls/file/memfd.h"

#include "core/base/lock_guard.h"
#include "core/file/inode.h"
#include "core/mm/cache/page_cache.h"
#include "core/sync/mutex.h"
#include "fs/ramfs/memory_file.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"
#include "syscalls/install.h"

namespace halcyon {

Result<uint64_t> sys_memfd_create(Thread& self, UserPtr<const char> name, MemfdFlags flags) {
  constexpr uint32_t close_on_exec = 1, allow_sealing = 2, huge = 4, size_of_huge = 0xfc000000;
  constexpr size_t name_limit = 249;
  if (flags & ~(close_on_exec | allow_sealing | huge | (flags & huge ? size_of_huge : 0))) return err::inval;
  std::array<char, name_limit + 1> text;
  auto length = get_user_string(self.memory(), name.address(), text);
  if (!length) return length.error() == Errno::nametoolong ? err::inval : std::unexpected(length.error());
  if (flags & huge) return err::nosys;  // as without CONFIG_HUGETLBFS
  Ref<File> file = TRY(fs::open_memory_file(caller_of(self), {text.data(), *length}, (flags & allow_sealing) != 0));
  return install(self, std::move(file), flags & close_on_exec ? open_flag::close_on_exec : 0);
}

Result<> add_seals(File& file, uint64_t seals) {
  if (seals > UINT32_MAX) return err::inval;
  if (!file.is_writable()) return err::perm;
  if (seals & ~uint64_t{seal::all}) return err::inval;
  Inode* inode = file.inode();
  if (!inode || !inode->seals()) return err::inval;
  LockGuard guard(*inode->contents_lock());
  uint32_t old = inode->seals();
  if (old & seal::seal) return err::perm;
  if ((seals & seal::write) && !(old & seal::write)) {
    TRY(inode->page_cache()->mappers().deny_writers());
  }
  inode->set_seals(old | static_cast<uint32_t>(seals));
  return {};
}

Result<uint64_t> get_seals(File& file) {
  Inode* inode = file.inode();
  if (!inode || !inode->seals()) return err::inval;
  return inode->seals() & seal::all;
}

}  // namespace halcyon
