// execve: arguments, environment, many and large ones, what survives it, and its errors.
#include "guest.h"

#include <limits.h>

extern char** environ;

static const char* self;

static void show(int count, char** arguments) {
  printf("%d:", count);
  for (int index = 0; index < count && index < 8; ++index) printf(" [%.40s]", arguments[index]);
  printf("\nenvironment:");
  int number = 0;
  for (char** each = environ; *each; ++each)
    if (++number <= 4) printf(" %s", *each);
  printf(" (%d)\n", number);
}

static void run(char** arguments, char** environment) {
  fflush(stdout);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    execve(self, arguments, environment);
    printf("execve: %s\n", error_name(errno));
    fflush(stdout);
    _exit(1);
  }
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  if (status) show_status("status", status);
}

static void many_arguments(void) {
  enum { count = 5000 };
  static char* arguments[count + 1];
  for (int index = 0; index < count; ++index) arguments[index] = "argument";
  arguments[0] = "show";
  run(arguments, (char*[]){"A=1", NULL});
}

static void large_argument(size_t size) {
  char* text = malloc(size + 1);
  memset(text, 'x', size);
  text[size] = 0;
  run((char*[]){"show", text, NULL}, (char*[]){NULL});
  free(text);
}

static void too_much(void) {
  enum { count = 100 };
  static char text[100000];
  static char* arguments[count + 1];
  memset(text, 'y', sizeof text - 1);
  for (int index = 0; index < count; ++index) arguments[index] = text;
  run(arguments, (char*[]){NULL});
}

static void what_survives(void) {
  int kept = open("/dev/null", O_RDONLY), closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK(kept >= 0 && closed >= 0);
  char numbers[2][16];
  snprintf(numbers[0], sizeof numbers[0], "%d", kept);
  snprintf(numbers[1], sizeof numbers[1], "%d", closed);
  signal(SIGUSR1, SIG_IGN);
  signal(SIGUSR2, (void (*)(int))abort);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, NULL);
  raise(SIGHUP);
  umask(027);
  CHECK(chdir("/bin") == 0);
  run((char*[]){"survived", numbers[0], numbers[1], NULL}, (char*[]){NULL});
  sigprocmask(SIG_UNBLOCK, &(sigset_t){0}, NULL);
}

static int survived(char** arguments) {
  printf("kept descriptor: %s\n", fcntl(atoi(arguments[1]), F_GETFD) == 0 ? "open" : error_name(errno));
  printf("close-on-exec descriptor: %s\n", fcntl(atoi(arguments[2]), F_GETFD) == 0 ? "open" : error_name(errno));
  struct sigaction action;
  sigaction(SIGUSR1, NULL, &action);
  printf("ignored: %s\n", action.sa_handler == SIG_IGN ? "still" : "no more");
  sigaction(SIGUSR2, NULL, &action);
  printf("handled: %s\n", action.sa_handler == SIG_DFL ? "default" : "kept");
  sigset_t set;
  sigprocmask(SIG_BLOCK, NULL, &set);
  printf("blocked: %d\n", sigismember(&set, SIGHUP));
  sigpending(&set);
  printf("pending across exec: %d in a forked child\n", sigismember(&set, SIGHUP));
  char folder[64];
  printf("umask %o, directory %s\n", (unsigned)umask(0), getcwd(folder, sizeof folder));
  return 0;
}

static void errors(void) {
  char* arguments[] = {"x", NULL};
  CHECK(mkdir("directory", 0755) == 0);
  int fd = open("empty", O_CREAT | O_WRONLY, 0755);
  close(fd);
  fd = open("text", O_CREAT | O_WRONLY, 0755);
  CHECK(write(fd, "not a program at all\n", 21) == 21);
  close(fd);
  fd = open("plain", O_CREAT | O_WRONLY, 0644);
  close(fd);
  fd = open("short", O_CREAT | O_WRONLY, 0755);
  CHECK(write(fd, "\177ELF", 4) == 4);
  close(fd);
  SHOW(execve("/nonexistent", arguments, environ));
  SHOW(execve("directory", arguments, environ));
  SHOW(execve("empty", arguments, environ));
  SHOW(execve("text", arguments, environ));
  SHOW(execve("plain", arguments, environ));
  SHOW(execve("short", arguments, environ));
  SHOW(execve("plain/x", arguments, environ));
  SHOW(execve("", arguments, environ));
  SHOW(execve((char*)8, arguments, environ));
  SHOW(execve(self, (char**)8, environ));
  SHOW(execve(self, (char*[]){"a", (char*)8, NULL}, environ));
}

int main(int count, char** arguments) {
  self = "/programs/exec_arguments";
  if (count > 0 && strcmp(arguments[0], "survived") == 0) return survived(arguments);
  if (count == 0 || strcmp(arguments[0], self) != 0) {
    show(count, arguments);
    return 0;
  }
  run((char*[]){"one", "two words", "", "\377\1", NULL}, (char*[]){"A=1", "B=two words", "=", "C", NULL});
  run((char*[]){"none", NULL}, NULL);
  run((char*[]){"", NULL}, (char*[]){NULL});
  many_arguments();
  large_argument(100000);
  large_argument(131071);
  large_argument(131072);
  too_much();
  what_survives();
  CHECK(chdir("/tmp") == 0);
  errors();
  return 0;
}
