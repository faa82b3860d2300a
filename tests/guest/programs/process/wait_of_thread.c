// __WNOTHREAD (wait4(2)): only the children that the calling thread made, which another one inherits when it ends.
#include "guest.h"

#include <pthread.h>

#ifndef __WNOTHREAD
#define __WNOTHREAD 0x20000000
#endif

static pid_t child(int status) {
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) _exit(status);
  return pid;
}

static pid_t left_behind;

static void* other(void* argument) {
  int status;
  SHOW(waitpid(-1, &status, __WNOTHREAD));
  SHOW(waitpid(*(pid_t*)argument, &status, __WNOTHREAD | WNOHANG));
  pid_t pid = child(5);
  CHECK(waitpid(-1, &status, __WNOTHREAD) == pid);
  show_status("the thread's own", status);
  left_behind = child(6);
  return NULL;
}

int main(void) {
  pid_t pid = child(4);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, other, &pid) == 0 && pthread_join(thread, NULL) == 0);
  int status;
  CHECK(waitpid(pid, &status, __WNOTHREAD) == pid);
  show_status("the first thread's", status);
  // A thread that was joined may still be on its way out.
  while (waitpid(left_behind, &status, __WNOTHREAD) < 0 && errno == ECHILD) usleep(1000);
  show_status("inherited", status);
  SHOW(waitpid(-1, &status, __WNOTHREAD));
  return 0;
}
