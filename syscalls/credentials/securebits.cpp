// How user ids and capabilities go together, as prctl(2) sets it: securebits, and the bounding and ambient sets (capabilities(7)).
#include "core/task/process/credentials.h"
#include "syscalls/process/prctl.h"

namespace halcyon {

namespace {

Result<uint64_t> store_secure_bits(Thread& self, uint32_t bits) {
  Ref<Credentials> next = TRY(self.credentials().copy());
  next->secure_bits = bits;
  self.replace_credentials(std::move(next));
  return 0;
}

}  // namespace

Result<uint64_t> set_keep_capabilities(Thread& self, uint64_t value) {
  constexpr uint32_t keep = secure_bit::keep_capabilities;
  uint32_t old = self.credentials().secure_bits;
  if (value > 1) return err::inval;
  if (old & keep << 1) return err::perm;
  return store_secure_bits(self, value != 0 ? old | keep : old & ~keep);
}

// What is locked stays as it is, and locked.
Result<uint64_t> set_secure_bits(Thread& self, uint64_t wanted) {
  uint32_t old = self.credentials().secure_bits;
  uint32_t locks = old & secure_bit::all_locks;
  if ((locks >> 1 & (old ^ wanted)) || (locks & ~wanted) || (wanted & ~uint64_t{secure_bit::all | secure_bit::all_locks})) return err::perm;
  if (!has_capability(self.credentials(), capability::setpcap)) return err::perm;
  return store_secure_bits(self, static_cast<uint32_t>(wanted));
}

Result<uint64_t> drop_bounding_capability(Thread& self, uint64_t number) {
  if (!has_capability(self.credentials(), capability::setpcap)) return err::perm;
  if (number > capability::last) return err::inval;
  Ref<Credentials> next = TRY(self.credentials().copy());
  next->bounding &= ~(uint64_t{1} << number);
  self.replace_credentials(std::move(next));
  return 0;
}

Result<uint64_t> change_ambient(Thread& self, uint64_t operation, uint64_t number, bool has_more) {
  constexpr uint64_t is_set = 1, raise = 2, lower = 3, clear_all = 4;
  if (has_more || (operation == clear_all ? number != 0 : number > capability::last)) return err::inval;
  const Credentials& old = self.credentials();
  uint64_t bit = uint64_t{1} << number;
  uint64_t ambient = old.ambient;
  switch (operation) {
    case is_set: return (ambient & bit) != 0;
    case raise:
      if (!(old.permitted & old.inheritable & bit) || (old.secure_bits & secure_bit::no_ambient_raise)) return err::perm;
      ambient |= bit;
      break;
    case lower: ambient &= ~bit; break;
    case clear_all: ambient = 0; break;
    default: return err::inval;
  }
  Ref<Credentials> next = TRY(old.copy());
  next->ambient = ambient;
  self.replace_credentials(std::move(next));
  return 0;
}

}  // namespace halcyon
