// A signal ends a long read of a device that never ends: what was read until then counts (zero(4), random(4)). Meanwhile others on the same
// CPU run.
// clock: real
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { pieces = 1024, piece_size = 1 << 20, period_us = 3000 };

static char buffer[piece_size];
static void on_alarm(int number) { (void)number; }

// A GiB, into one buffer again and again.
static ssize_t read_gibibyte(int fd) {
  static struct iovec vectors[pieces];
  for (int index = 0; index < pieces; ++index) vectors[index] = (struct iovec){buffer, piece_size};
  return readv(fd, vectors, pieces);
}

static void read_long(const char* path) {
  int fd = open(path, O_RDONLY);
  struct itimerval often = {{0, period_us}, {0, period_us}};  // the first may come before the read
  setitimer(ITIMER_REAL, &often, NULL);
  ssize_t done = read_gibibyte(fd);
  int error = errno;
  setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
  if (done < 0) printf("%s: %s\n", path, strerror(error));
  else printf("%s: %s\n", path, done == (ssize_t)pieces * piece_size ? "all" : done > 0 ? "a part" : "nothing");
  close(fd);
}

// Both on one CPU: the other's read is far from its end when this program wakes.
static void run_beside(void) {
  cpu_set_t allowed, one;
  sched_getaffinity(0, sizeof allowed, &allowed);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &allowed)) ++cpu;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  sched_setaffinity(0, sizeof one, &one);
  volatile int* is_reading = mmap(NULL, sizeof *is_reading, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t reader = fork();
  if (reader == 0) {
    int fd = open("/dev/urandom", O_RDONLY);
    *is_reading = 1;
    read_gibibyte(fd);
    *is_reading = 0;
    for (;;) pause();
  }
  while (!*is_reading) usleep(100);
  usleep(1000);
  printf("beside a long read: %s\n", *is_reading ? "ran" : "waited");
  kill(reader, SIGKILL);
  int status;
  waitpid(reader, &status, 0);
  printf("the reader was killed: %d\n", WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

int main(void) {
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  read_long("/dev/zero");
  read_long("/dev/urandom");
  run_beside();
  return 0;
}
