// capget, capset (capabilities(7)). The header names a version of the interface and a thread; sets of 64 capabilities come in two halves,
// and only the first half in version 1.
#include "core/base/lock_guard.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/calls.h"
#include "syscalls/credentials/identity.h"

namespace halcyon {

namespace {

constexpr uint32_t version_1 = 0x19980330, version_2 = 0x20071026, version_3 = 0x20080522;

struct Header {
  uint32_t version;
  int32_t pid;
};

struct Half {
  uint32_t effective, permitted, inheritable;
};

// How many halves the version has. EINVAL for an unknown one: the header then tells the caller which is preferred.
Result<size_t> halves_of(Thread& self, UserPtr<uint32_t> user_header, const Header& header) {
  if (header.version == version_1) return 1;
  if (header.version == version_2 || header.version == version_3) return 2;
  TRY(put_user(self.memory(), user_header, version_3));
  return err::inval;
}

struct Sets {
  uint64_t effective, permitted, inheritable;
};

Result<Sets> sets_of(Thread& self, int tid) {
  if (tid < 0) return err::inval;
  LockGuard guard(self.kernel().tree());
  Thread* thread = tid == 0 ? &self : self.kernel().find_thread(tid);
  if (!thread || !thread->resources().credentials) return err::srch;
  const Credentials& who = thread->credentials();
  return Sets{who.effective, who.permitted, who.inheritable};
}

Result<Sets> get_sets(Thread& self, UserPtr<const uint32_t> data, size_t halves) {
  Sets sets{};
  for (size_t index = 0; index < halves; ++index) {
    Half half = TRY(get_user(self.memory(), data.at(index * 3).as<const Half>()));
    unsigned shift = static_cast<unsigned>(index) * 32;
    sets.effective |= uint64_t{half.effective} << shift;
    sets.permitted |= uint64_t{half.permitted} << shift;
    sets.inheritable |= uint64_t{half.inheritable} << shift;
  }
  return Sets{sets.effective & capability::all, sets.permitted & capability::all, sets.inheritable & capability::all};
}

}  // namespace

Result<uint64_t> sys_capget(Thread& self, UserPtr<uint32_t> user_header, UserPtr<uint32_t> data) {
  Header header = TRY(get_user(self.memory(), user_header.as<const Header>()));
  auto halves = halves_of(self, user_header, header);
  // A null `data` asks for the preferred version only.
  if (!halves) return data || halves.error() != Errno::inval ? Result<uint64_t>(std::unexpected(halves.error())) : 0;
  if (!data) return 0;
  Sets sets = TRY(sets_of(self, header.pid));
  for (size_t index = 0; index < *halves; ++index) {
    unsigned shift = static_cast<unsigned>(index) * 32;
    Half half{static_cast<uint32_t>(sets.effective >> shift), static_cast<uint32_t>(sets.permitted >> shift),
              static_cast<uint32_t>(sets.inheritable >> shift)};
    TRY(put_user(self.memory(), data.at(index * 3).as<Half>(), half));
  }
  return 0;
}

Result<uint64_t> sys_capset(Thread& self, UserPtr<uint32_t> user_header, UserPtr<const uint32_t> data) {
  Header header = TRY(get_user(self.memory(), user_header.as<const Header>()));
  size_t halves = TRY(halves_of(self, user_header, header));
  if (header.pid != 0 && header.pid != self.tid()) return err::perm;
  Sets wanted = TRY(get_sets(self, data, halves));
  const Credentials& old = self.credentials();
  bool may_add = has_capability(old, capability::setpcap);
  if (!may_add && (wanted.inheritable & ~(old.inheritable | old.permitted))) return err::perm;
  if (wanted.inheritable & ~(old.inheritable | old.bounding)) return err::perm;
  if (wanted.permitted & ~old.permitted) return err::perm;
  if (wanted.effective & ~wanted.permitted) return err::perm;
  Ref<Credentials> next = TRY(old.copy());
  next->effective = wanted.effective;
  next->permitted = wanted.permitted;
  next->inheritable = wanted.inheritable;
  next->ambient &= wanted.permitted & wanted.inheritable;
  become(self, std::move(next));
  return 0;
}

}  // namespace halcyon
