// Every wait that a signal can end against everything that can become of a signal: which waits go on, which begin anew, which fail with
// EINTR (signal(7), "Interruption of system calls").
//
// A child waits; when it sleeps, the parent sends the signal, and when that has had its effect and the child still sleeps, ends the wait.
#include "guest.h"

#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>

enum { futex_wait = 0, futex_wake = 1, futex_wait_bitset = 9 };
static const struct timespec long_time = {1000, 0};
static int ends[2], handled_pipe[2], event, timer, watcher, signals, lock_file, lock_in_child;
static uint32_t* word;
static volatile sig_atomic_t handlers, released;
static sigset_t usr2;

static void on_signal(int number) {
  ++handlers;
  CHECK(write(handled_pipe[1], "h", 1) == 1);
}
static void on_release(int number) { released = 1; }

// --- the waits, in the child
static long read_from(int fd) {
  char buffer[512];
  return read(fd, buffer, sizeof buffer) > 0 ? 0 : -1;
}
static long wait_read(void) { return read_from(ends[0]); }
static long wait_write(void) {
  static char block[65536];
  return write(ends[1], block, sizeof block) == sizeof block ? 0 : -1;
}
static long wait_eventfd(void) { return read_from(event); }
static long wait_eventfd_write(void) {
  uint64_t most = 0xfffffffffffffffe;
  return write(event, &most, sizeof most) == sizeof most ? 0 : -1;
}
static long wait_fifo(void) { return open("fifo", O_RDONLY) >= 0 ? 0 : -1; }
static long futex(int operation, const struct timespec* timeout) { return syscall(SYS_futex, word, operation, 0, timeout, NULL, ~0u); }
static long wait_futex(void) { return futex(futex_wait, NULL); }
static long wait_futex_timed(void) { return futex(futex_wait, &long_time); }
static struct timespec later(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  time.tv_sec += 1000;
  return time;
}
static long wait_futex_absolute(void) {
  struct timespec time = later();
  return futex(futex_wait_bitset, &time);
}
static long wait_nanosleep(void) { return nanosleep(&long_time, NULL); }
static long sleep_by(int flags, struct timespec time) {
  errno = clock_nanosleep(CLOCK_MONOTONIC, flags, &time, NULL);
  return errno ? -1 : 0;
}
static long wait_clock(void) { return sleep_by(0, long_time); }
static long wait_clock_absolute(void) { return sleep_by(TIMER_ABSTIME, later()); }
static long poll_for(int timeout) {
  struct pollfd fd = {.fd = ends[0], .events = POLLIN};
  return poll(&fd, 1, timeout);
}
static long wait_poll(void) { return poll_for(-1); }
static long wait_poll_timed(void) { return poll_for(1000000); }
static long wait_ppoll(void) {
  struct pollfd fd = {.fd = ends[0], .events = POLLIN};
  return ppoll(&fd, 1, &long_time, NULL);
}
static long select_for(struct timeval* timeout) {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  return select(ends[0] + 1, &set, NULL, NULL, timeout);
}
static long wait_select(void) { return select_for(NULL); }
static long wait_select_timed(void) { return select_for(&(struct timeval){1000, 0}); }
static long wait_pselect(void) {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  return pselect(ends[0] + 1, &set, NULL, NULL, NULL, &mask);
}
static long epoll_for(int timeout, const sigset_t* mask) {
  int epoll = epoll_create1(0);
  struct epoll_event wanted = {.events = EPOLLIN}, got;
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &wanted) == 0);
  return epoll_pwait(epoll, &got, 1, timeout, mask);
}
static long wait_epoll(void) { return epoll_for(-1, NULL); }
static long wait_epoll_timed(void) { return epoll_for(1000000, NULL); }
static long wait_epoll_pwait(void) {
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  return epoll_for(-1, &mask);
}
// musl's own begins anew after EINTR.
static long wait_sigwaitinfo(void) { return syscall(SYS_rt_sigtimedwait, &usr2, NULL, NULL, 8); }
static long wait_sigtimedwait(void) { return syscall(SYS_rt_sigtimedwait, &usr2, NULL, &long_time, 8); }
static long wait_signalfd(void) { return read_from(signals); }
static long wait_sigsuspend(void) {
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  return sigsuspend(&mask);
}
static long wait_pause(void) { return pause(); }
static long wait_timerfd(void) { return read_from(timer); }
static long wait_inotify(void) { return read_from(watcher); }
static long wait_flock(void) { return flock(lock_in_child, LOCK_EX); }
static long wait_record(int command) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(lock_in_child, command, &lock);
}
static long wait_setlkw(void) { return wait_record(F_SETLKW); }
static long wait_ofd_setlkw(void) { return wait_record(F_OFD_SETLKW); }
static pid_t grandchild;
static long wait_wait4(void) { return waitpid(grandchild, NULL, 0) == grandchild ? 0 : -1; }
static long wait_waitid(void) {
  siginfo_t info;
  return waitid(P_PID, (id_t)grandchild, &info, WEXITED);
}

