// arch_prctl, of x86_64 only: segment bases, and what the CPU may show and save. There is no vDSO to be mapped a second time, so that
// ARCH_MAP_VDSO_* are EINVAL, as without CONFIG_CHECKPOINT_RESTORE.
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

constexpr int set_gs = 0x1001, set_fs = 0x1002, get_fs = 0x1003, get_gs = 0x1004, get_cpuid = 0x1011, set_cpuid = 0x1012;
constexpr int get_state_supported = 0x1021, get_state_permitted = 0x1022, request_state = 0x1023, get_guest_state_permitted = 0x1024,
              request_guest_state = 0x1025;

Result<uint64_t> put(Thread& self, uint64_t address, uint64_t value) {
  TRY(put_user(self.memory(), UserPtr<uint64_t>(address), value));
  return 0;
}

// Components of the extended state that a signal frame may hold; x87 and SSE are always there.
uint64_t state_components(Thread& self) {
  constexpr uint64_t legacy = 3;
  return self.kernel().machine().cpu_info().x86_64.state_components | legacy;
}

// Only the tiles of AMX have to be asked for, and no machine here saves them.
Result<uint64_t> ask_for_state(uint64_t component) {
  constexpr uint64_t components = 19;
  return component >= components ? err::inval : err::opnotsupp;
}

}  // namespace

Result<uint64_t> sys_arch_prctl(Thread& self, ArchPrctlOption option, Hex address) {
  switch (option) {
    case set_gs:
    case set_fs:
      if (address >= self.memory().layout().user_end) return err::perm;
      self.context().set(option == set_fs ? hal::Reg::tls : hal::Reg::gs_base, address);
      return 0;
    case get_fs:
    case get_gs: return put(self, address, self.context().get(option == get_fs ? hal::Reg::tls : hal::Reg::gs_base));
    case get_cpuid: return 1;           // CPUID can be executed
    case set_cpuid: return err::nodev;  // and cannot be made to fault
    case get_state_supported:
    case get_state_permitted:
    case get_guest_state_permitted: return put(self, address, state_components(self));
    case request_state:
    case request_guest_state: return ask_for_state(address);
    default: return err::inval;
  }
}

}  // namespace halcyon
