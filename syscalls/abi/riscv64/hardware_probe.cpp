// riscv_hwprobe(2) of Linux (Documentation/arch/riscv/hwprobe.rst): what the CPUs can do. All CPUs of a machine are equal, so the answers
// stand in the page that programs see, where the vDSO finds them without a system call; the call itself reads them there.
#include <algorithm>

#include "core/task/kernel.h"
#include "hal/isa/riscv64/layout.h"
#include "syscalls/abi/riscv64/riscv64_abi.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

enum ProbeKey : uint64_t {
  vendor_id,
  architecture_id,
  implementation_id,
  base_behavior,
  extensions,   // RISCV_HWPROBE_KEY_IMA_EXT_0
  performance,  // RISCV_HWPROBE_KEY_CPUPERF_0
  zero_block_size,
  highest_address,
  time_frequency,
  misaligned_scalar,
  key_count,
};
static_assert(key_count <= hal::VdsoData::probe_keys);

constexpr uint64_t base_ima = 1, extension_fd = 1, extension_c = 2;
constexpr uint32_t which_cpus = 1;  // RISCV_HWPROBE_WHICH_CPUS

constexpr size_t probes_at_once = 256;  // then others get a chance

bool is_mask(uint64_t key) { return key == base_behavior || key == extensions || key == performance; }

uint64_t online_cpus(Kernel& kernel) { return kernel.cpu_count() >= 64 ? ~uint64_t{0} : (uint64_t{1} << kernel.cpu_count()) - 1; }

// A set of CPUs: of what the caller names, the part that there is room for.
Result<uint64_t> get_cpus(Thread& self, UserPtr<std::byte> cpus, size_t size) {
  uint64_t set = 0;
  auto bytes = std::as_writable_bytes(std::span(&set, 1)).first(std::min(size, sizeof set));
  TRY(get_user_bytes(self.memory(), bytes, cpus.address()));
  return set;
}

Result<uint64_t> answer(Thread& self, UserPtr<HardwareProbe> probes, size_t count, const hal::VdsoData& known) {
  for (size_t index = 0; index < count; ++index) {
    if (index % probes_at_once == probes_at_once - 1) {
      TRY(make_way());
    }
    HardwareProbe probe = TRY(get_user(self.memory(), UserPtr<const HardwareProbe>(probes.at(index).address())));
    auto key = static_cast<uint64_t>(probe.key);
    probe = key < key_count ? HardwareProbe{probe.key, known.probed[key]} : HardwareProbe{-1, 0};
    TRY(put_user(self.memory(), probes.at(index), probe));
  }
  return 0;
}

// Leaves of `cpus` those for which all the given values are true: all or none.
Result<uint64_t> find_cpus(Thread& self, UserPtr<HardwareProbe> probes, size_t count, size_t size, UserPtr<std::byte> cpus,
                           const hal::VdsoData& known) {
  if (size == 0 || !cpus) return err::inval;
  uint64_t online = online_cpus(self.kernel()), set = TRY(get_cpus(self, cpus, size));
  set = set == 0 ? online : set & online;
  for (size_t index = 0; index < count; ++index) {
    if (index % probes_at_once == probes_at_once - 1) {
      TRY(make_way());
    }
    HardwareProbe probe = TRY(get_user(self.memory(), UserPtr<const HardwareProbe>(probes.at(index).address())));
    auto key = static_cast<uint64_t>(probe.key);
    if (key >= key_count) {
      set = 0;
      TRY(put_user(self.memory(), probes.at(index), HardwareProbe{-1, 0}));
    } else if (is_mask(key) ? (known.probed[key] & probe.value) != probe.value : known.probed[key] != probe.value) {
      set = 0;
    }
  }
  auto bytes = std::as_bytes(std::span(&set, 1)).first(std::min(size, sizeof set));
  TRY(put_user_bytes(self.memory(), cpus.address(), bytes));
  return 0;
}

}  // namespace

void Riscv64Abi::fill_vdso_data(hal::VdsoData& data, const hal::CpuInfo& info) {
  data.probe_count = key_count;
  data.probed[vendor_id] = info.riscv64.vendor;
  data.probed[architecture_id] = info.riscv64.architecture;
  data.probed[implementation_id] = info.riscv64.implementation;
  data.probed[base_behavior] = base_ima;
  data.probed[extensions] = extension_fd | extension_c;
  data.probed[highest_address] = hal::riscv64::Layout::user_end - 1;
  data.probed[time_frequency] = info.riscv64.time_frequency;
}

Result<uint64_t> sys_riscv_hwprobe(Thread& self, UserPtr<HardwareProbe> probes, size_t count, size_t size, UserPtr<std::byte> cpus,
                                   uint32_t flags) {
  const hal::VdsoData& known = abi_of(self).vdso().data();
  if (flags == which_cpus) return find_cpus(self, probes, count, size, cpus, known);
  if (flags != 0) return err::inval;
  if (size != 0 || cpus) {
    uint64_t set = TRY(get_cpus(self, cpus, size));
    if (!(set & online_cpus(self.kernel()))) return err::inval;
  }
  return answer(self, probes, count, known);
}

}  // namespace halcyon
