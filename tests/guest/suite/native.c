// native [--address-space MIB] ROOT PROGRAM [ARGUMENT...]: runs a program on the host's Linux the way Halcyon runs it.
//
// The program sees ROOT as its / (with a fresh /tmp, its working directory, and /dev and /proc), is process 2 below a process 1 that only reaps, leads a session
// without a terminal, and its end ends all others. Namespaces do that; without root's rights a user namespace gives the right to make them.
// The exit status is the program's, 128+N if signal N killed it, 125 if something failed before.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char* what) {
  fprintf(stderr, "native: %s: %s\n", what, strerror(errno));
  exit(125);
}

static void check(int result, const char* what) {
  if (result < 0) fail(what);
}

static void write_file(const char* path, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  FILE* file = fopen(path, "w");
  if (!file || vfprintf(file, format, arguments) < 0 || fclose(file) != 0) fail(path);
  va_end(arguments);
}

static void become_user_namespace_root(void) {
  uid_t uid = geteuid();
  gid_t gid = getegid();
  check(unshare(CLONE_NEWUSER), "user namespace");
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "%d %d 1", (int)uid, (int)uid);
  write_file("/proc/self/gid_map", "%d %d 1", (int)gid, (int)gid);
}

static void bind_device(const char* name) {
  char source[64], target[64];
  snprintf(source, sizeof source, "/dev/%s", name);
  snprintf(target, sizeof target, "dev/%s", name);
  int fd = open(target, O_CREAT | O_WRONLY, 0666);
  check(fd, target);
  close(fd);
  check(mount(source, target, NULL, MS_BIND, NULL), target);
}

// The working directory is the new root.
static void make_mounts(void) {
  check(mount("tmpfs", "tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"), "/tmp");
  check(mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755"), "/dev");
  check(mount("proc", "proc", "proc", 0, NULL), "/proc");
  static const char* const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
  for (size_t index = 0; index < sizeof devices / sizeof *devices; ++index) bind_device(devices[index]);
  check(symlink("/proc/self/fd", "dev/fd"), "/dev/fd");
  check(symlink("fd/0", "dev/stdin"), "/dev/stdin");
  check(symlink("fd/1", "dev/stdout"), "/dev/stdout");
  check(symlink("fd/2", "dev/stderr"), "/dev/stderr");
}

static int status_of(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

static int wait_for(pid_t wanted) {
  int status;
  for (;;) {
    pid_t pid = wait(&status);
    if (pid == wanted) return status_of(status);
    if (pid < 0 && errno != EINTR) fail("wait");
  }
}

static void run_program(char** command, rlim_t address_space) {
  check(setsid(), "setsid");
  umask(022);
  struct rlimit limit = {address_space, address_space};
  if (address_space) check(setrlimit(RLIMIT_AS, &limit), "RLIMIT_AS");
  limit.rlim_cur = limit.rlim_max = 0;
  check(setrlimit(RLIMIT_CORE, &limit), "RLIMIT_CORE");
  execv(command[0], command);
  fprintf(stderr, "native: %s: %s\n", command[0], strerror(errno));
  _exit(errno == ENOENT ? 127 : 126);
}

static int be_init(const char* root, char** command, rlim_t address_space) {
  check(prctl(PR_SET_PDEATHSIG, SIGKILL), "death signal");
  check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
  check(chdir(root), root);
  make_mounts();
  check(sethostname("halcyon", 7), "host name");
  check(chroot("."), "chroot");
  check(chdir("/tmp"), "/tmp");
  pid_t pid = fork();
  check(pid, "fork");
  if (pid == 0) run_program(command, address_space);
  return wait_for(pid);
}

int main(int count, char** arguments) {
  rlim_t address_space = 0;
  int first = 1;
  if (count > 2 && strcmp(arguments[1], "--address-space") == 0) {
    address_space = strtoul(arguments[2], NULL, 10) << 20;
    first = 3;
  }
  if (count < first + 2) {
    fprintf(stderr, "usage: native [--address-space MIB] ROOT PROGRAM [ARGUMENT...]\n");
    return 125;
  }
  if (geteuid() != 0) become_user_namespace_root();
  check(unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC), "namespaces");
  pid_t pid = fork();
  check(pid, "fork");
  if (pid == 0) _exit(be_init(arguments[first], arguments + first + 1, address_space));
  return wait_for(pid);
}
