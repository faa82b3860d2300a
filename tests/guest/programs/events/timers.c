// timer_create(2) and timerfd_create(2): settings, expirations, overruns, what fork and exec keep, errors.
#include "guest.h"

#include <poll.h>
#include <sys/timerfd.h>
#include <time.h>

static volatile sig_atomic_t count;
static volatile int last_value, last_code;

static void handler(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)context;
  last_value = info->si_value.sival_int;
  last_code = info->si_code;
  ++count;
}

static struct itimerspec in(long value_ms, long interval_ms) {
  return (struct itimerspec){.it_interval = {interval_ms / 1000, interval_ms % 1000 * 1000000},
                             .it_value = {value_ms / 1000, value_ms % 1000 * 1000000}};
}

static void show_setting(const char* what, const struct itimerspec* setting) {
  printf("%s: %s, interval %ld ms\n", what, setting->it_value.tv_sec || setting->it_value.tv_nsec ? "runs" : "is off",
         (long)(setting->it_interval.tv_sec * 1000 + setting->it_interval.tv_nsec / 1000000));
}

static void spend(clockid_t clock, long ms) {
  struct timespec start, now;
  clock_gettime(clock, &start);
  do clock_gettime(clock, &now);
  while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
}

static void signals(void) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, NULL);
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 42};
  SHOW(timer_create(CLOCK_MONOTONIC, &event, &timer));
  struct itimerspec setting = in(1000000, 0), old;
  SHOW(timer_settime(timer, 0, &setting, NULL));
  CHECK(timer_gettime(timer, &old) == 0);
  show_setting("armed", &old);
  setting = in(20, 0);
  SHOW(timer_settime(timer, 0, &setting, NULL));
  while (count == 0) pause();
  printf("value %d, code %s\n", last_value, last_code == SI_TIMER ? "SI_TIMER" : "?");
  timer_gettime(timer, &old);
  show_setting("expired", &old);
  // Blocked, the signal waits and periods are counted.
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  count = 0;
  setting = in(5, 5);
  timer_settime(timer, 0, &setting, &old);
  show_setting("before", &old);
  spend(CLOCK_MONOTONIC, 60);
  sigset_t pending;
  sigpending(&pending);
  printf("pending %d\n", sigismember(&pending, SIGUSR1));
  siginfo_t info;
  SHOW(sigwaitinfo(&set, &info) == SIGUSR1);
  printf("overrun %s, the same from timer_getoverrun %d\n", info.si_overrun >= 8 ? "some" : "none",
         timer_getoverrun(timer) == info.si_overrun);
  setting = in(0, 0);
  timer_settime(timer, 0, &setting, &old);
  show_setting("periodic", &old);
  struct timespec nothing = {0, 30000000};
  while (sigtimedwait(&set, NULL, &nothing) > 0) {
  }
  SHOW(timer_delete(timer));
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  // Absolute and in the past: at once.
  SHOW(timer_create(CLOCK_REALTIME, NULL, &timer));
  sigaction(SIGALRM, &action, NULL);
  count = 0;
  setting = (struct itimerspec){.it_value = {1, 0}};
  timer_settime(timer, TIMER_ABSTIME, &setting, NULL);
  while (count == 0) pause();
  printf("default signal came\n");
  timer_delete(timer);
}

static void cpu_time(void) {
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  SHOW(timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer));
  struct itimerspec setting = in(30, 0), left;
  count = 0;
  timer_settime(timer, 0, &setting, NULL);
  usleep(60000);
  printf("sleep costs nothing: %d\n", count == 0);
  timer_gettime(timer, &left);
  show_setting("left", &left);
  spend(CLOCK_PROCESS_CPUTIME_ID, 60);
  printf("work does: %d\n", count == 1);
  timer_delete(timer);
}

static void inheritance(void) {
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_NONE};
  timer_create(CLOCK_MONOTONIC, &event, &timer);
  struct itimerspec setting = in(1000000, 0);
  timer_settime(timer, 0, &setting, NULL);
  struct itimerspec value;
  fflush(stdout);
  if (fork() == 0) {
    SHOW(timer_gettime(timer, &value));
    fflush(stdout);
    _exit(0);
  }
  wait(NULL);
  SHOW(timer_gettime(timer, &value));
  timer_delete(timer);
}

static void errors(void) {
  timer_t timer;
  struct sigevent event = {.sigev_notify = 77};
  SHOW(timer_create(CLOCK_MONOTONIC, &event, &timer));
  event = (struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65};
  SHOW(timer_create(CLOCK_MONOTONIC, &event, &timer));
  SHOW(timer_create(99, NULL, &timer));
  SHOW(timer_create(CLOCK_MONOTONIC_RAW, NULL, &timer));
  CHECK(timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0);
  struct itimerspec bad = {.it_value = {0, 1000000000}};
  SHOW(timer_settime(timer, 0, &bad, NULL));
  bad.it_value.tv_nsec = -1;
  SHOW(timer_settime(timer, 0, &bad, NULL));
  SHOW(timer_delete(timer));
  SHOW(timerfd_create(99, 0));
  SHOW(timerfd_create(CLOCK_MONOTONIC, 1));
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  CHECK(fd >= 0);
  SHOW(fcntl(fd, F_GETFD));
  SHOW(timerfd_settime(fd, 0, &bad, NULL));
  struct itimerspec good = in(10, 0);
  SHOW(timerfd_settime(fd, 8, &good, NULL));
  SHOW(timerfd_settime(0, 0, &good, NULL));
  SHOW(timerfd_gettime(99, &good));
  uint64_t ticks;
  SHOW(read(fd, &ticks, 7));
  SHOW(read(fd, &ticks, 8));
  SHOW(write(fd, &ticks, 8));
  close(fd);
}

static void files(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  struct itimerspec setting = in(1000000, 0), old;
  SHOW(timerfd_settime(fd, 0, &setting, NULL));
  struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
  SHOW(poll(&poll_fd, 1, 0));
  setting = in(20, 0);
  SHOW(timerfd_settime(fd, 0, &setting, NULL));
  SHOW(poll(&poll_fd, 1, -1));
  uint64_t ticks = 0;
  SHOW(read(fd, &ticks, sizeof ticks));
  printf("ticks %d\n", (int)ticks);
  setting = in(5, 5);
  timerfd_settime(fd, 0, &setting, NULL);
  spend(CLOCK_MONOTONIC, 50);
  SHOW(read(fd, &ticks, sizeof ticks));
  printf("many ticks: %d\n", ticks >= 9);
  timerfd_gettime(fd, &old);
  show_setting("periodic", &old);
  setting = in(0, 0);
  timerfd_settime(fd, 0, &setting, &old);
  show_setting("before", &old);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  SHOW(read(fd, &ticks, sizeof ticks));
  struct itimerspec past = {.it_value = {1, 0}};
  SHOW(timerfd_settime(fd, TFD_TIMER_ABSTIME, &past, NULL));
  SHOW(poll(&poll_fd, 1, -1));
  SHOW(read(fd, &ticks, sizeof ticks));
  close(fd);
}

int main(void) {
  signals();
  cpu_time();
  inheritance();
  errors();
  files();
  return 0;
}
