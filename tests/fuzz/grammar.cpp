#include "tests/fuzz/grammar.h"

#include <array>
#include <span>

namespace halcyon::test::fuzz {
namespace {

std::vector<Parameter> parse(std::string_view text) {
  std::vector<Parameter> parameters;
  text = text.substr(1, text.size() - 2);
  while (!text.empty()) {
    size_t comma = std::min(text.find(", "), text.size());
    std::string_view one = text.substr(0, comma);
    size_t space = one.rfind(' ');
    parameters.push_back({std::string(one.substr(0, space)), std::string(one.substr(space + 1))});
    text.remove_prefix(std::min(comma + 2, text.size()));
  }
  return parameters;
}

constexpr std::string_view paths[] = {"/",
                                      ".",
                                      "..",
                                      "",
                                      "/tmp",
                                      "/tmp/",
                                      "/tmp/file",
                                      "/tmp/shared",
                                      "/tmp/link",
                                      "/tmp/loop",
                                      "/tmp/fifo",
                                      "/tmp/dir",
                                      "/tmp/dir/a",
                                      "/tmp/dir/b",
                                      "/tmp/new",
                                      "/tmp/new2",
                                      "/tmp/../tmp/./file",
                                      "file",
                                      "new",
                                      "dir/../file",
                                      "/bin",
                                      "/bin/test",
                                      "/bin/child",
                                      "/nowhere/at/all",
                                      "/tmp/file/x",
                                      "/dev",
                                      "/dev/null",
                                      "/dev/zero",
                                      "/dev/full",
                                      "/dev/random",
                                      "/dev/urandom",
                                      "/dev/stdin",
                                      "/dev/stdout",
                                      "/dev/stderr",
                                      "/dev/fd",
                                      "/dev/tty",
                                      "/dev/ptmx",
                                      "/dev/console",
                                      "/dev/shm",
                                      "/dev/shm/x",
                                      "/proc",
                                      "/proc/self",
                                      "/proc/self/fd",
                                      "/proc/self/new",
                                      "/proc/thread-self",
                                      "/proc/mounts",
                                      "/proc/meminfo",
                                      "/proc/stat",
                                      "/proc/uptime",
                                      "/proc/cpuinfo",
                                      "/proc/sys",
                                      "/proc/sys/kernel",
                                      "/proc/sys/fs/pipe-max-size",
                                      "/proc/sys/kernel/hostname",
                                      "/proc/sys/kernel/pid_max",
                                      "/proc/sys/vm/overcommit_memory",
                                      "/proc/1",
                                      "/proc/1/stat",
                                      "/proc/2/fd",
                                      "/proc/2/maps",
                                      "/proc/2/new",
                                      "/proc/self/root/tmp/file",
                                      "/proc/self/cwd/new"};
constexpr std::string_view task_names[] = {"fd",     "fdinfo",  "environ",       "auxv",         "status",   "personality", "limits",
                                           "comm",   "cmdline", "stat",          "statm",        "maps",     "cwd",         "root",
                                           "exe",    "mounts",  "mountinfo",     "smaps",        "wchan",    "task",        "mem",
                                           "cgroup", "new",     "oom_score_adj", "smaps_rollup", "loginuid", "task/2/stat", "task/3/comm"};
// What other text arguments are: types of file systems, names of attributes and machines.
constexpr std::string_view words[] = {"tmpfs", "proc", "devtmpfs", "sysfs", "ramfs", "user.a", "security.b", "size=1m", "none", "x"};

}  // namespace

const std::vector<Parameter>& parameters_of(size_t call) {
  static const std::vector<std::vector<Parameter>> all = [] {
    std::vector<std::vector<Parameter>> parsed;
    for (const SyscallEntry& entry : syscall_entries()) parsed.push_back(parse(entry.parameters));
    return parsed;
  }();
  return all[call];
}

Regions Regions::make(Task& task, uint64_t handler) {
  Regions regions;
  // Without memory nothing is there, which is as good.
  auto map = [&](size_t length, uint32_t protection) -> UserAddr {
    Outcome mapped = task.call(Call::mmap, 0, length, protection, map_anon_private, -1, 0);
    return mapped.is_error() ? 0 : static_cast<UserAddr>(mapped.value);
  };
  regions.handler = handler;
  regions.scratch = map(scratch_pages * page, prot_rw);
  regions.read_only = map(page, prot_read);
  regions.nothing = map(page, prot_none);
  regions.edge = map(2 * page, prot_rw) + page;
  task.call(Call::munmap, regions.edge, page);
  Outcome file = task.call(Call::openat, at_fdcwd, "/tmp/shared", 2, 0);
  Outcome mapped = task.call(Call::mmap, 0, shared_pages * page, 3, map_shared, file, 0);
  regions.shared = mapped.is_error() ? regions.scratch : static_cast<UserAddr>(mapped.value);
  return regions;
}

uint64_t Arguments::any() {
  switch (below(6)) {
    case 0: return random_.next();
    case 1: return random_.next() & 0xffff'ffff;
    case 2: return uint64_t{1} << below(64);
    case 3:
      return one_of<uint64_t>({INT32_MAX, uint64_t{INT32_MAX} + 1, UINT32_MAX, INT64_MAX, uint64_t{1} << 63, ~uint64_t{0}, ~uint64_t{99}});
    default: return below(70);
  }
}

uint64_t Arguments::small() { return once_in(8) ? any() : below(once_in(4) ? 64 : 5); }

uint64_t Arguments::fd() {
  if (once_in(12)) return any();
  if (once_in(12)) return one_of<uint64_t>({~uint64_t{0}, 1023, 1024, 255, INT32_MAX, static_cast<uint64_t>(at_fdcwd)});
  return below(24);
}

uint64_t Arguments::pid() {
  switch (below(8)) {
    case 0: return any();
    case 1: return static_cast<uint64_t>(-static_cast<int64_t>(below(20)));
    case 2:
    case 3: return 0;
    default: return 2 + below(30);
  }
}

uint64_t Arguments::size() {
  switch (below(10)) {
    case 0: return any();
    case 1: return one_of<uint64_t>({0x7fff'f000, 0x7fff'efff, uint64_t{1} << 20, uint64_t{1} << 32, SIZE_MAX / 2});
    case 2:
    case 3:
    case 4: return below(5) * page + one_of<uint64_t>({0, 1, 8}) - (once_in(2) ? 0 : below(2));
    case 5: return 65536 + below(3) - 1;
    default: return below(300);
  }
}

uint64_t Arguments::offset() { return once_in(3) ? any() : once_in(2) ? size() : below(40); }

// Some of the low bits, one bit alone, or none.
uint64_t Arguments::flags() {
  switch (below(6)) {
    case 0: return uint64_t{1} << below(32);
    case 1: return random_.next() & 0xffff'ffff;
    case 2: return random_.next() & random_.next() & 0xffff'ffff;
    case 3: return random_.next() & 15;
    default: return 0;
  }
}

uint64_t Arguments::bad_pointer() {
  return one_of<uint64_t>({0, 1, 8, 0xfff, regions_.nothing, regions_.edge, 0x7fff'ffff'f000, 0x3f'ffff'f000, 0xffff'8000'0000'0000,
                           ~uint64_t{0}, ~uint64_t{0} - 99, 0x8000'0000'0000'0000, 0x1234'5678'9000});
}

// Somewhere in a region, near the ends of its pages as a rule.
uint64_t Arguments::pointer() {
  uint64_t in_page = once_in(2) ? below(page) : one_of<uint64_t>({0, 8, 64, page - 1, page - 4, page - 8, page - 16, page / 2});
  switch (below(10)) {
    case 0: return once_in(3) ? any() : bad_pointer();
    case 1: return regions_.edge - 1 - below(64);
    case 2: return regions_.read_only + in_page;
    case 3:
    case 4:
    case 5: return regions_.shared + below(Regions::shared_pages) * page + in_page;
    default: return regions_.scratch + below(Regions::scratch_pages) * page + in_page;
  }
}

std::string Arguments::path_text() {
  std::string text;
  switch (below(12)) {
    case 0: return std::string(words[below(std::size(words))]);
    case 1: return (once_in(2) ? "/dev/fd/" : "/proc/self/fd/") + std::to_string(below(16));
    case 2: return "/proc/self/" + std::string(task_names[below(std::size(task_names))]);
    case 3: return "/proc/" + std::to_string(1 + below(12)) + "/" + std::string(task_names[below(std::size(task_names))]);
    case 4:
      if (!once_in(6)) break;
      text = std::string(one_of<size_t>({255, 256, 4094, 4095, 4096, 5000}), once_in(2) ? 'x' : '/');
      return once_in(2) ? "/tmp/" + text : text;
    case 5:
      if (!once_in(6)) break;
      for (uint64_t left = below(700); left > 0; --left) text += one_of<const char*>({"../", "./", "tmp/", "link/", "/"});
      return text;
    default: break;
  }
  return std::string(paths[below(std::size(paths))]);
}

uint64_t Arguments::path() {
  if (once_in(16)) return pointer();
  std::string text = path_text();
  if (!once_in(16)) return task_.put_string(text);
  // Up to the end of what is mapped, with its NUL or without.
  size_t length = std::min<size_t>(text.size() + below(2), page);
  UserAddr start = regions_.edge - length;
  task_.user().write(start, std::as_bytes(std::span(text.c_str(), length)));
  return start;
}

Timespec Arguments::time() {
  if (once_in(6)) return {static_cast<int64_t>(any()), static_cast<int64_t>(any())};
  if (once_in(6))
    return {one_of<int64_t>({INT64_MAX, INT64_MAX / 1'000'000'000, INT64_MAX / 1'000'000'000 - 1, -1, INT32_MAX}), 999'999'999};
  return {static_cast<int64_t>(once_in(4) ? below(3) : 0), static_cast<int64_t>(below(3'000'000))};
}

// A structure, or several of them, as the kernel would read it.
uint64_t Arguments::input(const std::string& pointee) {
  if (once_in(8)) return once_in(3) ? 0 : pointer();
  std::array<uint64_t, 32> record{};
  size_t used = record.size();
  if (pointee.find("Timespec") != std::string::npos || pointee.find("Itimer") != std::string::npos ||
      pointee.find("Timeval") != std::string::npos) {
    for (size_t i = 0; i < 4; i += 2) {
      Timespec given = time();
      record[i] = static_cast<uint64_t>(given.seconds), record[i + 1] = static_cast<uint64_t>(given.nanoseconds);
      if (pointee.find("val") != std::string::npos && pointee.find("Itimerspec") == std::string::npos) record[i + 1] /= 1000;
    }
    used = 4;
  } else if (pointee.find("Iovec") != std::string::npos) {
    for (size_t i = 0; i < record.size(); i += 2) record[i] = pointer(), record[i + 1] = size();
  } else if (pointee.find("PollFd") != std::string::npos) {
    for (uint64_t& word : record) word = (fd() & 0xffff'ffff) | (random_.next() & 0x7f) << 32;
  } else {
    for (uint64_t& word : record) {
      switch (below(8)) {
        case 0: word = any(); break;
        case 1: word = pointer(); break;
        case 2: word = regions_.handler; break;
        case 3: word = flags(); break;
        default: word = small();
      }
    }
  }
  UserAddr start = once_in(8) ? regions_.edge - used * 8 : regions_.scratch + below(Regions::scratch_pages - 1) * page + below(400) * 8;
  task_.user().write(start, std::as_bytes(std::span(record).first(used)));
  return start;
}

// Numbers that choose what a call does.
uint64_t Arguments::command(const std::string& type) {
  if (once_in(16)) return any();
  if (type == "FcntlCommand") return once_in(3) ? 1024 + below(18) : below(17);
  if (type == "IoctlRequest")
    return one_of<uint64_t>(
        {0x5401 + below(0x60), 0x5421, 0x541b, 0x5450, 0x5451, 0x5411, 0x1260 + below(32), 0x8000'0000 | below(1 << 16)});
  if (type == "PrctlOption") return once_in(2) ? 1 + below(60) : 1 + below(25);
  if (type == "FutexOperation") return below(14) | one_of<uint64_t>({0, 128, 256, 384});
  if (type == "ClockId") return once_in(3) ? static_cast<uint64_t>(-static_cast<int64_t>(below(200))) : below(12);
  if (type == "SeccompOperation") return 1 + below(3);  // strict mode would be the end of the caller
  return below(type == "MadviseAdvice" ? 26 : 12);
}

uint64_t Arguments::make(const Parameter& parameter) {
  const std::string& type = parameter.type;
  if (type == "Fd" || type == "DirFd") return type == "DirFd" && once_in(2) ? static_cast<uint64_t>(at_fdcwd) : fd();
  if (type == "Pid") return pid();
  if (type == "Signal") return once_in(16) ? any() : below(66);
  if (type == "Uid" || type == "Gid") return one_of<uint64_t>({0, 1000, ~uint64_t{0}, 65534, small()});
  if (type == "Mode") return once_in(8) ? any() : one_of<uint64_t>({0777, 0644, 0, 07777, 0010644, 0020600, 0060600, 0140777, 0100600});
  if (type == "OpenFlags")
    return once_in(4) ? flags() : below(4) | one_of<uint64_t>({0, 0, 0100, 0102, 0300, 01100, 02000, 04000, 0200000, 010000000, 020200000});
  if (type == "MapFlags") return once_in(8) ? flags() : one_of<uint64_t>({1, 2, 0x22, 0x22, 0x21, 0x8022, 0x122, 0x4022, 0x100022});
  if (type == "Protection") return once_in(8) ? any() : below(8);
  if (type.starts_with("UserPtr<")) {
    std::string pointee = type.substr(8, type.size() - 9);
    if (pointee == "const char") return path();
    if (pointee == "const std::byte") return once_in(4) ? input(pointee) : pointer();
    return pointee.starts_with("const ") || parameter.name == "set" ? input(pointee) : once_in(6) ? 0 : pointer();
  }
  if (type.ends_with("Command") || type.ends_with("Operation") || type.ends_with("Option") || type.ends_with("Request") ||
      type.ends_with("Advice") || type == "ClockId" || type.ends_with("Which") || type.ends_with("Policy") || type == "Seek" ||
      type == "IdType" || type == "KcmpType" || type == "ResourceId" || type == "UsageWho" || type == "SigmaskHow")
    return command(type);
  if (type.ends_with("Flags") || type == "AccessMode" || type.ends_with("Mask") || parameter.name == "flags") return flags();
  if (parameter.name.ends_with("size") && parameter.name != "size") return once_in(8) ? size() : 8;  // of signal sets
  if (type == "size_t" || parameter.name == "length" || parameter.name == "size") return size();
  if (type == "int64_t" || parameter.name.find("offset") != std::string::npos) return offset();
  if (type == "UserAddr" || parameter.name == "address") return once_in(2) ? page_floor(pointer()) : pointer();
  if (parameter.name == "timeout") return one_of<uint64_t>({0, 1, 3, ~uint64_t{0}, INT32_MAX});
  switch (below(4)) {
    case 0: return any();
    case 1: return pointer();
    case 2: return fd();
    default: return small();
  }
}

}  // namespace halcyon::test::fuzz
