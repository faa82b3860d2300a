#include "syscalls/abi/riscv64/riscv64_abi.h"

namespace halcyon {

namespace {

struct StatLayout {
  uint64_t device, inode;
  uint32_t mode, links, uid, gid;
  uint64_t special_device, padding1;
  int64_t size;
  int32_t block_size, padding2;
  int64_t blocks;
  Timespec accessed, modified, changed;
  uint32_t unused4, unused5;
};
static_assert(sizeof(StatLayout) == 128);

struct ActionLayout {
  uint64_t handler, flags, mask;
};

struct EpollEventLayout {
  uint32_t events;
  uint32_t padding;
  uint64_t data;
};
static_assert(sizeof(EpollEventLayout) == 16);

Timespec split(Nanoseconds time) {
  int64_t seconds = time / 1'000'000'000;
  int64_t rest = time % 1'000'000'000;
  if (rest < 0) rest += 1'000'000'000, --seconds;
  return {seconds, rest};
}

}  // namespace

Result<> Riscv64Abi::put_stat(Thread& self, UserPtr<UserStat> to, const Attributes& from) {
  StatLayout layout{};
  layout.device = from.device;
  layout.inode = from.inode;
  layout.mode = from.mode();
  layout.links = from.links;
  layout.uid = from.uid;
  layout.gid = from.gid;
  layout.special_device = from.special_device;
  layout.size = static_cast<int64_t>(from.size);
  layout.block_size = static_cast<int32_t>(from.block_size);
  layout.blocks = static_cast<int64_t>(from.blocks);
  layout.accessed = split(from.accessed);
  layout.modified = split(from.modified);
  layout.changed = split(from.changed);
  return put_user(self.memory(), to.as<StatLayout>(), layout);
}

Result<Abi::StatSummary> Riscv64Abi::get_stat(Thread& self, UserPtr<const UserStat> from) {
  StatLayout layout = TRY(get_user(self.memory(), from.as<const StatLayout>()));
  return StatSummary{layout.mode, static_cast<uint64_t>(layout.size), layout.special_device};
}

Result<SignalAction> Riscv64Abi::get_action(Thread& self, UserPtr<const UserSigaction> from) {
  ActionLayout layout = TRY(get_user(self.memory(), from.as<const ActionLayout>()));
  return SignalAction{.handler = layout.handler, .flags = layout.flags & sa_flag::known, .restorer = 0, .mask = SignalSet(layout.mask)};
}

Result<> Riscv64Abi::put_action(Thread& self, UserPtr<UserSigaction> to, const SignalAction& from) {
  return put_user(self.memory(), to.as<ActionLayout>(), ActionLayout{from.handler, from.flags, from.mask.bits()});
}

Result<EpollEvent> Riscv64Abi::get_epoll_event(Thread& self, UserPtr<const UserEpollEvent> from) {
  EpollEventLayout layout = TRY(get_user(self.memory(), from.as<const EpollEventLayout>()));
  return EpollEvent{layout.events, layout.data};
}

Result<> Riscv64Abi::put_epoll_event(Thread& self, UserPtr<UserEpollEvent> to, const EpollEvent& event) {
  return put_user(self.memory(), to.as<EpollEventLayout>(), EpollEventLayout{event.events, 0, event.data});
}

}  // namespace halcyon
