// Structures of user memory, fetched and written member by member.
#pragma once

#include "core/mm/user_memory.h"
#include "syscalls/abi/abi.h"
#include "syscalls/strace/call.h"
#include "syscalls/strace/names.h"

namespace halcyon::strace {

void show(Writer& out, const Timespec& time);
void show(Writer& out, const Timeval& time);
void show(Writer& out, const Itimerval& value);
void show(Writer& out, const Itimerspec& value);
void show(Writer& out, const Rlimit& limit);
void show(Writer& out, const RusageLayout& use);

// The structure that a pointer argument points to; the address if it is null or out of reach.
void show_at(Writer& out, const Call& call, UserPtr<const UserStat> at);
void show_at(Writer& out, const Call& call, UserPtr<const UserStatx> at);
void show_at(Writer& out, const Call& call, UserPtr<const UserStatfs> at);
void show_at(Writer& out, const Call& call, UserPtr<const UserSigaction> at);
void show_at(Writer& out, const Call& call, UserPtr<const UserSiginfo> at);
void show_at(Writer& out, const Call& call, UserPtr<const UserSigset> at);
void show_at(Writer& out, const Call& call, UserPtr<const UserStack> at);
void show_at(Writer& out, const Call& call, UserPtr<const UserRusage> at);
void show_at(Writer& out, const Call& call, UserPtr<const UserUtsname> at);
void show_at(Writer& out, const Call& call, UserPtr<const UserSysinfo> at);
void show_at(Writer& out, const Call& call, UserPtr<const UserTms> at);
void show_at(Writer& out, const Call& call, UserPtr<const UserCloneArgs> at);
void show_at(Writer& out, const Call& call, UserPtr<const UserOpenHow> at);
void show_at(Writer& out, const Call& call, UserPtr<const UserEpollEvent> at);  // event_names.cpp
void show_at(Writer& out, const Call& call, UserPtr<const UserSigevent> at);

// Those that the kernel knows by their layout.
template <class T>
void show_at(Writer& out, const Call& call, UserPtr<const T> at) {
  if (at.is_null()) return out.write("NULL");
  auto value = get_user(call.memory(), at);
  if (!value) return show_address(out, at.address());
  if constexpr (std::is_integral_v<T>) {
    out.write("[");
    show(out, *value);
    out.write("]");
  } else {
    show(out, *value);
  }
}

}  // namespace halcyon::strace
