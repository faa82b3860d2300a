// The system-call ABI of x86_64 Linux: struct layouts and the signal frame (asm/stat.h, asm/sigcontext.h, asm/ucontext.h).
#pragma once

#include "syscalls/abi/abi.h"
#include "syscalls/abi/vdso/images.h"

namespace halcyon {

class X86_64Abi final : public Abi {
 public:
  X86_64Abi() : Abi(hal::Isa::x86_64) {}
  Result<> push_signal_frame(Thread& self, const SignalInfo& info, const SignalAction& action, SignalSet old_mask) override;
  Result<> pop_signal_frame(Thread& self) override;
  Result<> put_stat(Thread& self, UserPtr<UserStat> to, const Attributes& from) override;
  Result<StatSummary> get_stat(Thread& self, UserPtr<const UserStat> from) override;
  Result<SignalAction> get_action(Thread& self, UserPtr<const UserSigaction> from) override;
  Result<> put_action(Thread& self, UserPtr<UserSigaction> to, const SignalAction& from) override;
  Result<EpollEvent> get_epoll_event(Thread& self, UserPtr<const UserEpollEvent> from) override;
  Result<> put_epoll_event(Thread& self, UserPtr<UserEpollEvent> to, const EpollEvent& event) override;
  uint32_t personality_lost_on_exec() const override { return personality::read_implies_exec; }
  size_t epoll_event_size() const override { return 12; }
  // CPUID leaf 1, EDX: FPU .. SSE2.
  uint64_t hardware_capabilities() const override { return 0x078b'fbfd; }
  uint64_t more_hardware_capabilities() const override;

 private:
  std::span<const uint8_t> vdso_image() const override { return vdso_image_x86_64; }
};

}  // namespace halcyon
