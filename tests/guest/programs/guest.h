// What the guest programs share. Each prints the same on every Linux: no addresses, no ids that are not its own, no times.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

// Lines come out in order with those of other processes, also before a death.
__attribute__((constructor)) static void use_whole_lines(void) { setvbuf(stdout, NULL, _IOLBF, BUFSIZ); }

#define COUNT(array) (sizeof(array) / sizeof *(array))

// The C libraries word their messages differently, so errors are shown by name.
static inline const char* error_name(int error) {
  static const struct {
    int number;
    const char* name;
  } names[] = {
      {0, "ok"},
#define NAME(error) {error, #error}
      NAME(EPERM),   NAME(ENOENT),  NAME(ESRCH),    NAME(EINTR),   NAME(EIO),    NAME(ENXIO),      NAME(E2BIG),  NAME(ENOEXEC),
      NAME(EBADF),   NAME(ECHILD),  NAME(EAGAIN),   NAME(ENOMEM),  NAME(EACCES), NAME(EFAULT),     NAME(EBUSY),  NAME(EEXIST),
      NAME(EXDEV),   NAME(ENODEV),  NAME(ENOTDIR),  NAME(EISDIR),  NAME(EINVAL), NAME(ENFILE),     NAME(EMFILE), NAME(ENOTTY),
      NAME(ETXTBSY), NAME(EFBIG),   NAME(ENOSPC),   NAME(ESPIPE),  NAME(EROFS),  NAME(EMLINK),     NAME(EPIPE),  NAME(EDOM),
      NAME(ERANGE),  NAME(EDEADLK), NAME(ENAMETOOLONG), NAME(ENOSYS), NAME(ENOTEMPTY), NAME(ELOOP), NAME(ETIMEDOUT), NAME(EOVERFLOW),
      NAME(EOWNERDEAD), NAME(ENOTRECOVERABLE), NAME(EOPNOTSUPP),
#undef NAME
  };
  for (size_t index = 0; index < COUNT(names); ++index)
    if (names[index].number == error) return names[index].name;
  static char other[16];
  snprintf(other, sizeof other, "E%d", error);
  return other;
}

// Ends the program if something that the test needs does not work.
#define CHECK(condition)                                                                              \
  do {                                                                                                \
    if (!(condition)) {                                                                               \
      fprintf(stderr, "%s:%d: %s failed: %s\n", __FILE_NAME__, __LINE__, #condition, error_name(errno)); \
      exit(99);                                                                                       \
    }                                                                                                 \
  } while (0)

// Prints what a call returned: its error by name, or its result.
#define SHOW(call)                                                          \
  do {                                                                      \
    errno = 0;                                                              \
    long result_ = (long)(call);                                            \
    if (result_ == -1) printf("%s = -1 %s\n", #call, error_name(errno));    \
    else printf("%s = %ld\n", #call, result_);                              \
  } while (0)

// The call only has to fail or succeed; its result is not printed.
#define SHOW_OK(call)                                                                                        \
  do {                                                                                                       \
    errno = 0;                                                                                               \
    printf("%s: %s\n", #call, (long)(call) == -1 ? error_name(errno) : "ok");                                \
  } while (0)

static inline void show_status(const char* what, int status) {
  if (WIFEXITED(status)) printf("%s: exited %d\n", what, WEXITSTATUS(status));
  else if (WIFSIGNALED(status)) printf("%s: killed by %d\n", what, WTERMSIG(status));
  else if (WIFSTOPPED(status)) printf("%s: stopped by %d\n", what, WSTOPSIG(status));
  else if (WIFCONTINUED(status)) printf("%s: continued\n", what);
  else printf("%s: status %x\n", what, (unsigned)status);
  fflush(stdout);
}

// The state of a thread (proc(5)), 0 if it is gone.
static inline char state_of_thread(pid_t pid, pid_t tid) {
  char text[512];
  snprintf(text, sizeof text, "/proc/%d/task/%d/stat", (int)pid, (int)tid);
  int fd = open(text, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[size > 0 ? size : 0] = 0;
  const char* name_end = strrchr(text, ')');
  return name_end ? name_end[2] : 0;
}

// Until a process waits for something (interruptibly), however long the machine takes to let it come that far.
static inline void wait_until_asleep(pid_t pid) {
  for (char state; (state = state_of_thread(pid, pid)) != 'S'; usleep(1000)) CHECK(state != 0 && state != 'Z');
}

// Until all other threads of this process wait or are gone.
static inline void wait_until_others_sleep(void) {
  for (bool is_awake = true; is_awake; usleep(1000)) {
    is_awake = false;
    DIR* tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent* entry; (entry = readdir(tasks)) != NULL;) {
      pid_t tid = atoi(entry->d_name);
      char state = tid == 0 || tid == syscall(SYS_gettid) ? 0 : state_of_thread(getpid(), tid);
      is_awake |= state != 0 && strchr("SXZ", state) == NULL;
    }
    closedir(tasks);
  }
}

// Runs a function in a child and returns its wait status.
static inline int in_child(void (*function)(void)) {
  fflush(stdout);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    function();
    fflush(stdout);
    _exit(0);
  }
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  return status;
}
