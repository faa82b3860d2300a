// The kinds of things of which there may be many.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "growth.h"

static void nothing(void) {}

// --- processes and threads: they share memory, so that they cost little, and wait for ever.

enum { stack_size = 4096 };
static int* ids;
static long have;
static char* stacks;

static int sleeper(void* argument) {
  (void)argument;
  for (;;) pause();
  return 0;
}

static long make_sleepers(long count, int flags) {
  ids = malloc((size_t)count * sizeof *ids);
  stacks = mmap(NULL, (size_t)count * stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  require(ids && stacks != MAP_FAILED, "stacks");
  for (have = 0; have < count; ++have) {
    int id = clone(sleeper, stacks + (have + 1) * stack_size, flags, NULL);
    if (id < 0) break;
    ids[have] = id;
  }
  return have;
}
static long make_processes(long count) { return make_sleepers(count, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | SIGCHLD); }
static long make_threads(long count) {
  return make_sleepers(count, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM);
}
static void kill_middle(void) { require(kill(ids[have / 2], 0) == 0, "kill"); }
static void wait_middle(void) { require(waitpid(ids[have / 2], NULL, WNOHANG) == 0, "waitpid"); }
static int child(void* argument) {
  (void)argument;
  _exit(0);
}
static void fork_exit(void) {
  static char stack[16384];
  int pid = clone(child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
  require(pid > 0 && waitpid(pid, NULL, 0) == pid, "clone");
}
static void measure_processes(void) {
  measure("kill", kill_middle);
  measure("waitpid", wait_middle);
  measure("vfork_exit", fork_exit);
}
static void end_processes(void) {
  for (long i = 0; i < have; ++i) kill(ids[i], SIGKILL);
  for (long i = 0; i < have; ++i) waitpid(ids[i], NULL, 0);
}
static void tgkill_middle(void) { require(syscall(SYS_tgkill, getpid(), ids[have / 2], 0) == 0, "tgkill"); }
static int thread(void* done) {
  __atomic_store_n((int*)done, 1, __ATOMIC_RELEASE);
  for (;;) syscall(SYS_exit, 0);
  return 0;
}
static void thread_exit(void) {
  static char stack[16384];
  static int tid, done;
  done = 0;
  tid = -1;
  int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID;
  require(clone(thread, stack + sizeof stack, flags, &done, &tid, NULL, &tid) > 0, "clone");
  while (__atomic_load_n(&tid, __ATOMIC_ACQUIRE) != 0) sched_yield();
}
static void measure_threads(void) {
  measure("tgkill", tgkill_middle);
  measure("thread_exit", thread_exit);
}
// Without running what a C library does for threads that it does not know.
static void end_threads(void) { syscall(SYS_exit_group, 0); }

// --- descriptors

static long make_fds(long count) {
  int fd = open("/dev/null", O_RDWR);
  require(fd >= 0, "open");
  have = 0;
  while (have < count && dup(fd) >= 0) ++have;
  // Room for those that are measured.
  for (int spare = 0; have < count && spare < 8; ++spare) close(fd + (int)have--);
  return have;
}
static void dup_close(void) {
  int fd = dup(0);
  require(fd >= 0 && close(fd) == 0, "dup");
}
static void close_lowest(void) { require(close(3) == 0 && dup(0) == 3, "close"); }
// The next two lowest are taken in turn, so that what is free is looked for behind many that are not.
static void close_two(void) {
  require(close(3) == 0 && close((int)have) == 0, "close");
  require(dup(0) == 3 && dup(0) == (int)have, "dup");
}
static void measure_fds(void) {
  measure("dup_close", dup_close);
  measure("close_lowest", close_lowest);
  measure("close_two", close_two);
}

// --- mappings, every other one of another protection, so that they stay apart

static long make_maps(long count) {
  enum { room = 64 };  // for those that are measured
  void* last[room];
  for (have = 0; have < count; ++have) {
    int protection = have % 2 ? PROT_READ : PROT_READ | PROT_WRITE;
    void* memory = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) break;
    last[have % room] = memory;
  }
  for (int spare = 0; have < count && spare < room; ++spare, --have) munmap(last[spare], 4096);
  return have;
}
static void map_unmap(void) {
  void* memory = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  require(memory != MAP_FAILED && munmap(memory, 8192) == 0, "mmap");
}
static void touch(void) {
  static char* page;
  if (!page) page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  require(page != MAP_FAILED, "mmap");
  *(volatile char*)page = 1;
  madvise(page, 4096, MADV_DONTNEED);
}
static void measure_maps(void) {
  measure("mmap_munmap", map_unmap);
  measure("page_touch", touch);
}

// --- names in a directory

static char folder[64];
static const char* in_folder(const char* kind, long number) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s%ld", folder, kind, number);
  return path;
}
static void make_folder(void) {
  snprintf(folder, sizeof folder, "%s/growth-XXXXXX", getenv("GROWTH_DIR") ? getenv("GROWTH_DIR") : "/tmp");
  require(mkdtemp(folder) != NULL, "mkdtemp");
}
static long make_names(long count) {
  make_folder();
  for (have = 0; have < count; ++have)
    if (mknod(in_folder("n", have), S_IFREG | 0600, 0) != 0) break;
  return have;
}
static void create_unlink(void) {
  const char* path = in_folder("one", 0);
  require(mknod(path, S_IFREG | 0600, 0) == 0 && unlink(path) == 0, "mknod");
}
static void stat_middle(void) {
  struct stat stat_buffer;
  require(stat(in_folder("n", have / 2), &stat_buffer) == 0, "stat");
}
static void measure_names(void) {
  measure("create_unlink", create_unlink);
  measure("stat", stat_middle);
}
static void end_names(void) {
  for (long i = 0; i < have; ++i) unlink(in_folder("n", i));
  rmdir(folder);
}

