// User and group ids (credentials(7)). Each call decides whether it is allowed, then makes a changed copy of the thread's credentials. Like
// every system call of Linux, they change the calling thread only; the C library makes all threads of a process do the same.
#include "syscalls/credentials/identity.h"

#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

constexpr size_t max_groups = 65536;  // NGROUPS_MAX

// The capabilities that follow the file-system uid.
constexpr uint64_t file_capabilities = (1u << capability::chown) | (1u << capability::dac_override) | (1u << capability::dac_read_search) |
                                       (1u << capability::fowner) | (1u << capability::fsetid) | (1u << capability::mknod);

bool may_set_uid(Thread& self) { return has_capability(self.credentials(), capability::setuid); }
bool may_set_gid(Thread& self) { return has_capability(self.credentials(), capability::setgid); }

bool is_one_of(uint32_t id, std::initializer_list<uint32_t> ids) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

uint64_t finish_uid_change(Thread& self, Ref<Credentials> next) {
  next->fsuid = next->euid;
  adjust_capabilities(self.credentials(), *next);
  become(self, std::move(next));
  return 0;
}

uint64_t finish_gid_change(Thread& self, Ref<Credentials> next) {
  next->fsgid = next->egid;
  become(self, std::move(next));
  return 0;
}

Result<uint64_t> put_three(Thread& self, std::array<uint32_t, 3> ids, std::array<UserPtr<uint32_t>, 3> to) {
  for (size_t index = 0; index < 3; ++index) TRY(put_user(self.memory(), to[index], ids[index]));
  return 0;
}

}  // namespace

void adjust_capabilities(const Credentials& old, Credentials& next) {
  bool was_root = old.uid == 0 || old.euid == 0 || old.suid == 0;
  bool is_root = next.uid == 0 || next.euid == 0 || next.suid == 0;
  if (old.secure_bits & secure_bit::no_setuid_fixup) return;
  if (was_root && !is_root) {
    if (!(old.secure_bits & secure_bit::keep_capabilities)) next.permitted = next.effective = 0;
    next.ambient = 0;
  }
  if (old.euid == 0 && next.euid != 0) next.effective = 0;
  if (old.euid != 0 && next.euid == 0) next.effective = next.permitted;
}

void become(Thread& self, Ref<Credentials> next) {
  const Credentials& old = self.credentials();
  bool changes = old.euid != next->euid || old.egid != next->egid || old.fsuid != next->fsuid || old.fsgid != next->fsgid ||
                 (next->permitted & ~old.permitted) != 0;
  if (changes) {
    self.process().is_dumpable = false;
    self.parent_death_signal = 0;
  }
  self.replace_credentials(std::move(next));
}

Result<uint64_t> sys_getuid(Thread& self) { return self.credentials().uid; }
Result<uint64_t> sys_geteuid(Thread& self) { return self.credentials().euid; }
Result<uint64_t> sys_getgid(Thread& self) { return self.credentials().gid; }
Result<uint64_t> sys_getegid(Thread& self) { return self.credentials().egid; }

Result<uint64_t> sys_setuid(Thread& self, Uid uid) {
  if (uid == unchanged_id) return err::inval;
  Ref<Credentials> next = TRY(self.credentials().copy());
  if (may_set_uid(self)) next->uid = next->suid = uid;
  else if (!is_one_of(uid, {next->uid, next->suid})) return err::perm;
  next->euid = uid;
  return finish_uid_change(self, std::move(next));
}

Result<uint64_t> sys_setgid(Thread& self, Gid gid) {
  if (gid == unchanged_id) return err::inval;
  Ref<Credentials> next = TRY(self.credentials().copy());
  if (may_set_gid(self)) next->gid = next->sgid = gid;
  else if (!is_one_of(gid, {next->gid, next->sgid})) return err::perm;
  next->egid = gid;
  return finish_gid_change(self, std::move(next));
}

Result<uint64_t> sys_setreuid(Thread& self, Uid real, Uid effective) {
  const Credentials& old = self.credentials();
  Ref<Credentials> next = TRY(old.copy());
  bool is_free = may_set_uid(self);
  if (real != unchanged_id) {
    if (!is_free && !is_one_of(real, {old.uid, old.euid})) return err::perm;
    next->uid = real;
  }
  if (effective != unchanged_id) {
    if (!is_free && !is_one_of(effective, {old.uid, old.euid, old.suid})) return err::perm;
    next->euid = effective;
  }
  if (real != unchanged_id || (effective != unchanged_id && effective != old.uid)) next->suid = next->euid;
  return finish_uid_change(self, std::move(next));
}

