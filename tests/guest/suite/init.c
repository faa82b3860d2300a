// init FIRST: the first program of a bare machine that runs the cases of a column, from number FIRST on, one after the other.
//
// What to run is in /suite/cases, as strings that each end with a null byte: the user's id, the group's, the number of environment strings, they; then for
// every case its limit in milliseconds, the number of words of its command, they. A case gets a fresh file system on /tmp, which is its working
// directory, nothing to read, a session without a terminal; everything that it leaves running is killed.
//
// The report goes to the console as lines that each begin with @@, everything else there is the kernel's (bare.py reads it):
//     @@start NUMBER
//     @@case NUMBER STATUS MILLISECONDS OUTPUT ERRORS     STATUS: as a shell says it, or `limit`; output and errors in base64, or -
//     @@end
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { most_words = 64 };

typedef struct {
  int fd;
  char* data;
  size_t size, capacity;
} Stream;

typedef struct {
  long limit;
  char* words[most_words + 1];
} Case;

static uid_t uid;
static gid_t gid;
static char** environment;
static int child_ended[2];  // a pipe that SIGCHLD writes to

static void check(int result, const char* what) {
  if (result >= 0) return;
  dprintf(1, "init: %s: %s\n", what, strerror(errno));
  exit(125);
}

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

// --- the list

static char *list, *list_end;

static void read_list(void) {
  int fd = open("/suite/cases", O_RDONLY | O_CLOEXEC);
  check(fd, "/suite/cases");
  struct stat status;
  check(fstat(fd, &status), "/suite/cases");
  list = malloc((size_t)status.st_size + 1);
  for (list_end = list; list_end < list + status.st_size;) {
    ssize_t size = read(fd, list_end, (size_t)(list + status.st_size - list_end));
    check(size > 0 ? 0 : -1, "/suite/cases");
    list_end += size;
  }
  close(fd);
}

static char* next_string(void) {
  char* text = list;
  list += strlen(list) + 1;
  return text;
}

static long next_number(void) { return strtol(next_string(), NULL, 10); }

static void read_who(void) {
  uid = (uid_t)next_number();
  gid = (gid_t)next_number();
  long count = next_number();
  environment = calloc((size_t)count + 1, sizeof *environment);
  for (long index = 0; index < count; ++index) environment[index] = next_string();
}

static int read_case(Case* one) {
  if (list >= list_end) return 0;
  one->limit = next_number();
  long count = next_number();
  for (long index = 0; index < count; ++index) {
    char* word = next_string();
    if (index < most_words) one->words[index] = word;
  }
  one->words[count < most_words ? count : most_words] = NULL;
  return 1;
}

// --- one case

static void note_child(int number) {
  int saved = errno;
  if (write(child_ended[1], "", 1) < 0) errno = 0;  // full is as good
  errno = saved;
}

static void run_program(char** command, const int* output, const int* errors) {
  check(setsid(), "setsid");
  signal(SIGCHLD, SIG_DFL);
  int nothing = open("/dev/null", O_RDONLY);
  check(nothing, "/dev/null");
  check(dup2(nothing, 0), "standard input");
  check(dup2(output[1], 1), "standard output");
  check(dup2(errors[1], 2), "standard error");
  close(nothing);
  umask(022);
  struct rlimit limit = {0, 0};
  check(setrlimit(RLIMIT_CORE, &limit), "RLIMIT_CORE");
  check(setgroups(1, &gid), "setgroups");
  check(setgid(gid), "setgid");
  check(setuid(uid), "setuid");
  execve(command[0], command, environment);
  fprintf(stderr, "init: %s: %s\n", command[0], strerror(errno));
  _exit(errno == ENOENT ? 127 : 126);
}

// Reads what is there; at the end closes.
static void take(Stream* stream) {
  if (stream->capacity - stream->size < 65536) stream->data = realloc(stream->data, stream->capacity += 1 << 18);
  ssize_t size = read(stream->fd, stream->data + stream->size, stream->capacity - stream->size);
  if (size > 0) stream->size += (size_t)size;
  if (size > 0 || (size < 0 && (errno == EINTR || errno == EAGAIN))) return;
  close(stream->fd);
  stream->fd = -1;
}

