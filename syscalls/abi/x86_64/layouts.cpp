#include "core/task/kernel.h"
#include "syscalls/abi/x86_64/x86_64_abi.h"

namespace halcyon {

namespace {

struct StatLayout {
  uint64_t device, inode, links;
  uint32_t mode, uid, gid, padding;
  uint64_t special_device;
  int64_t size, block_size, blocks;
  Timespec accessed, modified, changed;
  std::array<int64_t, 3> unused;
};
static_assert(sizeof(StatLayout) == 144);

struct ActionLayout {
  uint64_t handler, flags, restorer, mask;
};

struct [[gnu::packed]] EpollEventLayout {
  uint32_t events;
  uint64_t data;
};
static_assert(sizeof(EpollEventLayout) == 12);

Timespec split(Nanoseconds time) {
  int64_t seconds = time / 1'000'000'000;
  int64_t rest = time % 1'000'000'000;
  if (rest < 0) rest += 1'000'000'000, --seconds;
  return {seconds, rest};
}

}  // namespace

Result<> X86_64Abi::put_stat(Thread& self, UserPtr<UserStat> to, const Attributes& from) {
  StatLayout layout{};
  layout.device = from.device;
  layout.inode = from.inode;
  layout.links = from.links;
  layout.mode = from.mode();
  layout.uid = from.uid;
  layout.gid = from.gid;
  layout.special_device = from.special_device;
  layout.size = static_cast<int64_t>(from.size);
  layout.block_size = from.block_size;
  layout.blocks = static_cast<int64_t>(from.blocks);
  layout.accessed = split(from.accessed);
  layout.modified = split(from.modified);
  layout.changed = split(from.changed);
  return put_user(self.memory(), to.as<StatLayout>(), layout);
}

Result<Abi::StatSummary> X86_64Abi::get_stat(Thread& self, UserPtr<const UserStat> from) {
  StatLayout layout = TRY(get_user(self.memory(), from.as<const StatLayout>()));
  return StatSummary{layout.mode, static_cast<uint64_t>(layout.size), layout.special_device};
}

// Programs may use RDFSBASE and its kin where the CPU has them: machines enable them then.
uint64_t X86_64Abi::more_hardware_capabilities() const {
  constexpr uint32_t has_base_instructions = 1;
  constexpr uint64_t fsgsbase = 1 << 1;  // HWCAP2_FSGSBASE
  return kernel().machine().cpu_info().x86_64.structured_ebx & has_base_instructions ? fsgsbase : 0;
}

Result<SignalAction> X86_64Abi::get_action(Thread& self, UserPtr<const UserSigaction> from) {
  ActionLayout layout = TRY(get_user(self.memory(), from.as<const ActionLayout>()));
  return SignalAction{.handler = layout.handler,
                      .flags = layout.flags & (sa_flag::known | sa_flag::restorer),
                      .restorer = layout.restorer,
                      .mask = SignalSet(layout.mask)};
}

Result<> X86_64Abi::put_action(Thread& self, UserPtr<UserSigaction> to, const SignalAction& from) {
  return put_user(self.memory(), to.as<ActionLayout>(), ActionLayout{from.handler, from.flags, from.restorer, from.mask.bits()});
}

Result<EpollEvent> X86_64Abi::get_epoll_event(Thread& self, UserPtr<const UserEpollEvent> from) {
  EpollEventLayout layout = TRY(get_user(self.memory(), from.as<const EpollEventLayout>()));
  return EpollEvent{layout.events, layout.data};
}

Result<> X86_64Abi::put_epoll_event(Thread& self, UserPtr<UserEpollEvent> to, const EpollEvent& event) {
  return put_user(self.memory(), to.as<EpollEventLayout>(), EpollEventLayout{event.events, event.data});
}

}  // namespace halcyon
