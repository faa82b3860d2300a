// unshare(2): a thread gets working directory and descriptors of its own; what cannot be parted.
#include "guest.h"

#include <pthread.h>
#include <sched.h>

static pthread_barrier_t barrier;
static int fd;

static void* other(void* argument) {
  for (int round = 0; round < 2; ++round) {
    pthread_barrier_wait(&barrier);
    char place[64];
    CHECK(getcwd(place, sizeof place));
    printf("the other thread is in %s, its descriptor is %s\n", place, fcntl(fd, F_GETFD) < 0 ? "closed" : "open");
    pthread_barrier_wait(&barrier);
  }
  return argument;
}

int main(void) {
  SHOW(unshare(0));
  SHOW(unshare(-1));
  SHOW(unshare(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM));
  SHOW(unshare(CLONE_VFORK));
  SHOW(unshare(CLONE_PARENT));
  pthread_t thread;
  pthread_barrier_init(&barrier, NULL, 2);
  fd = open("/", O_RDONLY);
  CHECK(chdir("/proc") == 0 && pthread_create(&thread, NULL, other, NULL) == 0);
  SHOW(unshare(CLONE_THREAD));
  SHOW(unshare(CLONE_SIGHAND));
  SHOW(unshare(CLONE_VM));
  SHOW(unshare(CLONE_FS));
  CHECK(chdir("/") == 0);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  SHOW(unshare(CLONE_FILES));
  CHECK(close(fd) == 0);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  pthread_join(thread, NULL);
  return 0;
}