// Whether `pid` has ended; others that have are taken away.
static int reap(pid_t wanted, int* wanted_status, int options) {
  int status, found = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, options)) > 0 || (pid < 0 && errno == EINTR);) {
    if (pid != wanted) continue;
    *wanted_status = status;
    found = 1;
  }
  return found;
}

// Until the program has ended, or its time has.
static int wait_for(pid_t pid, Stream* output, Stream* errors, long end, int* status) {
  for (;;) {
    struct pollfd fds[] = {{child_ended[0], POLLIN, 0}, {output->fd, POLLIN, 0}, {errors->fd, POLLIN, 0}};
    long left = end - now();
    if (left <= 0) return 0;
    if (poll(fds, 3, (int)left) < 0 && errno != EINTR) check(-1, "poll");
    if (fds[1].revents) take(output);
    if (fds[2].revents) take(errors);
    char buffer[64];
    if (fds[0].revents && read(child_ended[0], buffer, sizeof buffer) > 0 && reap(pid, status, WNOHANG)) return 1;
  }
}

static void make_pipe(Stream* stream, int* ends) {
  check(pipe2(ends, O_CLOEXEC), "pipe");
  *stream = (Stream){.fd = ends[0]};
}

static void remount(void) {
  // Also what the case before mounted below and did not take away.
  while (umount2("/tmp", MNT_DETACH) == 0) {}
  char options[64];
  snprintf(options, sizeof options, "mode=1777,uid=%u,gid=%u", (unsigned)uid, (unsigned)gid);
  check(mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, options), "/tmp");
  check(chdir("/tmp"), "/tmp");
}

static void put_base64(FILE* out, const Stream* stream) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (stream->size == 0) fputc('-', out);
  for (size_t at = 0; at < stream->size; at += 3) {
    unsigned group = 0;
    for (size_t index = 0; index < 3; ++index) group = group << 8 | (at + index < stream->size ? (unsigned char)stream->data[at + index] : 0);
    for (size_t index = 0; index < 4; ++index) fputc(at + index <= stream->size ? digits[group >> (18 - 6 * index) & 63] : '=', out);
  }
}

static void run_case(long number, Case* one) {
  printf("@@start %ld\n", number);
  fflush(stdout);
  remount();
  Stream output, errors;
  int output_ends[2], errors_ends[2], status = 0;
  make_pipe(&output, output_ends);
  make_pipe(&errors, errors_ends);
  long start = now();
  pid_t pid = fork();
  check(pid, "fork");
  if (pid == 0) run_program(one->words, output_ends, errors_ends);
  close(output_ends[1]);
  close(errors_ends[1]);
  int has_ended = wait_for(pid, &output, &errors, start + one->limit, &status);
  long duration = now() - start;
  kill(-1, SIGKILL);
  reap(0, &status, 0);
  while (output.fd >= 0) take(&output);
  while (errors.fd >= 0) take(&errors);
  check(chdir("/"), "/");
  printf("@@case %ld ", number);
  if (has_ended) printf("%d", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
  else printf("limit");
  printf(" %ld ", duration);
  put_base64(stdout, &output);
  putchar(' ');
  put_base64(stdout, &errors);
  putchar('\n');
  fflush(stdout);
  free(output.data);
  free(errors.data);
}

int main(int count, char** arguments) {
  struct termios settings;
  check(tcgetattr(1, &settings), "the console");
  cfmakeraw(&settings);
  check(tcsetattr(1, TCSANOW, &settings), "the console");
  long first = count > 1 ? strtol(arguments[1], NULL, 10) : 0;
  check(pipe2(child_ended, O_CLOEXEC | O_NONBLOCK), "pipe");
  check(sigaction(SIGCHLD, &(struct sigaction){.sa_handler = note_child}, NULL), "SIGCHLD");
  read_list();
  read_who();
  Case one;
  for (long number = 0; read_case(&one); ++number)
    if (number >= first) run_case(number, &one);
  printf("@@end\n");
  fflush(stdout);
  tcdrain(1);
  reboot(RB_POWER_OFF);
  return 1;
}
