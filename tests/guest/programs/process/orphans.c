// A child whose parent goes belongs to init, or to the nearest subreaper; parent death signals.
#include "guest.h"

#include <sys/prctl.h>

static int channel[2];

static void tell(const char* text) { CHECK(write(channel[1], text, strlen(text)) == (ssize_t)strlen(text)); }

static void listen_to_all(void) {
  char text[256];
  close(channel[1]);
  size_t length = 0;
  ssize_t count;
  while ((count = read(channel[0], text + length, sizeof text - 1 - length)) > 0) length += (size_t)count;
  text[length] = 0;
  printf("%s", text);
  close(channel[0]);
}

static void wait_until_parent_is_not(pid_t parent) {
  while (getppid() == parent) usleep(1000);
}

static void adopted(bool has_subreaper) {
  CHECK(pipe(channel) == 0);
  prctl(PR_SET_CHILD_SUBREAPER, has_subreaper, 0, 0, 0);
  pid_t grandparent = getpid();
  pid_t middle = fork();
  if (middle == 0) {
    pid_t parent = getpid();
    if (fork() == 0) {
      wait_until_parent_is_not(parent);
      pid_t now = getppid();
      tell(now == 1 ? "adopted by init\n" : now == grandparent ? "adopted by the subreaper\n" : "adopted by somebody\n");
      _exit(8);
    }
    _exit(0);
  }
  int status;
  CHECK(waitpid(middle, &status, 0) == middle);
  listen_to_all();
  if (has_subreaper) {
    CHECK(wait(&status) > 0);
    show_status("reaped grandchild", status);
  }
  SHOW(wait(&status));
}

static void on_signal(int number) {
  tell("told of the parent's end\n");
  _exit(0);
}

static void death_signal(void) {
  CHECK(pipe(channel) == 0);
  int ready[2];
  CHECK(pipe(ready) == 0);
  pid_t middle = fork();
  if (middle == 0) {
    if (fork() == 0) {
      signal(SIGUSR1, on_signal);
      prctl(PR_SET_PDEATHSIG, SIGUSR1);
      CHECK(write(ready[1], "x", 1) == 1);
      for (;;) pause();
    }
    char byte;
    CHECK(read(ready[0], &byte, 1) == 1);
    _exit(0);
  }
  int status;
  CHECK(waitpid(middle, &status, 0) == middle);
  listen_to_all();
  close(ready[0]);
  close(ready[1]);
}

int main(void) {
  adopted(false);
  adopted(true);
  prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
  death_signal();
  return 0;
}
