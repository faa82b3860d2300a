#include "tests/fuzz/fuzz.h"

#include <cstdio>
#include <utility>

#include "tests/fuzz/grammar.h"

namespace halcyon::test::fuzz {
namespace {

// What all programs of a run share, on the host's side.
struct Shared {
  const Run& run;
  uint64_t made = 0;
};

// They would end the run, or the caller at once.
bool is_left_out(std::string_view name, hal::Random& random) {
  if (name == "reboot") return true;
  if (name == "exit" || name == "exit_group" || name == "rt_sigreturn") return random.below(16) != 0;
  return false;
}

// Nobody stops the director: the timers of those who wait for it would run on for ever. To kill it does no harm.
void spare_director(std::string_view name, uint64_t (&values)[6]) {
  constexpr int director = 2;
  bool is_signal = name == "kill" || name == "tkill" || name == "tgkill" || name == "rt_sigqueueinfo" || name == "rt_tgsigqueueinfo";
  int first = static_cast<int>(values[0]);
  if (is_signal && (first == director || first == -director || first == -1)) values[0] = director + 1;
  if (name == "tgkill" && static_cast<int>(values[1]) == director) values[1] = director + 1;
  if (name == "pidfd_send_signal" && static_cast<int>(values[1]) == sigstop) values[1] = sigusr1;
}

// Calls that make what others need, and those that copy much: every third is one of them.
constexpr std::string_view common_calls[] = {
    "read",    "write",    "readv",     "writev",     "pread64",   "pwrite64",    "openat",          "openat",       "pipe2", "dup3",
    "mmap",    "munmap",   "mprotect",  "getdents64", "epoll_ctl", "epoll_pwait", "eventfd2",        "memfd_create", "clone", "futex",
    "mkdirat", "unlinkat", "renameat2", "symlinkat",  "linkat",    "sendfile",    "copy_file_range", "ppoll",        "fcntl"};

size_t choose_call(hal::Random& random) {
  auto entries = syscall_entries();
  if (random.below(3) != 0) return random.below(entries.size());
  std::string_view wanted = common_calls[random.below(std::size(common_calls))];
  for (size_t index = 0; index < entries.size(); ++index)
    if (entries[index].name == wanted || (wanted == "clone" && entries[index].name == "clone_backwards" && random.below(2))) return index;
  return 0;
}

// Makes up to `count` calls, and so do its children, down to `depth` generations.
void make_calls(Task& task, Shared& shared, const Regions& regions, uint64_t seed, unsigned count, unsigned depth) {
  hal::Random random(seed);
  Arguments arguments(task, random, regions);
  auto entries = syscall_entries();
  while (count > 0) {
    size_t index = choose_call(random);
    int number = syscall_number(entries[index], task.user().isa());
    if (number == no_number || is_left_out(entries[index].name, random)) continue;
    uint64_t values[6] = {};
    const auto& parameters = parameters_of(index);
    for (size_t i = 0; i < parameters.size(); ++i) values[i] = arguments.make(parameters[i]);
    spare_director(entries[index].name, values);
    if (shared.run.is_traced) {
      std::fprintf(stderr, "[%d:%#lx] %s(", hal::this_cpu().id(), seed & 0xffff, std::string(entries[index].name).c_str());
      for (size_t i = 0; i < parameters.size(); ++i) std::fprintf(stderr, "%s%#lx", i ? ", " : "", values[i]);
      std::fprintf(stderr, ")\n");
    }
    ++shared.made;
    --count;
    uint64_t child_seed = random.next();
    auto child = [&world = task.world(), &shared, regions, child_seed, depth](hal::User& user) {
      Task own(world, user);
      if (depth > 0) make_calls(own, shared, regions, child_seed, 12, depth - 1);
      own.exit(0);
    };
    task.user().clone(child, static_cast<uint64_t>(number), values[0], values[1], values[2], values[3], values[4], values[5]);
  }
}

// A program: ends by itself, or is killed by whoever started it.
void work(Task& task, Shared& shared, uint64_t seed) {
  constexpr uint64_t nothing = 0;
  hal::Random random(seed);
  constexpr int alarm = 14;
  constexpr Nanoseconds tick = 3'000'000;
  Regions regions = Regions::make(task, task.handler_token([](Task&, const Task::Delivery&) {}));
  for (int signal : {alarm, 10, 12, 17, 23, 29, 34, 35, 11}) {
    if (signal == 11 && random.below(4) != 0) continue;
    task.set_action(signal, {regions.handler, nothing, nothing});
  }
  // Whoever blocks is interrupted.
  task.call(Call::setitimer, itimer_real, task.put(Itimerval{{0, tick / 1000}, {0, tick / 1000}}), nullptr);
  task.call(Call::prlimit64, 0, rlimit_nproc, task.put(Rlimit{30, 30}), nullptr);
  if (random.below(3) == 0) task.call(Call::setresuid, 1000, 1000, 1000);
  task.call(Call::setsid);  // a group of its own
  make_calls(task, shared, regions, random.next(), 400, 3);
  task.exit(0);
}

void make_files(Task& task) {
  for (std::string_view name : {"/tmp/file", "/tmp/shared"}) task.close(task.create(name, std::string(4 * page, 'x'), 0666));
  task.mkdir("/tmp/dir", 0777);
  task.symlink("file", "/tmp/link");
  task.symlink("loop", "/tmp/loop");
  task.call(Call::mknodat, at_fdcwd, "/tmp/fifo", 0010666, 0);
}

// Starts programs, lets them work for a while, kills all that there is.
void direct(Task& task, Shared& shared, hal::Random& random) {
  task.set_mask(~uint64_t{0});
  make_files(task);
  task.call(Call::chdir, "/tmp");
  // As long as there is memory, and whatever else the limits leave, to do something.
  for (int idle = 0; shared.made < shared.run.calls && idle < 10; ++idle) {
    uint64_t before = shared.made;
    for (uint64_t left = 1 + random.below(3); left > 0; --left) {
      uint64_t seed = random.next();
      task.fork([&shared, seed](Task& worker) { work(worker, shared, seed); });
    }
    task.sleep(static_cast<Nanoseconds>(2 + random.below(40)) * 1'000'000);
    task.kill(-1, sigkill);
    while (task.call(Call::wait4, -1, nullptr, 0, nullptr) > 0) {
    }
    if (shared.made > before) idle = 0;
  }
}

}  // namespace

uint64_t run(const Run& run) {
  hal::Random random(run.seed * 2 + static_cast<uint64_t>(run.isa));
  Shared shared{run};
  // Somebody may kill the director: then another kernel goes on.
  for (int left = 100; shared.made < run.calls && left > 0; --left) {
    WorldOptions options;
    options.isa = run.isa;
    options.cpus = 1 + static_cast<unsigned>(random.below(4));
    options.memory = (8 << 20) << random.below(3);
    options.seed = random.next();
    options.scheduler = random.below(2) ? "round-robin" : "fair";
    options.fault_around = random.below(2) ? 4 : 1;
    options.faults_on_touch = random.below(4) == 0;
    options.may_get_stuck = true;
    World world(options);
    must(world.system().mount_standard());
    uint64_t seed = random.next();
    world.install("/bin/child", [&shared, seed](Task& task) { work(task, shared, seed); });
    bool has_director = false;
    // Others may execute the director's program.
    world.run([&](Task& task) {
      if (std::exchange(has_director, true)) work(task, shared, seed);
      else direct(task, shared, random);
    });
  }
  return shared.made;
}

}  // namespace halcyon::test::fuzz
