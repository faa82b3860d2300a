// How much there may be at once. capacity processes N: N processes that sleep at the same time. capacity files N: N open descriptions,
// in processes of 10,000 each. Prints "ok" once all were there together; exits 1 and says why otherwise.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { files_per_process = 10000 };

static void require(int holds, const char* what) {
  if (holds) return;
  perror(what);
  exit(1);
}

static void open_files(long count) {
  struct rlimit limit = {files_per_process + 100, files_per_process + 100};
  require(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
  for (long index = 0; index < count; ++index) require(open("/dev/null", O_RDONLY) >= 0, "open");
}

// Each child tells by one byte that it is ready, then sleeps until it is killed.
static void start(pid_t* children, long count, long files, int ready) {
  for (long index = 0; index < count; ++index) {
    children[index] = fork();
    require(children[index] >= 0, "fork");
    if (children[index] != 0) continue;
    open_files(files);
    require(write(ready, "r", 1) == 1, "write");
    for (;;) pause();
  }
}

static void await(int ready, long count) {
  char byte;
  for (long index = 0; index < count; ++index) require(read(ready, &byte, 1) == 1, "a child died");
}

static void stop(const pid_t* children, long count) {
  for (long index = 0; index < count; ++index) {
    int status;
    require(waitpid(children[index], &status, WNOHANG) == 0, "a child ended early");
    kill(children[index], SIGKILL);
    require(waitpid(children[index], &status, 0) == children[index], "wait");
  }
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  long wanted = atol(argv[2]);
  int is_files = strcmp(argv[1], "files") == 0;
  long processes = is_files ? wanted / files_per_process : wanted;
  pid_t* children = calloc((size_t)processes, sizeof *children);
  int ready[2];
  require(children && pipe(ready) == 0, "pipe");
  start(children, processes, is_files ? files_per_process : 0, ready[1]);
  await(ready[0], processes);
  puts("ok");
  stop(children, processes);
  return 0;
}
