// Looking into other processes: process_vm_readv(2), process_vm_writev(2), kcmp(2); and their CPU clocks (clock_getcpuclockid(3)).
// clock: real
#include "guest.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

enum { kcmp_file, kcmp_vm, kcmp_files, kcmp_fs, kcmp_sighand };

static long read_from(pid_t pid, void* to, size_t size, void* from, size_t length) {
  struct iovec local = {to, size}, remote = {from, length};
  return syscall(SYS_process_vm_readv, pid, &local, 1, &remote, 1, 0);
}
static long write_to(pid_t pid, void* from, size_t size, void* to, size_t length) {
  struct iovec local = {from, size}, remote = {to, length};
  return syscall(SYS_process_vm_writev, pid, &local, 1, &remote, 1, 0);
}

static char text[64] = "before";
static volatile int flag;

static void memory(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    strcpy(text, "of the child");
    CHECK(write(ends[1], "x", 1) == 1);
    while (!flag) usleep(1000);
    _exit(flag);
  }
  char copy[64] = "";
  CHECK(read(ends[0], copy, 1) == 1);
  SHOW(read_from(pid, copy, sizeof copy, text, sizeof text));
  printf("%s, own %s\n", copy, text);
  SHOW(read_from(pid, copy, 4, text, 8));
  SHOW(read_from(pid, copy, 8, (void*)8, 8));
  SHOW(read_from(pid, (void*)8, 8, text, 8));
  SHOW(read_from(pid, copy, 0, (void*)8, 8));
  SHOW(write_to(pid, text, 6, (void*)(uintptr_t)"constant", 6));
  int value = 9;
  SHOW(write_to(pid, &value, sizeof value, (void*)(uintptr_t)&flag, sizeof value));
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  show_status("child", status);
  SHOW(read_from(pid, copy, 8, text, 8));
  struct iovec one = {copy, 8};
  SHOW(syscall(SYS_process_vm_readv, getpid(), &one, 1, &one, 1, 1));
  SHOW(syscall(SYS_process_vm_readv, getpid(), &one, 1025, &one, 1, 0));
}

static long compare(pid_t pid, int type, unsigned long own, unsigned long theirs) {
  return syscall(SYS_kcmp, getpid(), pid, type, own, theirs);
}

static void comparisons(void) {
  pid_t pid = fork();
  if (pid == 0)
    for (;;) pause();
  int copy = dup(0), other = open("/dev/null", O_RDONLY);
  SHOW(compare(pid, kcmp_file, 0, 0));
  SHOW(compare(pid, kcmp_file, copy, 0));
  printf("another file: %d\n", compare(pid, kcmp_file, other, 0) > 0);
  SHOW(compare(pid, kcmp_file, 99, 0));
  for (int type = kcmp_vm; type <= kcmp_sighand; ++type)
    printf("type %d: differs %d, itself %ld\n", type, compare(pid, type, 0, 0) > 0, compare(getpid(), type, 0, 0));
  SHOW(compare(pid, 99, 0, 0));
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
}

static clockid_t clock_of(pid_t pid, int part) { return (clockid_t)(~(unsigned)pid << 3) | part; }

static void interrupted(int signal) {}

static void clocks(void) {
  pid_t pid = fork();
  if (pid == 0)
    for (;;) flag = 1;
  clockid_t clock;
  CHECK(clock_getcpuclockid(pid, &clock) == 0);
  struct timespec before, after, time = {0, 50000000};
  CHECK(clock_gettime(clock, &before) == 0);
  errno = clock_nanosleep(clock, 0, &time, NULL);
  printf("slept: %s\n", error_name(errno));
  CHECK(clock_gettime(clock, &after) == 0);
  long used = (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
  printf("long enough %d\n", used >= 50000000);
  struct sigaction action = {.sa_handler = interrupted};
  sigaction(SIGALRM, &action, NULL);
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
  SHOW(timer_create(clock, &event, &timer));
  struct itimerspec setting = {.it_value = {0, 50000000}};
  SHOW(timer_settime(timer, 0, &setting, NULL));
  // The signal of the timer ends the sleep.
  time = (struct timespec){100, 0};
  errno = clock_nanosleep(clock, 0, &time, &after);
  printf("slept: %s, most is left %d\n", error_name(errno), after.tv_sec >= 90 && after.tv_sec < 100);
  kill(pid, SIGKILL);
  siginfo_t info;
  CHECK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0);
  SHOW(clock_gettime(clock, &after));
  SHOW(timer_settime(timer, 0, &setting, NULL));
  waitpid(pid, NULL, 0);
  SHOW(clock_gettime(clock, &after));
  SHOW(timer_settime(timer, 0, &setting, NULL));
  SHOW(timer_gettime(timer, &setting));
  printf("left %d\n", (int)setting.it_value.tv_sec);
  SHOW(timer_delete(timer));
  SHOW(timer_create(clock, &event, &timer));
  time = (struct timespec){0, 1};
  SHOW(clock_settime(CLOCK_PROCESS_CPUTIME_ID, &time));
  SHOW(clock_settime(clock_of(0, 2), &time));
  SHOW(clock_settime(clock, &time));
  SHOW(syscall(SYS_clock_nanosleep, clock_of(0, 6), 0, &time, NULL));
  SHOW(syscall(SYS_clock_nanosleep, clock_of(0, 3), 0, &time, NULL));
  SHOW(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, NULL, NULL));
  SHOW(clock_getres(clock, NULL));
}

int main(void) {
  memory();
  comparisons();
  clocks();
  return 0;
}
