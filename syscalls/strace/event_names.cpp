// What files for events take: eventfd(2), epoll(7), inotify(7).
#include "core/ipc/epoll.h"
#include "syscalls/strace/structs.h"
#include "syscalls/strace/vectors.h"

namespace halcyon::strace {

namespace {

constexpr Name event_flags[] = {{1, "EFD_SEMAPHORE"}, {04000, "EFD_NONBLOCK"}, {02000000, "EFD_CLOEXEC"}};
constexpr Name timer_file_flags[] = {{04000, "TFD_NONBLOCK"}, {02000000, "TFD_CLOEXEC"}};
constexpr Name signal_file_flags[] = {{04000, "SFD_NONBLOCK"}, {02000000, "SFD_CLOEXEC"}};
constexpr Name inotify_flags[] = {{04000, "IN_NONBLOCK"}, {02000000, "IN_CLOEXEC"}};
constexpr Name inotify_masks[] = {{1, "IN_ACCESS"},
                                  {2, "IN_MODIFY"},
                                  {4, "IN_ATTRIB"},
                                  {8, "IN_CLOSE_WRITE"},
                                  {0x10, "IN_CLOSE_NOWRITE"},
                                  {0x20, "IN_OPEN"},
                                  {0x40, "IN_MOVED_FROM"},
                                  {0x80, "IN_MOVED_TO"},
                                  {0x100, "IN_CREATE"},
                                  {0x200, "IN_DELETE"},
                                  {0x400, "IN_DELETE_SELF"},
                                  {0x800, "IN_MOVE_SELF"},
                                  {0x2000, "IN_UNMOUNT"},
                                  {0x4000, "IN_Q_OVERFLOW"},
                                  {0x8000, "IN_IGNORED"},
                                  {0x01000000, "IN_ONLYDIR"},
                                  {0x02000000, "IN_DONT_FOLLOW"},
                                  {0x04000000, "IN_EXCL_UNLINK"},
                                  {0x10000000, "IN_MASK_CREATE"},
                                  {0x20000000, "IN_MASK_ADD"},
                                  {0x40000000, "IN_ISDIR"},
                                  {0x80000000, "IN_ONESHOT"}};
constexpr Name epoll_flags[] = {{02000000, "EPOLL_CLOEXEC"}};
constexpr Name epoll_operations[] = {{1, "EPOLL_CTL_ADD"}, {2, "EPOLL_CTL_DEL"}, {3, "EPOLL_CTL_MOD"}};
constexpr Name epoll_events[] = {{poll::in, "EPOLLIN"},
                                 {poll::pri, "EPOLLPRI"},
                                 {poll::out, "EPOLLOUT"},
                                 {poll::rdnorm, "EPOLLRDNORM"},
                                 {poll::rdband, "EPOLLRDBAND"},
                                 {poll::wrnorm, "EPOLLWRNORM"},
                                 {poll::wrband, "EPOLLWRBAND"},
                                 {poll::err, "EPOLLERR"},
                                 {poll::hup, "EPOLLHUP"},
                                 {poll::rdhup, "EPOLLRDHUP"},
                                 {epoll_flag::exclusive, "EPOLLEXCLUSIVE"},
                                 {epoll_flag::wake_up, "EPOLLWAKEUP"},
                                 {epoll_flag::one_shot, "EPOLLONESHOT"},
                                 {epoll_flag::edge, "EPOLLET"}};

}  // namespace

void show(Writer& out, EventFlags value) { show_flags(out, event_flags, value, "EFD"); }
void show(Writer& out, TimerFileFlags value) { show_flags(out, timer_file_flags, value, "TFD"); }
void show(Writer& out, SignalFileFlags value) { show_flags(out, signal_file_flags, value, "SFD"); }
void show(Writer& out, InotifyFlags value) { show_flags(out, inotify_flags, value, "IN"); }
void show(Writer& out, InotifyMask value) { show_flags(out, inotify_masks, value, "IN"); }
void show(Writer& out, EpollFlags value) { show_flags(out, epoll_flags, value, "EPOLL"); }
void show(Writer& out, EpollOperation value) { show_choice(out, epoll_operations, static_cast<uint64_t>(value.value), "EPOLL_CTL"); }

void show_at(Writer& out, const Call& call, UserPtr<const UserEpollEvent> at) {
  if (at.is_null()) return out.write("NULL");
  auto event = abi_of(call.thread).get_epoll_event(call.thread, at);
  if (!event) return show_address(out, at.address());
  out.write("{events=");
  show_flags(out, epoll_events, event->events, "EPOLL");
  print(out, ", data={{u32={}, u64={}}}}}", static_cast<uint32_t>(event->data), event->data);
}

void show_at(Writer& out, const Call& call, UserPtr<const UserSigevent> at) {
  constexpr Name kinds[] = {{0, "SIGEV_SIGNAL"}, {1, "SIGEV_NONE"}, {2, "SIGEV_THREAD"}, {4, "SIGEV_THREAD_ID"}};
  struct Layout {
    uint64_t value;
    int32_t signal, notify, tid;
  };
  if (at.is_null()) return out.write("NULL");
  auto layout = get_user(call.memory(), at.as<const Layout>());
  if (!layout) return show_address(out, at.address());
  print(out, "{{sigev_value={{sival_int={}, sival_ptr={:#x}}}, sigev_signo=", static_cast<int32_t>(layout->value), layout->value);
  show(out, Signal{layout->signal});
  out.write(", sigev_notify=");
  show_choice(out, kinds, static_cast<uint32_t>(layout->notify), "SIGEV");
  if (layout->notify == 4) print(out, ", sigev_notify_thread_id={}", layout->tid);
  out.write("}");
}

void show_epoll_events(Writer& out, const Call& call, unsigned index) {
  size_t size = abi_of(call.thread).epoll_event_size();
  out.write("[");
  for (uint64_t at = 0; at < call.moved(); ++at) {
    if (at > 0) out.write(", ");
    show_at(out, call, UserPtr<const UserEpollEvent>(call.arguments[index] + at * size));
  }
  out.write("]");
}

}  // namespace halcyon::strace
