// Credentials: who a thread acts as (credentials(7)). Immutable and shared; a change makes a new one (setuid(2) and its kin).
#pragma once

#include <cstdint>

#include "core/base/ref.h"
#include "core/base/vec.h"

namespace halcyon {

inline constexpr unsigned last_capability = 40;
inline constexpr uint64_t all_capabilities = (uint64_t{1} << (last_capability + 1)) - 1;

// How user ids and capabilities go together (capabilities(7), "The securebits flags"). The bit above each locks it.
namespace secure_bit {
inline constexpr uint32_t no_root = 1, no_setuid_fixup = 4, keep_capabilities = 16, no_ambient_raise = 64;
inline constexpr uint32_t all = no_root | no_setuid_fixup | keep_capabilities | no_ambient_raise, all_locks = all << 1;
}  // namespace secure_bit

struct Credentials : RefCounted {
  uint32_t uid = 0, euid = 0, suid = 0, fsuid = 0;
  uint32_t gid = 0, egid = 0, sgid = 0, fsgid = 0;
  Vec<uint32_t> groups;
  // Capability sets (capabilities(7)); a euid of 0 has them all unless it dropped them.
  uint64_t permitted = 0, effective = 0, inheritable = 0, bounding = all_capabilities, ambient = 0;
  uint32_t secure_bits = 0;  // of secure_bit

  // A modifiable copy with the same contents; ENOMEM.
  Result<Ref<Credentials>> copy() const;
  bool is_in_group(uint32_t group) const;
};

namespace capability {
inline constexpr unsigned last = last_capability;
inline constexpr uint64_t all = all_capabilities;
inline constexpr unsigned chown = 0, dac_override = 1, dac_read_search = 2, fowner = 3, fsetid = 4, kill = 5, setgid = 6, setuid = 7;
inline constexpr unsigned sys_chroot = 18, sys_admin = 21, sys_boot = 22, sys_nice = 23, sys_resource = 24, sys_time = 25, mknod = 27;
inline constexpr unsigned wake_alarm = 35, lease = 28, checkpoint_restore = 40;
inline constexpr unsigned sys_ptrace = 19, ipc_lock = 14, setpcap = 8, sys_rawio = 17;
}  // namespace capability

inline bool has_capability(const Credentials& who, unsigned capability) { return (who.effective >> capability & 1) != 0; }

}  // namespace halcyon