// --- timers that run

static timer_t* timers;
static void start(timer_t timer) {
  struct itimerspec far = {.it_value = {.tv_sec = 100000 + random() % 1000}};
  require(timer_settime(timer, 0, &far, NULL) == 0, "timer_settime");
}
static long make_timers(long count) {
  timers = malloc((size_t)count * sizeof *timers);
  struct sigevent none = {.sigev_notify = SIGEV_NONE};
  for (have = 0; have < count; ++have) {
    if (timer_create(CLOCK_MONOTONIC, &none, &timers[have]) != 0) break;
    start(timers[have]);
  }
  return have;
}
static void restart_middle(void) { start(timers[have / 2]); }
static void create_delete(void) {
  timer_t timer;
  struct sigevent none = {.sigev_notify = SIGEV_NONE};
  if (timer_create(CLOCK_MONOTONIC, &none, &timer) == 0) timer_delete(timer);
}
static void measure_timers(void) {
  measure("timer_settime", restart_middle);
  measure("timer_create", create_delete);
}

// --- what an epoll file watches

static int epoll, middle;  // one of them
static long make_items(long count) {
  epoll = epoll_create1(0);
  for (have = 0; have < count; ++have) {
    int fd = eventfd(0, EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) break;
    if (have == 0) middle = fd;
  }
  return have;
}
static void one_ready(void) {
  uint64_t value = 1;
  struct epoll_event event;
  require(write(middle, &value, 8) == 8 && epoll_wait(epoll, &event, 1, -1) == 1 && read(middle, &value, 8) == 8, "epoll_wait");
}
static void modify(void) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = middle};
  require(epoll_ctl(epoll, EPOLL_CTL_MOD, middle, &event) == 0, "epoll_ctl");
}
static void measure_items(void) {
  measure("epoll_wait", one_ready);
  measure("epoll_ctl", modify);
}

// --- mounts, each at a place of its own, and each on the last

static void own_tree(void) {
  if (unshare(CLONE_NEWNS) == 0) mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
}
static long make_mounts(long count) {
  own_tree();
  make_folder();
  require(mount("growth", folder, "tmpfs", 0, NULL) == 0, "mount");
  mkdir(in_folder("one", 0), 0700);
  for (have = 0; have < count; ++have)
    if (mkdir(in_folder("m", have), 0700) != 0 || mount(folder, in_folder("m", have), NULL, MS_BIND, NULL) != 0) break;
  return have;
}
static void mount_umount(void) {
  const char* path = in_folder("one", 0);
  require(mount("one", path, "tmpfs", 0, NULL) == 0 && umount(path) == 0, "mount");
}
static void stat_through(void) {
  struct stat stat_buffer;
  require(stat(in_folder("m", have / 2), &stat_buffer) == 0, "stat");
}
static void measure_mounts(void) {
  measure("mount_umount", mount_umount);
  measure("stat_through", stat_through);
}
static void end_mounts(void) {
  umount2(folder, MNT_DETACH);
  rmdir(folder);
}

// --- pages in a file

static int file;
static long make_pages(long count) {
  static char page[4096];
  file = memfd_create("pages", 0);
  for (have = 0; have < count; ++have)
    if (pwrite(file, page, sizeof page, have * 4096) != sizeof page) break;
  return have;
}
static void read_somewhere(void) {
  char byte;
  require(pread(file, &byte, 1, random() % have * 4096) == 1, "pread");
}
static void punch_write(void) {
  off_t middle_page = have / 2 * 4096;
  char byte = 1;
  require(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, middle_page, 4096) == 0, "fallocate");
  require(pwrite(file, &byte, 1, middle_page) == 1, "pwrite");
}
static void measure_pages(void) {
  measure("read", read_somewhere);
  measure("punch_write", punch_write);
}

const struct Kind kinds[] = {{"processes", make_processes, measure_processes, end_processes},
                             {"threads", make_threads, measure_threads, end_threads},
                             {"fds", make_fds, measure_fds, nothing},
                             {"maps", make_maps, measure_maps, nothing},
                             {"names", make_names, measure_names, end_names},
                             {"timers", make_timers, measure_timers, nothing},
                             {"epoll", make_items, measure_items, nothing},
                             {"mounts", make_mounts, measure_mounts, end_mounts},
                             {"pages", make_pages, measure_pages, nothing},
                             {NULL, NULL, NULL, NULL}};
