// What files for events take: eventfd(2), epoll(7).
#include "core/ipc/epoll.h"
#include "syscalls/strace/structs.h"
#include "syscalls/strace/vectors.h"

namespace halcyon::strace {

namespace {

constexpr Name event_flags[] = {{1, "EFD_SEMAPHORE"}, {04000, "EFD_NONBLOCK"}, {02000000, "EFD_CLOEXEC"}};
constexpr Name timer_file_flags[] = {{04000, "TFD_NONBLOCK"}, {02000000, "TFD_CLOEXEC"}};
constexpr Name signal_file_flags[] = {{04000, "SFD_NONBLOCK"}, {02000000, "SFD_CLOEXEC"}};
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