// --- what has to be there first, in the child
static void use_none(void) {}
static void fill_pipe(void) {
  static char block[4096];
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  while (write(ends[1], block, sizeof block) > 0) continue;
  fcntl(ends[1], F_SETFL, 0);
}
static void fill_eventfd(void) { CHECK(write(event, &(uint64_t){1}, 8) == 8); }
static void block_usr2(void) { CHECK(sigprocmask(SIG_BLOCK, &usr2, NULL) == 0); }
static void make_grandchild(void) {
  grandchild = fork();
  if (grandchild != 0) return;
  close(handled_pipe[1]);
  read_from(ends[0]);
  _exit(0);
}
static void open_lock(void) { lock_in_child = open("lock", O_RDWR); }

// --- and what ends the wait, in the parent
static void release_pipe(pid_t child) { CHECK(write(ends[1], "x", 1) == 1); }
static void release_write(pid_t child) {
  static char block[4096];
  for (int blocks = 0; blocks < 16; ++blocks) CHECK(read(ends[0], block, sizeof block) > 0);
}
static void release_eventfd(pid_t child) { CHECK(write(event, &(uint64_t){1}, 8) == 8); }
static void release_eventfd_write(pid_t child) { CHECK(read_from(event) == 0); }
static void release_fifo(pid_t child) { close(open("fifo", O_WRONLY)); }
static void release_futex(pid_t child) { CHECK(syscall(SYS_futex, word, futex_wake, 1, NULL, NULL, 0) >= 0); }
static void release_signal(pid_t child) { kill(child, SIGUSR2); }
static void release_timer(pid_t child) {
  struct itimerspec soon = {.it_value = {0, 1}};
  CHECK(timerfd_settime(timer, 0, &soon, NULL) == 0);
}
static void release_inotify(pid_t child) { CHECK(chmod("lock", 0600) == 0); }
static void release_flock(pid_t child) { CHECK(flock(lock_file, LOCK_UN) == 0); }
static void set_lock(int command, short type) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
  CHECK(fcntl(lock_file, command, &lock) == 0);
}
static void release_record(pid_t child) { set_lock(F_SETLK, F_UNLCK); }
static void release_ofd_record(pid_t child) { set_lock(F_OFD_SETLK, F_UNLCK); }

static const struct {
  const char* name;
  long (*wait)(void);
  void (*prepare)(void);
  void (*release)(pid_t child);
} waits[] = {
    {"read from a pipe", wait_read, use_none, release_pipe},
    {"write to a pipe", wait_write, fill_pipe, release_write},
    {"read from an eventfd", wait_eventfd, use_none, release_eventfd},
    {"write to an eventfd", wait_eventfd_write, fill_eventfd, release_eventfd_write},
    {"open of a FIFO", wait_fifo, use_none, release_fifo},
    {"futex", wait_futex, use_none, release_futex},
    {"futex with a timeout", wait_futex_timed, use_none, release_futex},
    {"futex with a deadline", wait_futex_absolute, use_none, release_futex},
    {"nanosleep", wait_nanosleep, use_none, release_signal},
    {"clock_nanosleep", wait_clock, use_none, release_signal},
    {"clock_nanosleep to a deadline", wait_clock_absolute, use_none, release_signal},
    {"poll", wait_poll, use_none, release_pipe},
    {"poll with a timeout", wait_poll_timed, use_none, release_pipe},
    {"ppoll", wait_ppoll, use_none, release_pipe},
    {"select", wait_select, use_none, release_pipe},
    {"select with a timeout", wait_select_timed, use_none, release_pipe},
    {"pselect", wait_pselect, use_none, release_pipe},
    {"epoll_wait", wait_epoll, use_none, release_pipe},
    {"epoll_wait with a timeout", wait_epoll_timed, use_none, release_pipe},
    {"epoll_pwait", wait_epoll_pwait, use_none, release_pipe},
    {"sigwaitinfo", wait_sigwaitinfo, block_usr2, release_signal},
    {"sigtimedwait", wait_sigtimedwait, block_usr2, release_signal},
    {"read from a signalfd", wait_signalfd, block_usr2, release_signal},
    {"sigsuspend", wait_sigsuspend, use_none, release_signal},
    {"pause", wait_pause, use_none, release_signal},
    {"read from a timerfd", wait_timerfd, use_none, release_timer},
    {"read from inotify", wait_inotify, use_none, release_inotify},
    {"flock", wait_flock, open_lock, release_flock},
    {"F_SETLKW", wait_setlkw, open_lock, release_record},
    {"F_OFD_SETLKW", wait_ofd_setlkw, open_lock, release_ofd_record},
    {"wait4", wait_wait4, make_grandchild, release_pipe},
    {"waitid", wait_waitid, make_grandchild, release_pipe},
};

