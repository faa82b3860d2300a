// Sessions and process groups: who may move where, kill of a group, setsid.
#include "guest.h"

static void new_session(void) {
  SHOW(setsid() == getpid());
  SHOW(setsid());
  SHOW(getpgrp() == getpid() && getsid(0) == getpid());
  SHOW(setpgid(0, 0));
}

static void same_group(void) {
  pid_t other = fork();
  if (other == 0)
    for (;;) pause();
  SHOW(setpgid(other, other));
  SHOW(setpgid(0, other));
  SHOW(getpgrp() == other);
  SHOW(setsid() > 0);
  int status;
  SHOW(setpgid(other, getpid()));
  SHOW(kill(-other, SIGTERM));
  CHECK(waitpid(other, &status, 0) == other);
  show_status("killed with its group", status);
  SHOW(kill(-other, SIGTERM));
}

static void after_exec(void) {
  int ready[2];
  CHECK(pipe2(ready, O_CLOEXEC) == 0);
  pid_t child = fork();
  if (child == 0) {
    execl("/bin/sleep", "sleep", "60", (char*)NULL);
    _exit(127);
  }
  close(ready[1]);
  char byte;
  CHECK(read(ready[0], &byte, 1) == 0);
  SHOW(setpgid(child, child));
  kill(child, SIGKILL);
  int status;
  CHECK(waitpid(child, &status, 0) == child);
}

int main(void) {
  SHOW(getpgrp() == getsid(0));
  SHOW(getpgid(getpid()) == getpgrp());
  SHOW(getpgid(99999));
  SHOW(getsid(99999));
  SHOW(setpgid(99999, 0));
  SHOW(setpgid(-1, 0));
  SHOW(setpgid(0, -1));
  SHOW(setpgid(0, 0));
  show_status("session", in_child(new_session));
  show_status("group", in_child(same_group));
  after_exec();
  SHOW(kill(99999, 0));
  SHOW(kill(getpid(), 0));
  SHOW(kill(getpid(), 65));
  SHOW(kill(getpid(), -1));
  return 0;
}
