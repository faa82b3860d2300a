// A signal ends a long read of a device that never ends: what was read until then counts (zero(4), random(4)).
// clock: real
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

enum { pieces = 1024, piece_size = 1 << 20, first_us = 3000 };

static char buffer[piece_size];
static volatile sig_atomic_t alarms;

static void count_alarm(int number) {
  (void)number;
  ++alarms;
}

// A GiB, into one buffer again and again.
static void read_long(const char* path) {
  static struct iovec vectors[pieces];
  for (int index = 0; index < pieces; ++index) vectors[index] = (struct iovec){buffer, piece_size};
  int fd = open(path, O_RDONLY);
  alarms = 0;
  struct itimerval once = {.it_value = {.tv_usec = first_us}};
  setitimer(ITIMER_REAL, &once, NULL);
  ssize_t done = readv(fd, vectors, pieces);
  int error = errno;
  while (alarms == 0) usleep(1000);
  if (done < 0) printf("%s: %s\n", path, strerror(error));
  else printf("%s: %s\n", path, done == (ssize_t)pieces * piece_size ? "all" : done > 0 ? "a part" : "nothing");
  close(fd);
}

int main(void) {
  struct sigaction action = {.sa_handler = count_alarm, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  read_long("/dev/zero");
  read_long("/dev/urandom");
  return 0;
}
