// A fork bomb against RLIMIT_NPROC: forks fail with EAGAIN, and everything can be taken down again.
#include "guest.h"

#include <pthread.h>
#include <sys/resource.h>

enum { limit = 20 };

static void* idle(void* argument) {
  pause();
  return NULL;
}

static void bomb(void) {
  // The superuser is not held to the limit.
  if (getuid() == 0) CHECK(setgid(54321) == 0 && setuid(54321) == 0);
  struct rlimit value = {limit, limit};
  CHECK(setrlimit(RLIMIT_NPROC, &value) == 0);
  pid_t children[2 * limit];
  int count = 0;
  for (; count < 2 * limit; ++count) {
    children[count] = fork();
    if (children[count] < 0) break;
    if (children[count] == 0)
      for (;;) pause();
  }
  printf("fork fails with %s\n", count < 2 * limit ? error_name(errno) : "nothing");
  if (getenv("USER")) printf("children: %s\n", count > limit / 4 && count <= limit ? "as many as allowed" : "not as many as allowed");
  pthread_t thread;
  printf("pthread_create fails with %s\n", error_name(pthread_create(&thread, NULL, idle, NULL)));
  pid_t spare = vfork();
  if (spare == 0) _exit(0);
  printf("vfork fails with %s\n", spare < 0 ? error_name(errno) : "nothing");
  for (int index = 0; index < count; ++index) kill(children[index], SIGKILL);
  for (int index = 0; index < count; ++index) CHECK(waitpid(children[index], NULL, 0) == children[index]);
  pid_t again = fork();
  if (again == 0) _exit(0);
  CHECK(again > 0 && waitpid(again, NULL, 0) == again);
  printf("and works again\n");
}

static void waves(void) {
  for (int wave = 0; wave < 10; ++wave) {
    for (int index = 0; index < 20; ++index) {
      pid_t pid = fork();
      CHECK(pid >= 0);
      if (pid == 0) _exit(fork() == 0);
    }
    for (int index = 0; index < 20; ++index) CHECK(wait(NULL) > 0);
  }
  printf("waves are over\n");
}

int main(void) {
  show_status("bomb", in_child(bomb));
  waves();
  return 0;
}
