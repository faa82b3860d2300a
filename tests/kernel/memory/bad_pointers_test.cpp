// Every call that takes a pointer, and every kind of pointer that leads nowhere: EFAULT, and the kernel lives on. Which calls there are and
// which of their parameters are pointers comes from syscalls/table.inc, so a new call is tested as soon as it has its line.
//
// All other arguments are such that the call gets as far as its pointers; where that is not a matter of types, tables here say so, and why.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(BadPointers);

struct Parameter {
  std::string type, name;

  bool is_pointer() const { return type.starts_with("UserPtr<"); }
  bool is_only_read() const { return type.starts_with("UserPtr<const "); }
};

// "(Fd fd, UserPtr<std::byte> buffer, size_t length)".
std::vector<Parameter> parse_parameters(std::string_view text) {
  std::vector<Parameter> parameters;
  std::string_view rest = text.substr(1, text.size() - 2);
  while (!rest.empty()) {
    std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(one.size() + 2, rest.size()));
    size_t space = one.rfind(' ');
    parameters.push_back({std::string(one.substr(0, space)), std::string(one.substr(space + 1))});
  }
  return parameters;
}

using Key = std::pair<std::string_view, std::string_view>;  // a call and one of its parameters

// Calls that do not come back, or not to the same program, or that keep a pointer for later; each has tests of its own.
const std::set<std::string_view> left_out = {"exit", "exit_group", "clone", "clone_backwards", "rt_sigreturn", "set_tid_address"};

// With anything else the call would refuse something else before it looks at the pointer that is tried.
const std::map<Key, uint64_t> values = {
    {{"clone3", "size"}, 88},        {{"waitid", "flags"}, 4},  // WEXITED
    {{"getdents", "size"}, 1000},    {{"getdents64", "size"}, 1000},     {{"readlinkat", "size"}, 8},
    {{"sigaltstack", "stack"}, 0},   {{"pselect6", "set"}, 0},           {{"prlimit64", "limit"}, 0},
    {{"timer_create", "event"}, 0},  {{"sched_getattr", "size"}, 48},    {{"timer_settime", "timer"}, 0},
    {{"timer_gettime", "timer"}, 0}, {{"inotify_add_watch", "mask"}, 1}, {{"riscv_hwprobe", "flags"}, 1}};  // RISCV_HWPROBE_WHICH_CPUS

// Where a bad pointer is something else than EFAULT, on Linux, too.
struct Exception {
  Outcome outcome;
  bool only_read_only;
};
const std::map<Key, Exception> exceptions = {
    // No file system has attributes, and what is not there is not copied.
    {{"getxattr", "value"}, {fails::opnotsupp, false}},
    {{"lgetxattr", "value"}, {fails::opnotsupp, false}},
    {{"fgetxattr", "value"}, {fails::opnotsupp, false}},
    {{"listxattr", "list"}, {fails::opnotsupp, false}},
    {{"llistxattr", "list"}, {fails::opnotsupp, false}},
    {{"flistxattr", "list"}, {fails::opnotsupp, false}},
    // Written only if a signal comes.
    {{"clock_nanosleep", "remaining"}, {ok, false}},
    {{"nanosleep", "remaining"}, {ok, false}},
    // A time limit in read-only memory is no reason to fail (poll_select_finish).
    {{"select", "timeout"}, {ok, true}},
    // RISCV_HWPROBE_WHICH_CPUS writes only what it does not know.
    {{"riscv_hwprobe", "probes"}, {ok, true}},
    // FUTEX_WAIT reads.
    {{"futex", "word"}, {fails::again, true}},
};

struct Place {
  const char* name;
  UserAddr address;
  bool is_readable;
  bool is_partly_there;
};

// One call, with arguments that get as far as its pointers.
class Attempt {
 public:
  Attempt(Task& task, const SyscallEntry& entry)
      : task_(task), entry_(entry), parameters_(parse_parameters(entry.parameters)), scratch_(task.map(page_size)) {
    bool reads_link = is({"readlink", "readlinkat"}), lists = is({"getdents", "getdents64"});
    if (reads_link) task.symlink("nowhere", "x");
    else fd_ = task.create("x", "contents of a file");
    if (lists) fd_ = task.open(".");
    if (is({"epoll_wait", "epoll_pwait", "epoll_pwait2"})) fd_ = ready_epoll();
    if (is({"timerfd_settime", "timerfd_gettime"})) fd_ = task.call(Call::timerfd_create, 1, 0);
    if (is({"inotify_add_watch"})) fd_ = task.call(Call::inotify_init1, 0);
    if (is({"timer_settime", "timer_gettime"})) task.call(Call::timer_create, 1, 0, task.room(4));  // the process's first: number 0
    if (is({"pidfd_send_signal"})) fd_ = task.call(Call::pidfd_open, task.pid(), 0);
    if (is({"getgroups"})) task.call(Call::setgroups, 1, task.put(uint32_t{7}));
    if (is({"rt_sigtimedwait"})) task.block(~uint64_t{0});
  }

