// vfork and posix_spawn: the child borrows the memory, the parent waits; file actions, attributes, errors.
#include "guest.h"

#include <spawn.h>

static volatile int shared;

static void wait_for(const char* what, pid_t pid) {
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  show_status(what, status);
}

static void vforks(void) {
  shared = 0;
  pid_t pid = vfork();
  if (pid == 0) {
    shared = 42;
    _exit(5);
  }
  printf("written by the child: %d\n", shared);
  fflush(stdout);
  wait_for("vfork, _exit", pid);
  pid = vfork();
  if (pid == 0) {
    execl("/bin/echo", "echo", "from", "vfork", (char*)NULL);
    _exit(127);
  }
  wait_for("vfork, exec", pid);
  pid = vfork();
  if (pid == 0) {
    execl("/nonexistent", "x", (char*)NULL);
    shared = errno;
    _exit(127);
  }
  printf("exec error seen by the parent: %s\n", error_name(shared));
  wait_for("vfork, failed exec", pid);
  pid = vfork();
  if (pid == 0) kill(getpid(), SIGKILL);
  wait_for("vfork, killed", pid);
}

static void spawn(const char* what, const char* path, posix_spawn_file_actions_t* actions, posix_spawnattr_t* attributes, char** arguments) {
  pid_t pid = -1;
  fflush(stdout);
  int error = posix_spawn(&pid, path, actions, attributes, arguments, (char*[]){"PATH=/bin", "A=b", NULL});
  if (error == 0) wait_for(what, pid);
  else printf("%s: %s\n", what, error_name(error));
}

static void spawns(void) {
  spawn("plain", "/bin/sh", NULL, NULL, (char*[]){"sh", "-c", "echo spawned $A; exit 6", NULL});
  spawn("missing", "/nonexistent", NULL, NULL, (char*[]){"x", NULL});
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "output", O_CREAT | O_WRONLY | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_addclose(&actions, 0);
  spawn("file actions", "/bin/sh", &actions, NULL, (char*[]){"sh", "-c", "echo to a file; echo errors too >&2", NULL});
  posix_spawn_file_actions_destroy(&actions);
  spawn("show", "/bin/cat", NULL, NULL, (char*[]){"cat", "output", NULL});
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/nonexistent", O_RDONLY, 0);
  spawn("failing action", "/bin/true", &actions, NULL, (char*[]){"true", NULL});
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  posix_spawnattr_setsigdefault(&attributes, &set);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigemptyset(&set);
  posix_spawnattr_setsigmask(&attributes, &set);
  signal(SIGTERM, SIG_IGN);
  spawn("attributes", "/bin/sh", NULL, &attributes, (char*[]){"sh", "-c", "kill -TERM $$; echo survived", NULL});
  posix_spawnattr_destroy(&attributes);
}

int main(void) {
  vforks();
  spawns();
  FILE* pipe = popen("echo popen; cat /dev/null; exit 3", "r");
  char line[64];
  while (fgets(line, sizeof line, pipe)) printf("read %s", line);
  show_status("pclose", pclose(pipe));
  show_status("system", system("exit 9"));
  return 0;
}
