#include "tests/support/world.h"

#include "core/task/process/process.h"
#include "fs/calls/mounts.h"
#include "fs/calls/names.h"
#include "fs/calls/open.h"
#include "fs/devfs/device_file_system.h"
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

hal::FakeOptions machine_options(const WorldOptions& options) {
  return {.isa = options.isa,
          .cpu_count = options.cpus,
          .memory = options.memory,
          .seed = options.seed,
          .slice_blocks = options.slice_blocks,
          .faults_on_touch = options.faults_on_touch,
          .is_broken = options.is_broken};
}

StringList list_of(const std::vector<std::string>& strings) {
  StringList list;
  for (const std::string& each : strings) must(list.add(each));
  return list;
}

constexpr uint64_t arena_count = 64;

}  // namespace

World::World(const WorldOptions& options)
    : options_(options), machine_(std::make_unique<hal::FakeMachine>(machine_options(options))), random_(*machine_), devices_(random_) {
  machine_->set_stuck_handler([this] { stuck(); });
  if (options.disk) machine_->add_disk(*options.disk);
  BootOptions boot;
  boot.kernel.scheduler = options.scheduler;
  boot.kernel.fault_around = options.fault_around;
  boot.kernel.remains = &remains_;
  boot.kernel.first_program_is_init = options.first_program_is_init;
  system_ = must(make_kernel(*machine_, boot));
  mount();
}

World::~World() {
  system_.reset();
  EXPECT_EQ(remains_.objects, 0u) << "kernel objects leaked";
  EXPECT_EQ(remains_.pages, 0u) << "frames leaked";
  if (!options_.may_get_stuck) EXPECT_EQ(was_stuck_, expects_stuck_);
}

void World::mount() {
  devices_.add_to(system_->vfs().devices());
  must(system_->mount_root(must(fs::RamFileSystem::create(system_->vfs())), "root"));
  make_directory("/bin");
  make_directory("/tmp", 01777);
  must(fs::mount_new(system_->caller(), must(fs::DeviceFileSystem::create(system_->vfs())), "dev", "/dev"));
}

// Everybody waits for something that will not come: the test is wrong, or a wake was lost.
void World::stuck() {
  if (was_stuck_) panic("the kernel cannot end its threads", __FILE__, __LINE__);
  was_stuck_ = true;
  if (!expects_stuck_ && !options_.may_get_stuck) ADD_FAILURE() << "every thread waits for ever";
  kernel().shut_down(killed(9));
}

void World::make_directory(std::string_view path, uint32_t mode) {
  uint32_t umask = system_->context().set_umask(0);
  must(fs::mkdir(system_->caller(), {}, path, mode));
  system_->context().set_umask(umask);
}

void World::make_file(std::string_view path, std::string_view contents, uint32_t mode) {
  uint32_t umask = system_->context().set_umask(0);
  auto file = must(fs::open(system_->caller(), {}, path, open_flag::write_only | open_flag::create | open_flag::truncate, mode));
  system_->context().set_umask(umask);
  KernelSource source(std::as_bytes(std::span(contents)));
  while (source.remaining() > 0) must(file->write(source));
}

uint64_t World::token(Body body, hal::Ending ending) {
  return machine_->token(
      [this, body = std::move(body)](hal::User& user) {
        Task task(*this, user);
        body(task);
      },
      ending);
}

std::string World::program(Body body, ProgramFile file) {
  file.isa = isa();
  file.token = token(std::move(body));
  return file.bytes();
}

void World::install(std::string_view path, Body body, ProgramFile file) { make_file(path, program(std::move(body), file)); }

uint64_t World::next_arena() { return arenas_++ % arena_count; }

int World::run(Body body) { return run(std::move(body), {}); }

int World::run(Body body, const Start& start) {
  install("/bin/test", std::move(body));
  SpawnRequest request;
  request.path = "/bin/test";
  request.arguments = list_of(start.arguments.empty() ? std::vector<std::string>{"/bin/test"} : start.arguments);
  request.environment = list_of(start.environment);
  for (auto& file : request.files) file = must(fs::open(system_->caller(), {}, "/dev/null", open_flag::read_write, 0));
  if (start.uid != 0 || start.gid != 0) {
    auto who = must(make_ref<Credentials>());
    who->uid = who->euid = who->suid = who->fsuid = start.uid;
    who->gid = who->egid = who->sgid = who->fsgid = start.gid;
    if (start.uid == 0) who->permitted = who->effective = capability::all;
    request.credentials = std::move(who);
  }
  must(system_->spawn(request, nullptr));
  return system_->run();
}

}  // namespace halcyon::test