  // Puts a pointer to `place` in the parameter. EFAULT, or what else is right there, is no news.
  std::string run(size_t parameter, const Place& place) {
    if (is({"wait4", "waitid"})) task_.fork([](Task& child) { child.exit(0); });
    if (is({"rt_sigtimedwait"})) task_.raise(sig::trap);  // which is in the set that "x" makes
    task_.set(scratch_, is({"capget", "capset"}) ? uint64_t{0x2008'0522} : uint64_t{'x'});
    if (is({"process_vm_readv", "process_vm_writev"})) task_.set(scratch_, Iovec{scratch_, 8});
    std::array<uint64_t, 6> arguments{};
    for (size_t index = 0; index < parameters_.size(); ++index) arguments[index] = value(parameters_[index]);
    arguments[parameter] = place.address;
    auto number = static_cast<uint64_t>(syscall_number(entry_, task_.user().isa()));
    Outcome outcome{static_cast<int64_t>(
        task_.user().syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]))};
    if (outcome == expected(parameters_[parameter], place)) return {};
    std::ostringstream text;
    text << entry_.name << ", " << parameters_[parameter].name << " " << place.name << ": " << outcome << "\n";
    return text.str();
  }

  const std::vector<Parameter>& parameters() const { return parameters_; }

 private:
  bool is(std::initializer_list<std::string_view> names) const { return std::find(names.begin(), names.end(), entry_.name) != names.end(); }

  int ready_epoll() {
    int epoll = task_.call(Call::epoll_create1, 0);
    Task::Pipe pipe = task_.pipe();
    task_.write(pipe.out, "x");
    task_.call(Call::epoll_ctl, epoll, 1, pipe.in, task_.put(std::array<uint32_t, 4>{1, 0, 0, 0}));  // EPOLL_CTL_ADD, EPOLLIN
    return epoll;
  }

  uint64_t value(const Parameter& parameter) const {
    if (auto found = values.find({entry_.name, parameter.name}); found != values.end()) return found->second;
    if (parameter.is_pointer() || parameter.name == "address") return scratch_;
    if (parameter.type == "Fd") return static_cast<uint64_t>(fd_);
    if (parameter.type == "DirFd") return static_cast<uint64_t>(-100);
    if (parameter.type == "Pid" && is({"rt_tgsigqueueinfo"})) return static_cast<uint64_t>(task_.pid());
    if (parameter.type == "Signal") return sig::usr1;
    if (parameter.type == "size_t") return 8;  // also a signal set's
    return parameter.name != "flags" && (parameter.type == "int" || parameter.type == "uint32_t");
  }

  Outcome expected(const Parameter& parameter, const Place& place) const {
    auto found = exceptions.find({entry_.name, parameter.name});
    if (found != exceptions.end() && (place.is_readable || !found->second.only_read_only)) return found->second.outcome;
    // Of a buffer the first byte is there: it counts.
    bool is_moved = is({"read", "write", "pread64", "pwrite64", "getrandom"});
    if (place.is_partly_there && is_moved) return Outcome{1};
    if (place.is_partly_there && is({"mincore"})) return ok;  // one byte is all it wants
    return place.is_partly_there && is({"futex"}) ? fails::inval : fails::fault;
  }

  Task& task_;
  const SyscallEntry& entry_;
  std::vector<Parameter> parameters_;
  UserAddr scratch_;  // the string "x", which is a file; zeros
  int fd_ = -1;
};

// Tries every pointer of one call in every place; returns what was not as it should be.
std::string try_call(Task& task, const SyscallEntry& entry, const std::vector<Place>& places) {
  Attempt attempt(task, entry);
  std::string wrong;
  for (size_t index = 0; index < attempt.parameters().size(); ++index) {
    const Parameter& parameter = attempt.parameters()[index];
    if (!parameter.is_pointer()) continue;
    for (const Place& place : places)
      if (!place.is_readable || !parameter.is_only_read()) wrong += attempt.run(index, place);
  }
  return wrong;
}

TEST_P(BadPointers, AreFaults) {
  std::string wrong;
  int status = run([&wrong](Task& task) {
    UserAddr pages = task.map(4 * page_size);
    UserAddr read_only = pages, none = pages + page_size, end = pages + 3 * page_size;
    task.call(Call::mprotect, read_only, page_size, 1);
    task.call(Call::mprotect, none, page_size, 0);
    task.set(end - 1, 'x');
    task.call(Call::mprotect, end, page_size, 0);
    const std::vector<Place> places = {{"in the lowest page", 16, false, false},
                                       {"in the kernel's half", ~uint64_t{4095}, false, false},
                                       {"without access", none, false, false},
                                       {"at the end of memory", end - 1, false, true},
                                       {"that is read-only", read_only, true, false}};
    for (const SyscallEntry& entry : syscall_entries()) {
      if (syscall_number(entry, task.user().isa()) == no_number || left_out.contains(entry.name)) continue;
      std::string* found = &wrong;
      const SyscallEntry* tried = &entry;
      std::string folder = std::string(entry.name);
      task.in_child([=](Task& child) {
        child.mkdir(folder);
        child.call(Call::chdir, folder);
        *found += try_call(child, *tried, places);
        child.exit(0);
      });
    }
    task.exit(7);
  });
  EXPECT_EQ(status, exited(7));
  EXPECT_EQ(wrong, "");
}

}  // namespace
}  // namespace halcyon::test
