// signalfd, signalfd4.
#include "core/ipc/signalfd.h"

#include "core/mm/user_memory.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"
#include "syscalls/install.h"

namespace halcyon {

Result<uint64_t> sys_signalfd4(Thread& self, Fd fd, UserPtr<const UserSigset> mask, size_t size, SignalFileFlags flags) {
  if (size != sizeof(uint64_t)) return err::inval;
  uint64_t bits = TRY(get_user(self.memory(), mask.as<const uint64_t>()));
  if (flags & ~(open_flag::nonblock | open_flag::close_on_exec)) return err::inval;
  SignalSet wanted = SignalSet(bits) & ~SignalSet::of(sig::kill, sig::stop);
  if (fd == -1) {
    Ref<File> file = TRY(make_ref<SignalFile>(wanted, flags & open_flag::nonblock));
    return install(self, std::move(file), flags);
  }
  Ref<SignalFile> file = TRY(file_of_kind<SignalFile>(self, fd));
  file->set_mask(wanted);
  return static_cast<uint64_t>(fd.value);
}

Result<uint64_t> sys_signalfd(Thread& self, Fd fd, UserPtr<const UserSigset> mask, size_t size) {
  return sys_signalfd4(self, fd, mask, size, SignalFileFlags{0});
}

}  // namespace halcyon
