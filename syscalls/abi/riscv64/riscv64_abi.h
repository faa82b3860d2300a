// The system-call ABI of riscv64 Linux: the generic struct layouts and the signal frame (asm-generic/stat.h, asm/sigcontext.h,
// asm/ucontext.h).
//
// There is no SA_RESTORER here: a handler returns to the entry point of the vDSO.
#pragma once

#include "syscalls/abi/abi.h"
#include "syscalls/abi/vdso/images.h"

namespace halcyon {

class Riscv64Abi final : public Abi {
 public:
  Riscv64Abi() : Abi(hal::Isa::riscv64) {}
  Result<> push_signal_frame(Thread& self, const SignalInfo& info, const SignalAction& action, SignalSet old_mask) override;
  Result<> pop_signal_frame(Thread& self) override;
  Result<> put_stat(Thread& self, UserPtr<UserStat> to, const Attributes& from) override;
  Result<StatSummary> get_stat(Thread& self, UserPtr<const UserStat> from) override;
  Result<SignalAction> get_action(Thread& self, UserPtr<const UserSigaction> from) override;
  Result<> put_action(Thread& self, UserPtr<UserSigaction> to, const SignalAction& from) override;
  Result<EpollEvent> get_epoll_event(Thread& self, UserPtr<const UserEpollEvent> from) override;
  Result<> put_epoll_event(Thread& self, UserPtr<UserEpollEvent> to, const EpollEvent& event) override;
  uint32_t personality_lost_on_exec() const override { return personality::domain; }
  size_t epoll_event_size() const override { return 16; }
  // I, M, A, F, D, C: a bit per letter.
  uint64_t hardware_capabilities() const override { return 0x112d; }

 private:
  std::span<const uint8_t> vdso_image() const override { return vdso_image_riscv64; }
  // riscv_hwprobe(2): what is the same on every CPU, by key.
  void fill_vdso_data(hal::VdsoData& data, const hal::CpuInfo& info) override;
};

}  // namespace halcyon