Result<uint64_t> sys_setregid(Thread& self, Gid real, Gid effective) {
  const Credentials& old = self.credentials();
  Ref<Credentials> next = TRY(old.copy());
  bool is_free = may_set_gid(self);
  if (real != unchanged_id) {
    if (!is_free && !is_one_of(real, {old.gid, old.egid})) return err::perm;
    next->gid = real;
  }
  if (effective != unchanged_id) {
    if (!is_free && !is_one_of(effective, {old.gid, old.egid, old.sgid})) return err::perm;
    next->egid = effective;
  }
  if (real != unchanged_id || (effective != unchanged_id && effective != old.gid)) next->sgid = next->egid;
  return finish_gid_change(self, std::move(next));
}

Result<uint64_t> sys_setresuid(Thread& self, Uid real, Uid effective, Uid saved) {
  const Credentials& old = self.credentials();
  bool is_free = may_set_uid(self);
  for (uint32_t id : {real.value, effective.value, saved.value})
    if (id != unchanged_id && !is_free && !is_one_of(id, {old.uid, old.euid, old.suid})) return err::perm;
  Ref<Credentials> next = TRY(old.copy());
  if (real != unchanged_id) next->uid = real;
  if (effective != unchanged_id) next->euid = effective;
  if (saved != unchanged_id) next->suid = saved;
  return finish_uid_change(self, std::move(next));
}

Result<uint64_t> sys_setresgid(Thread& self, Gid real, Gid effective, Gid saved) {
  const Credentials& old = self.credentials();
  bool is_free = may_set_gid(self);
  for (uint32_t id : {real.value, effective.value, saved.value})
    if (id != unchanged_id && !is_free && !is_one_of(id, {old.gid, old.egid, old.sgid})) return err::perm;
  Ref<Credentials> next = TRY(old.copy());
  if (real != unchanged_id) next->gid = real;
  if (effective != unchanged_id) next->egid = effective;
  if (saved != unchanged_id) next->sgid = saved;
  return finish_gid_change(self, std::move(next));
}

Result<uint64_t> sys_getresuid(Thread& self, UserPtr<uint32_t> real, UserPtr<uint32_t> effective, UserPtr<uint32_t> saved) {
  const Credentials& who = self.credentials();
  return put_three(self, {who.uid, who.euid, who.suid}, {real, effective, saved});
}

Result<uint64_t> sys_getresgid(Thread& self, UserPtr<uint32_t> real, UserPtr<uint32_t> effective, UserPtr<uint32_t> saved) {
  const Credentials& who = self.credentials();
  return put_three(self, {who.gid, who.egid, who.sgid}, {real, effective, saved});
}

// Return the old id whether they change it or not.
Result<uint64_t> sys_setfsuid(Thread& self, Uid uid) {
  const Credentials& old = self.credentials();
  uint32_t before = old.fsuid;
  if (uid == unchanged_id || uid == before) return before;
  if (!may_set_uid(self) && !is_one_of(uid, {old.uid, old.euid, old.suid})) return before;
  auto next = old.copy();
  if (!next) return before;
  (*next)->fsuid = uid;
  bool follows = !(old.secure_bits & secure_bit::no_setuid_fixup);
  if (follows && before == 0) (*next)->effective &= ~file_capabilities;
  if (follows && uid == 0) (*next)->effective |= (*next)->permitted & file_capabilities;
  become(self, *std::move(next));
  return before;
}

Result<uint64_t> sys_setfsgid(Thread& self, Gid gid) {
  const Credentials& old = self.credentials();
  uint32_t before = old.fsgid;
  if (gid == unchanged_id || gid == before) return before;
  if (!may_set_gid(self) && !is_one_of(gid, {old.gid, old.egid, old.sgid})) return before;
  auto next = old.copy();
  if (!next) return before;
  (*next)->fsgid = gid;
  become(self, *std::move(next));
  return before;
}

Result<uint64_t> sys_getgroups(Thread& self, int size, UserPtr<uint32_t> groups) {
  if (size < 0) return err::inval;
  const Vec<uint32_t>& own = self.credentials().groups;
  if (size == 0) return own.size();
  if (own.size() > static_cast<size_t>(size)) return err::inval;
  auto bytes = std::as_bytes(own.span());
  TRY(put_user_bytes(self.memory(), groups.address(), bytes));
  return own.size();
}

Result<uint64_t> sys_setgroups(Thread& self, size_t size, UserPtr<const uint32_t> groups) {
  if (!may_set_gid(self)) return err::perm;
  size = static_cast<uint32_t>(size);  // Linux's parameter is an int
  if (size > max_groups) return err::inval;
  Ref<Credentials> next = TRY(self.credentials().copy());
  TRY(next->groups.resize(size));
  auto bytes = std::as_writable_bytes(next->groups.span());
  TRY(get_user_bytes(self.memory(), bytes, groups.address()));
  for (uint32_t group : next->groups)
    if (group == unchanged_id) return err::inval;
  become(self, std::move(next));
  return 0;
}

}  // namespace halcyon
