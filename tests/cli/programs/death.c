// Dies in the way that argv[1] names, three calls below main.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile int zero;

__attribute__((noinline)) void innermost(const char* how) {
  if (strcmp(how, "null") == 0) *(volatile int*)(long)(zero + 16) = 1;
  if (strcmp(how, "access") == 0) *(volatile char*)mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) = 1;
  if (strcmp(how, "jump") == 0) ((void (*)(void))(long)zero)();
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "memory") == 0)
    for (;;) memset(malloc(1 << 20), 1, 1 << 20);
  if (strcmp(how, "handler") == 0) raise(SIGUSR1);
  kill(getpid(), atoi(how));
  __asm__ volatile("");
}
__attribute__((noinline)) void middle(const char* how) {
  innermost(how);
  __asm__ volatile("");
}
__attribute__((noinline)) void outermost(const char* how) {
  middle(how);
  __asm__ volatile("");
}
void handler(int number) {
  (void)number;
  abort();
}
int main(int count, char** arguments) {
  signal(SIGUSR1, count > 1 && strcmp(arguments[1], "handler") == 0 ? handler : SIG_DFL);
  outermost(arguments[1]);
  return 0;
}
