// A tree of processes: each node forks two children, and its exit status carries the size of its subtree to its parent.
#include "guest.h"

enum { depth = 5 };

static int grow(int level) {
  if (level == 0) return 1;
  pid_t children[2];
  for (int index = 0; index < 2; ++index) {
    children[index] = fork();
    CHECK(children[index] >= 0);
    if (children[index] == 0) _exit(grow(level - 1));
  }
  int size = 1;
  for (int index = 0; index < 2; ++index) {
    int status;
    CHECK(waitpid(children[index], &status, 0) == children[index]);
    CHECK(WIFEXITED(status));
    size += WEXITSTATUS(status);
  }
  return size;
}

int main(void) {
  pid_t self = getpid();
  printf("nodes: %d\n", grow(depth));
  printf("still %s\n", getpid() == self ? "the same process" : "another process");
  SHOW(waitpid(-1, NULL, 0));
  SHOW(waitpid(getppid(), NULL, 0));
  return 0;
}
