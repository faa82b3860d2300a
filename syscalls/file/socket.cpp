// Sockets: there is no address family yet, so that whatever a program asks for is not supported, once it has asked well.
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"
#include "syscalls/install.h"

namespace halcyon {

namespace {

namespace socket_type {
constexpr uint32_t mask = 0xf, known = mask | open_flag::close_on_exec | open_flag::nonblock;
constexpr uint32_t count = 11;  // SOCK_MAX
}  // namespace socket_type
constexpr int family_count = 46;  // NPROTO

Result<uint64_t> refuse(int family, uint32_t type) {
  bool is_family = family >= 0 && family < family_count;
  if (is_family && (type & socket_type::mask) >= socket_type::count) return err::inval;
  return err::afnosupport;
}

}  // namespace

Result<uint64_t> sys_socket(Thread&, int family, uint32_t type, int) {
  if (type & ~socket_type::known) return err::inval;
  return refuse(family, type);
}

// The descriptors are told before the sockets are made.
Result<uint64_t> sys_socketpair(Thread& self, int family, uint32_t type, int, UserPtr<int> fds) {
  if (type & ~socket_type::known) return err::inval;
  FdTable& files = self.files();
  int first = TRY(files.reserve(fd_limit(self)));
  auto second = files.reserve(fd_limit(self));
  Result<> stored;
  if (second) stored = put_user(self.memory(), fds, first);
  if (second && stored) stored = put_user(self.memory(), fds.at(1), *second);
  files.release(first);
  if (!second) return std::unexpected(second.error());
  files.release(*second);
  if (!stored) return std::unexpected(stored.error());
  return refuse(family, type);
}

}  // namespace halcyon
