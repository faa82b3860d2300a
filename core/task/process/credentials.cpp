#include "core/task/process/credentials.h"

#include <algorithm>

namespace halcyon {

Result<Ref<Credentials>> Credentials::copy() const {
  Ref<Credentials> copy = TRY(make_ref<Credentials>());
  copy->uid = uid, copy->euid = euid, copy->suid = suid, copy->fsuid = fsuid;
  copy->gid = gid, copy->egid = egid, copy->sgid = sgid, copy->fsgid = fsgid;
  copy->permitted = permitted, copy->effective = effective, copy->inheritable = inheritable;
  copy->bounding = bounding, copy->ambient = ambient, copy->secure_bits = secure_bits;
  TRY(copy->groups.append(groups.span()));
  return copy;
}

bool Credentials::is_in_group(uint32_t group) const {
  return group == fsgid || std::find(groups.begin(), groups.end(), group) != groups.end();
}

}  // namespace halcyon