enum disposition { ignored, blocked, usual, handled, handled_restart };
static const struct {
  const char* name;
  int signal;  // SIGSTOP: and SIGCONT, whose disposition it is
  enum disposition disposition;
} fates[] = {
    {"ignored", SIGUSR1, ignored},
    {"SIGWINCH, default", SIGWINCH, usual},
    {"SIGURG, default", SIGURG, usual},
    {"SIGCONT, default", SIGCONT, usual},
    {"blocked", SIGUSR1, blocked},
    {"handler", SIGUSR1, handled},
    {"handler, SA_RESTART", SIGUSR1, handled_restart},
    {"SIGSTOP, SIGCONT", SIGSTOP, usual},
    {"SIGSTOP, SIGCONT ignored", SIGSTOP, ignored},
    {"SIGSTOP, SIGCONT blocked", SIGSTOP, blocked},
    {"SIGSTOP, SIGCONT handler", SIGSTOP, handled},
    {"SIGSTOP, SIGCONT handler, SA_RESTART", SIGSTOP, handled_restart},
};

static void child_waits(size_t wait, size_t fate) {
  sigaction(SIGUSR2, &(struct sigaction){.sa_handler = on_release}, NULL);
  int number = fates[fate].signal == SIGSTOP ? SIGCONT : fates[fate].signal;
  struct sigaction action = {.sa_handler = on_signal};
  if (fates[fate].disposition == ignored) action.sa_handler = SIG_IGN;
  if (fates[fate].disposition == usual) action.sa_handler = SIG_DFL;
  if (fates[fate].disposition == handled_restart) action.sa_flags = SA_RESTART;
  CHECK(sigaction(number, &action, NULL) == 0);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  if (fates[fate].disposition == blocked) CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  waits[wait].prepare();
  CHECK(write(handled_pipe[1], "r", 1) == 1);
  errno = 0;
  long result = waits[wait].wait();
  printf("%s: %s: %s%s%s\n", waits[wait].name, fates[fate].name, result < 0 ? error_name(errno) : "done", handlers ? ", handled" : "",
         released ? ", released" : "");
  fflush(stdout);
  _exit(0);
}

// Whether the child sleeps; false: it has ended.
static bool sleeps(pid_t child) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/stat", child);
  for (;;) {
    int fd = open(path, O_RDONLY);
    CHECK(fd >= 0);
    ssize_t size = read(fd, line, sizeof line - 1);
    close(fd);
    CHECK(size > 0);
    line[size] = 0;
    char state = strrchr(line, ')')[2];
    if (state == 'S') return true;
    if (state == 'Z') return false;
    sched_yield();
  }
}

static void expect_byte(char wanted) {
  char byte;
  CHECK(read(handled_pipe[0], &byte, 1) == 1 && byte == wanted);
}

static void run(size_t wait, size_t fate) {
  CHECK(pipe(ends) == 0 && pipe(handled_pipe) == 0);
  CHECK((event = eventfd(0, 0)) >= 0 && (timer = timerfd_create(CLOCK_MONOTONIC, 0)) >= 0 && (signals = signalfd(-1, &usr2, 0)) >= 0);
  CHECK((watcher = inotify_init()) >= 0 && inotify_add_watch(watcher, "lock", IN_ATTRIB) >= 0);
  CHECK((lock_file = open("lock", O_RDWR)) >= 0);
  if (waits[wait].release == release_flock) CHECK(flock(lock_file, LOCK_EX) == 0);
  if (waits[wait].release == release_record) set_lock(F_SETLK, F_WRLCK);
  if (waits[wait].release == release_ofd_record) set_lock(F_OFD_SETLK, F_WRLCK);
  fflush(stdout);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) child_waits(wait, fate);
  expect_byte('r');
  CHECK(sleeps(child));
  CHECK(kill(child, fates[fate].signal) == 0);
  if (fates[fate].signal == SIGSTOP) {
    int status;
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    CHECK(kill(child, SIGCONT) == 0);
  }
  if (fates[fate].disposition >= handled) expect_byte('h');
  if (sleeps(child)) waits[wait].release(child);
  CHECK(waitpid(child, NULL, 0) == child);
  int fds[] = {ends[0], ends[1], handled_pipe[0], handled_pipe[1], event, timer, signals, watcher, lock_file};
  for (size_t index = 0; index < COUNT(fds); ++index) close(fds[index]);
}

int main(void) {
  sigemptyset(&usr2);
  sigaddset(&usr2, SIGUSR2);
  word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(word != MAP_FAILED && mkfifo("fifo", 0600) == 0);
  close(open("lock", O_RDWR | O_CREAT, 0600));
  for (size_t wait = 0; wait < COUNT(waits); ++wait)
    for (size_t fate = 0; fate < COUNT(fates); ++fate) run(wait, fate);
  return 0;
}
