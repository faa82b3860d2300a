#include "syscalls/strace/structs.h"

#include "syscalls/strace/text.h"

namespace halcyon::strace {

void show(Writer& out, const Timespec& time) { print(out, "{{tv_sec={}, tv_nsec={}}}", time.seconds, time.nanoseconds); }
void show(Writer& out, const Timeval& time) { print(out, "{{tv_sec={}, tv_usec={}}}", time.seconds, time.microseconds); }

namespace {

template <class Interval>
void show_interval(Writer& out, const Interval& value) {
  out.write("{it_interval=");
  show(out, value.interval);
  out.write(", it_value=");
  show(out, value.value);
  out.write("}");
}

}  // namespace

void show(Writer& out, const Itimerval& value) { show_interval(out, value); }
void show(Writer& out, const Itimerspec& value) { show_interval(out, value); }

namespace {

void show_limit(Writer& out, uint64_t value) {
  if (value == unlimited) out.write("RLIM64_INFINITY");
  else if (value > 1024 && value % 1024 == 0) print(out, "{}*1024", value / 1024);
  else print(out, "{}", value);
}

// Fetches a T; without one, shows the address.
template <class T, class U>
bool fetch(Writer& out, const Call& call, UserPtr<const U> at, T* value) {
  if (at.is_null()) {
    out.write("NULL");
    return false;
  }
  auto fetched = get_user(call.memory(), at.template as<const T>());
  if (!fetched) {
    show_address(out, at.address());
    return false;
  }
  *value = *fetched;
  return true;
}

// The members of struct stat and statx that strace(1) shows without -v.
void show_stat(Writer& out, std::string_view prefix, uint32_t mode, uint64_t size, uint64_t device) {
  constexpr uint32_t type_mask = 0170000, character = 0020000, block = 0060000;
  print(out, "{}mode=", prefix);
  show_file_mode(out, mode);
  bool is_device = (mode & type_mask) == character || (mode & type_mask) == block;
  if (is_device) {
    print(out, ", {}rdev=", prefix);
    show(out, DeviceNumber{device});
  } else {
    print(out, ", {}size={}", prefix, size);
  }
}

}  // namespace

void show(Writer& out, const Rlimit& limit) {
  out.write("{rlim_cur=");
  show_limit(out, limit.soft);
  out.write(", rlim_max=");
  show_limit(out, limit.hard);
  out.write("}");
}

void show(Writer& out, const RusageLayout& use) {
  out.write("{ru_utime=");
  show(out, use.user_time);
  out.write(", ru_stime=");
  show(out, use.system_time);
  out.write(", ...}");
}

void show_at(Writer& out, const Call& call, UserPtr<const UserStat> at) {
  if (at.is_null()) return out.write("NULL");
  auto status = abi_of(call.thread).get_stat(call.thread, at);
  if (!status) return show_address(out, at.address());
  out.write("{");
  show_stat(out, "st_", status->mode, status->size, status->special_device);
  out.write(", ...}");
}

void show_at(Writer& out, const Call& call, UserPtr<const UserStatx> at) {
  struct Layout {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, uid, gid;
    uint16_t mode, padding;
    uint64_t inode, size;
  } layout;
  if (!fetch(out, call, at, &layout)) return;
  out.write("{stx_mask=");
  show(out, StatxMask{layout.mask});
  out.write(", stx_attributes=0, ");
  show_stat(out, "stx_", layout.mode, layout.size, 0);
  out.write(", ...}");
}

void show_at(Writer& out, const Call& call, UserPtr<const UserStatfs> at) {
  struct Layout {
    uint64_t type, block_size, blocks, free, available, files, files_free;
  } layout;
  if (!fetch(out, call, at, &layout)) return;
  print(out, "{{f_type={:#x}, f_bsize={}, f_blocks={}, f_bfree={}, f_bavail={}, f_files={}, f_ffree={}, ...}}", layout.type,
        layout.block_size, layout.blocks, layout.free, layout.available, layout.files, layout.files_free);
}

void show_at(Writer& out, const Call& call, UserPtr<const UserSigaction> at) {
  if (at.is_null()) return out.write("NULL");
  auto action = abi_of(call.thread).get_action(call.thread, at);
  if (!action) return show_address(out, at.address());
  out.write("{sa_handler=");
  if (action->handler == SignalAction::default_handler) out.write("SIG_DFL");
  else if (action->handler == SignalAction::ignore) out.write("SIG_IGN");
  else print(out, "{:#x}", action->handler);
  out.write(", sa_mask=");
  show_signals(out, action->mask);
  out.write(", sa_flags=");
  show_action_flags(out, action->flags);
  if (action->flags & sa_flag::restorer) print(out, ", sa_restorer={:#x}", action->restorer);
  out.write("}");
}

void show_at(Writer& out, const Call& call, UserPtr<const UserSiginfo> at) {
  SiginfoLayout layout;
  if (!fetch(out, call, at, &layout)) return;
  SignalInfo info = from_user(layout);
  if (info.number == 0) return out.write("{}");
  if (info.number == sig::chld && info.code > 0) {
    info.status = layout.status;
    info.user_time = layout.user_time;
    info.system_time = layout.system_time;
  } else {
    info.address = layout.address;
  }
  show_signal_info(out, info);
}

void show_at(Writer& out, const Call& call, UserPtr<const UserSigset> at) {
  uint64_t bits;
  if (fetch(out, call, at, &bits)) show_signals(out, SignalSet(bits));
}

void show_at(Writer& out, const Call& call, UserPtr<const UserStack> at) {
  struct Layout {
    uint64_t base;
    uint32_t flags, padding;
    uint64_t size;
  } layout;
  if (!fetch(out, call, at, &layout)) return;
  out.write("{ss_sp=");
  show_address(out, layout.base);
  out.write(", ss_flags=");
  show_stack_flags(out, layout.flags);
  print(out, ", ss_size={}}}", layout.size);
}

void show_at(Writer& out, const Call& call, UserPtr<const UserRusage> at) {
  RusageLayout layout;
  if (fetch(out, call, at, &layout)) show(out, layout);
}

void show_at(Writer& out, const Call& call, UserPtr<const UserUtsname> at) {
  std::array<std::array<char, 65>, 2> names;
  if (!fetch(out, call, at, &names)) return;
  auto text = [](const std::array<char, 65>& name) {
    return std::span(name).first(static_cast<size_t>(std::find(name.begin(), name.end(), '\0') - name.begin()));
  };
  out.write("{sysname=");
  show_quoted(out, text(names[0]));
  out.write(", nodename=");
  show_quoted(out, text(names[1]));
  out.write(", ...}");
}

void show_at(Writer& out, const Call& call, UserPtr<const UserSysinfo> at) {
  struct Layout {
    int64_t uptime;
    uint64_t loads[3], total, free;
  } layout;
  if (!fetch(out, call, at, &layout)) return;
  print(out, "{{uptime={}, loads=[{}, {}, {}], totalram={}, freeram={}, ...}}", layout.uptime, layout.loads[0], layout.loads[1],
        layout.loads[2], layout.total, layout.free);
}

void show_at(Writer& out, const Call& call, UserPtr<const UserTms> at) {
  struct Layout {
    int64_t user, system, children_user, children_system;
  } layout;
  if (!fetch(out, call, at, &layout)) return;
  print(out, "{{tms_utime={}, tms_stime={}, tms_cutime={}, tms_cstime={}}}", layout.user, layout.system, layout.children_user,
        layout.children_system);
}

void show_at(Writer& out, const Call& call, UserPtr<const UserCloneArgs> at) {
  struct Layout {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
  } layout;
  if (!fetch(out, call, at, &layout)) return;
  out.write("{flags=");
  show(out, CloneFlags{layout.flags});
  if (layout.child_tid) print(out, ", child_tid={:#x}", layout.child_tid);
  if (layout.parent_tid) print(out, ", parent_tid={:#x}", layout.parent_tid);
  out.write(", exit_signal=");
  show(out, Signal{static_cast<int>(layout.exit_signal)});
  out.write(", stack=");
  show_address(out, layout.stack);
  print(out, ", stack_size={:#x}", layout.stack_size);
  if (layout.tls) print(out, ", tls={:#x}", layout.tls);
  out.write("}");
}

void show_at(Writer& out, const Call& call, UserPtr<const UserOpenHow> at) {
  struct Layout {
    uint64_t flags, mode, resolve;
  } layout;
  if (!fetch(out, call, at, &layout)) return;
  out.write("{flags=");
  show(out, OpenFlags{static_cast<uint32_t>(layout.flags)});
  print(out, ", mode={:#o}, resolve={:#x}}}", layout.mode, layout.resolve);
}

}  // namespace halcyon::strace
