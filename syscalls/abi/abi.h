// Abi: the system-call ABI of one ISA, as the core's Personality and as the layouts that handlers convert to and from. One object per
// kernel, chosen by the machine's ISA.
#pragma once

#include <string_view>

#include "core/base/own.h"
#include "core/base/user_ptr.h"
#include "core/file/attributes.h"
#include "core/ipc/epoll.h"
#include "core/mm/user_memory.h"
#include "core/task/personality.h"
#include "core/task/process/limits.h"
#include "core/task/thread.h"
#include "hal/isa/isa.h"
#include "syscalls/abi/vdso/vdso.h"
#include "syscalls/table.h"
#include "syscalls/types.h"

namespace halcyon {

class Abi : public Personality {
 public:
  // ENOMEM.
  static Result<Own<Abi>> create(const hal::Machine& machine);

  hal::Isa isa() const { return isa_; }
  const hal::IsaDescription& description() const { return hal::description(isa_); }

  // Personality.
  void syscall(Thread& self) override;
  uint64_t interrupted_result() const override { return -static_cast<uint64_t>(Errno::intr); }
  void arrange_restart_syscall(Thread& self) override;

  // Conversions to and from user memory. EFAULT.
  virtual Result<> put_stat(Thread& self, UserPtr<UserStat> to, const Attributes& from) = 0;
  // What strace(1) shows of a struct stat.
  struct StatSummary {
    uint32_t mode;
    uint64_t size, special_device;
  };
  virtual Result<StatSummary> get_stat(Thread& self, UserPtr<const UserStat> from) = 0;
  virtual Result<SignalAction> get_action(Thread& self, UserPtr<const UserSigaction> from) = 0;
  virtual Result<> put_action(Thread& self, UserPtr<UserSigaction> to, const SignalAction& from) = 0;
  // struct epoll_event, and how far apart the elements of an array of it are.
  virtual Result<EpollEvent> get_epoll_event(Thread& self, UserPtr<const UserEpollEvent> from) = 0;
  virtual Result<> put_epoll_event(Thread& self, UserPtr<UserEpollEvent> to, const EpollEvent& event) = 0;
  virtual size_t epoll_event_size() const = 0;
  // rt_sigreturn(2): puts back what push_signal_frame saved. EFAULT or EINVAL: the frame is no good.
  virtual Result<> pop_signal_frame(Thread& self) = 0;

  // AT_HWCAP of getauxval(3).
  virtual uint64_t hardware_capabilities() const = 0;
  // AT_HWCAP2, on this CPU's machine.
  virtual uint64_t more_hardware_capabilities() const { return 0; }
  // What every program finds mapped besides its own segments.
  const Vdso& vdso() const { return vdso_; }

 protected:
  explicit Abi(hal::Isa isa) : isa_(isa), table_(syscall_table(isa)) {}
  Result<> initialize(const hal::Machine& machine);
  virtual std::span<const uint8_t> vdso_image() const = 0;
  // What only this ISA shows there.
  virtual void fill_vdso_data(hal::VdsoData&, const hal::CpuInfo&) {}

  // Where a signal frame of `size` bytes may end, below the red zone or on the alternate stack.
  struct FramePlace {
    UserAddr top;
    bool switches_stack;
  };
  FramePlace place_frame(Thread& self, const SignalAction& action, uint64_t red_zone);
  // The alternate stack as uc_stack shows it, and back.
  struct UserStackLayout {
    uint64_t base;
    int32_t flags;
    int32_t padding;
    uint64_t size;
  };
  static UserStackLayout stack_layout(Thread& self, UserAddr sp);
  static void restore_stack(Thread& self, const UserStackLayout& stack);
  friend Result<uint64_t> sys_sigaltstack(Thread&, UserPtr<const UserStack>, UserPtr<UserStack>);

 private:
  // --- syscall_work.cpp
  void syscall_with_work(Thread& self, uint64_t number);
  bool redirect_to_user(Thread& self, uint64_t number);
  // What becomes of a call that seccomp(2) looked at.
  enum class Verdict : uint8_t { carry_out, answer, abandon };
  Verdict ask_seccomp(Thread& self, uint64_t number, uint64_t& answer);
  Verdict ask_filters(Thread& self, uint64_t number, uint64_t& answer);
  SignalInfo bad_call(Thread& self, uint64_t number, int code) const;
  void finish_failed(Thread& self, Errno error);

  hal::Isa isa_;
  const SyscallTable& table_;
  Vdso vdso_;
};

Abi& abi_of(Thread& self);

// siginfo_t, equal on all 64-bit ISAs.
struct SiginfoLayout {
  int32_t number, error, code, padding;
  union {
    struct {
      int32_t pid;
      uint32_t uid;
      union {
        uint64_t value;
        struct {
          int32_t status, padding2;
        };
      };
      int64_t user_time, system_time;
    };
    struct {
      int64_t band;
      int32_t fd, padding3;
    };
    struct {
      int32_t timer_id, overrun;
      uint64_t timer_value;
    };
    struct {
      uint64_t address;
      int32_t system_call;
      uint32_t architecture;
    };
    std::array<uint64_t, 14> words;
  };
};
static_assert(sizeof(SiginfoLayout) == 128);
SiginfoLayout to_user(const SignalInfo& info);
SignalInfo from_user(const SiginfoLayout& info);

// struct rusage.
struct RusageLayout {
  Timeval user_time, system_time;
  int64_t max_resident_kib, shared, data, stack, minor_faults, major_faults, swaps, in_blocks, out_blocks, sent, received, signals;
  int64_t voluntary_switches, involuntary_switches;
};
static_assert(sizeof(RusageLayout) == 144);
RusageLayout to_user(const ResourceUse& use);

}  // namespace halcyon
