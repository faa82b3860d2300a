// Resource limits: get and set, inherited, and what happens at each.
#include "guest.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>

static void set(int which, rlim_t soft, rlim_t hard) {
  struct rlimit value = {soft, hard};
  CHECK(setrlimit(which, &value) == 0);
}

static void get_and_set(void) {
  struct rlimit value;
  set(RLIMIT_NOFILE, 50, 100);
  CHECK(getrlimit(RLIMIT_NOFILE, &value) == 0);
  printf("%d %d\n", (int)value.rlim_cur, (int)value.rlim_max);
  value = (struct rlimit){101, 100};
  SHOW(setrlimit(RLIMIT_NOFILE, &value));
  SHOW(setrlimit(99, &value));
  SHOW(getrlimit(99, &value));
  struct rlimit old;
  value = (struct rlimit){40, 100};
  SHOW(prlimit(0, RLIMIT_NOFILE, &value, &old));
  printf("old %d\n", (int)old.rlim_cur);
  SHOW(prlimit(99999, RLIMIT_NOFILE, NULL, &old));
  getrlimit(RLIMIT_CORE, &value);
  printf("core %d\n", (int)value.rlim_cur);
}

static void descriptors(void) {
  set(RLIMIT_NOFILE, 10, 10);
  int last = -1, fd;
  while ((fd = open("/dev/null", O_RDONLY)) >= 0) last = fd;
  printf("last %d, then %s\n", last, error_name(errno));
  SHOW(dup(0));
  SHOW(dup2(0, 10));
  SHOW(dup2(0, 9));
  SHOW(fcntl(0, F_DUPFD, 10));
  int ends[2];
  SHOW(pipe(ends));
  close(8);
  SHOW(pipe(ends));
  SHOW(open("/dev/null", O_RDONLY));
}

static void file_size(void) {
  set(RLIMIT_FSIZE, 1000, 1000);
  signal(SIGXFSZ, SIG_IGN);
  char block[600] = {0};
  int fd = open("limited", O_CREAT | O_RDWR | O_TRUNC, 0600);
  SHOW(write(fd, block, 600));
  SHOW(write(fd, block, 600));
  SHOW(write(fd, block, 600));
  SHOW(ftruncate(fd, 1001));
  SHOW(ftruncate(fd, 1000));
  SHOW(pwrite(fd, block, 1, 1000));
  signal(SIGXFSZ, SIG_DFL);
  pwrite(fd, block, 1, 2000);
}

static void address_space(void) {
  set(RLIMIT_AS, 64 << 20, 64 << 20);
  printf("%s\n", mmap(NULL, 32 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? error_name(errno) : "mapped");
  printf("%s\n", mmap(NULL, 64 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? error_name(errno) : "mapped");
  void* block = malloc(100 << 20);
  printf("malloc %s\n", block ? "works" : "fails");
}

static void data(void) {
  set(RLIMIT_DATA, 1 << 20, 1 << 20);
  printf("sbrk %s\n", sbrk(8 << 20) == (void*)-1 ? error_name(errno) : "works");
}

static void cpu_time(void) {
  set(RLIMIT_CPU, 1, 5);
  for (volatile unsigned long count = 0;; ++count) {
  }
}

static void stack(void) {
  set(RLIMIT_STACK, 256 << 10, RLIM_INFINITY);
  execl("/bin/sh", "sh", "-c", "ulimit -s; echo runs with a small stack", (char*)NULL);
}

int main(void) {
  show_status("get and set", in_child(get_and_set));
  show_status("descriptors", in_child(descriptors));
  show_status("file size", in_child(file_size));
  show_status("address space", in_child(address_space));
  show_status("data", in_child(data));
  show_status("cpu", in_child(cpu_time));
  show_status("stack", in_child(stack));
  return 0;
}
