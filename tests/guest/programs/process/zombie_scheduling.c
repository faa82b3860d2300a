// How a process is scheduled that has ended, until somebody waits for it: it answers, and may still be changed.
#include "guest.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

static pid_t make_zombie(void) {
  fflush(stdout);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    struct sched_param none = {0};
    setpgid(0, 0);
    CHECK(nice(7) == 7);
    CHECK(syscall(SYS_sched_setscheduler, 0, SCHED_BATCH | 0x40000000, &none) == 0);  // SCHED_RESET_ON_FORK
    _exit(0);
  }
  siginfo_t info;
  CHECK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
  return pid;
}

static void show_attributes(pid_t pid) {
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t rest[4];
  } attributes = {0};
  SHOW(syscall(SYS_sched_getattr, pid, &attributes, sizeof attributes, 0));
  printf("policy %u, flags %llu, nice %d\n", attributes.policy, (unsigned long long)attributes.flags, attributes.nice);
  attributes.nice = 11;
  SHOW(syscall(SYS_sched_setattr, pid, &attributes, 0));
}

int main(void) {
  pid_t pid = make_zombie();
  struct sched_param parameters = {5};
  struct timespec interval;
  uint64_t mask[16] = {0};
  SHOW(syscall(SYS_sched_getscheduler, pid));
  SHOW(syscall(SYS_sched_getparam, pid, &parameters));
  printf("priority %d\n", parameters.sched_priority);
  SHOW(syscall(SYS_sched_setparam, pid, &parameters));
  SHOW(syscall(SYS_sched_setscheduler, pid, SCHED_IDLE, &parameters));
  SHOW(syscall(SYS_sched_getscheduler, pid));
  SHOW_OK(syscall(SYS_sched_getaffinity, pid, sizeof mask, mask));
  printf("CPU 0: %d\n", (int)(mask[0] & 1));
  mask[0] = 1;
  SHOW(syscall(SYS_sched_setaffinity, pid, 8, mask));
  mask[0] = ~0ull;
  SHOW_OK(syscall(SYS_sched_getaffinity, pid, sizeof mask, mask));
  printf("mask %llx\n", (unsigned long long)mask[0]);
  SHOW_OK(syscall(SYS_sched_rr_get_interval, pid, &interval));
  SHOW(getpriority(PRIO_PROCESS, (id_t)pid));
  SHOW(getpriority(PRIO_PGRP, (id_t)pid));
  SHOW(setpriority(PRIO_PROCESS, (id_t)pid, 9));
  SHOW(getpriority(PRIO_PROCESS, (id_t)pid));
  SHOW(setpriority(PRIO_PGRP, (id_t)pid, 10));
  SHOW(getpriority(PRIO_PGRP, (id_t)pid));
  show_attributes(pid);
  SHOW(getpriority(PRIO_PROCESS, (id_t)pid));
  SHOW(kill(pid, SIGKILL));
  SHOW(syscall(SYS_tgkill, pid, pid, 0));
  SHOW(syscall(SYS_tkill, pid, SIGTERM));
  SHOW(syscall(SYS_tgkill, pid + 1, pid, 0));
  CHECK(waitpid(pid, NULL, 0) == pid);
  SHOW(syscall(SYS_sched_getscheduler, pid));
  SHOW(syscall(SYS_sched_getaffinity, pid, sizeof mask, mask));
  SHOW(getpriority(PRIO_PROCESS, (id_t)pid));
  SHOW(getpriority(PRIO_PGRP, (id_t)pid));
  SHOW(syscall(SYS_tgkill, pid, pid, 0));
  return 0;
}
