// fcntl(2) leases: who may have one, what breaks it, what the holder and the opener see, how long it lasts.
#include "files.h"

#include <time.h>

static void show_lease(const char* what, int fd) { printf("%s: lease %d\n", what, fcntl(fd, F_GETLEASE)); }

// The next signal of `number`, which comes: its code, and whether it names `fd`.
static void show_signal(int number, int fd) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  siginfo_t info;
  CHECK(sigwaitinfo(&set, &info) == number);
  if (info.si_code == SI_KERNEL) printf("signal %d from the kernel\n", number);
  else printf("signal %d code %d band %lx for %s\n", number, info.si_code, (long)info.si_band, info.si_fd == fd ? "it" : "another");
}

static void block(int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
}

static void who_may(void) {
  int reader = open("f", O_RDONLY);
  show_lease("fresh", reader);
  SHOW(fcntl(reader, F_SETLEASE, F_UNLCK));
  SHOW(fcntl(reader, F_SETLEASE, 7));
  SHOW(fcntl(reader, F_SETLEASE, F_RDLCK));
  show_lease("reader", reader);
  int copy = dup(reader);
  show_lease("its copy", copy);
  int second = open("f", O_RDONLY);
  SHOW(fcntl(second, F_SETLEASE, F_RDLCK));
  SHOW(fcntl(second, F_SETLEASE, F_WRLCK));
  SHOW(fcntl(reader, F_SETLEASE, F_WRLCK));
  close(second);
  SHOW(fcntl(reader, F_SETLEASE, F_WRLCK));
  show_lease("reader", copy);
  SHOW(fcntl(copy, F_SETLEASE, F_RDLCK));
  SHOW(fcntl(copy, F_SETLEASE, F_UNLCK));
  show_lease("reader", reader);
  close(copy);
  close(reader);
  int both = open("f", O_RDWR);
  SHOW(fcntl(both, F_SETLEASE, F_RDLCK));
  SHOW(fcntl(both, F_SETLEASE, F_WRLCK));
  show_lease("both", both);
  SHOW(fcntl(both, F_SETLEASE, F_RDLCK));
  show_lease("both", both);
  close(both);
  reader = open("f", O_RDONLY);
  int writer = open("f", O_WRONLY);
  SHOW(fcntl(reader, F_SETLEASE, F_RDLCK));
  SHOW(fcntl(writer, F_SETLEASE, F_WRLCK));
  close(reader);
  SHOW(fcntl(writer, F_SETLEASE, F_WRLCK));
  close(writer);
  int ends[2];
  CHECK(pipe(ends) == 0);
  SHOW(fcntl(ends[0], F_SETLEASE, F_RDLCK));
  SHOW(fcntl(open(".", O_RDONLY), F_SETLEASE, F_RDLCK));
  SHOW(fcntl(open("f", O_PATH), F_SETLEASE, F_RDLCK));
  SHOW(fcntl(open("f", O_PATH), F_GETLEASE));
  SHOW(fcntl(-1, F_GETLEASE));
  close(ends[0]), close(ends[1]);
}

static void other_user(void) {
  int fd = open("f", O_RDONLY);
  SHOW(fcntl(fd, F_SETLEASE, F_RDLCK));
  SHOW(fcntl(fd, F_SETLEASE, F_UNLCK));
  SHOW(fcntl(fd, F_GETLEASE));
}

// An open that may not wait, and that only begins the break.
static void without_waiting(void) {
  block(SIGIO);
  block(40);
  int holder = open("f", O_RDONLY);
  SHOW(fcntl(holder, F_SETLEASE, F_RDLCK));
  printf("owner is %s\n", fcntl(holder, F_GETOWN) == getpid() ? "this" : "another");
  int second = open("f", O_RDONLY | O_NONBLOCK);
  SHOW_OK(second);
  close(second);
  SHOW(open("f", O_WRONLY | O_NONBLOCK));
  show_lease("broken", holder);
  show_signal(SIGIO, holder);
  SHOW(open("f", O_RDWR | O_NONBLOCK));
  SHOW(fcntl(holder, F_SETLEASE, F_RDLCK));
  SHOW(fcntl(open("f", O_RDONLY), F_SETLEASE, F_RDLCK));
  SHOW(fcntl(holder, F_SETLEASE, F_UNLCK));
  printf("owner %d\n", fcntl(holder, F_GETOWN));
  SHOW_OK(open("f", O_WRONLY | O_NONBLOCK));
}

static void weaker(void) {
  block(SIGIO);
  block(40);
  int holder = open("g", O_RDONLY | O_CREAT, 0644);
  SHOW(fcntl(holder, F_SETSIG, 40));
  SHOW(fcntl(holder, F_SETLEASE, F_WRLCK));
  SHOW(open("g", O_RDONLY | O_NONBLOCK));
  show_lease("weakened", holder);
  show_signal(40, holder);
  SHOW(open("g", O_RDONLY | O_NONBLOCK));
  SHOW(fcntl(holder, F_SETLEASE, F_RDLCK));
  show_lease("weaker", holder);
  SHOW_OK(open("g", O_RDONLY | O_NONBLOCK));
  SHOW(open("g", O_RDONLY | O_TRUNC | O_NONBLOCK) == -1);
  SHOW(fcntl(holder, F_GETSIG));
  SHOW(open("g", O_RDONLY | O_APPEND | O_NONBLOCK) == -1);
  SHOW(open("g", O_WRONLY | O_TRUNC | O_NONBLOCK));
  show_signal(40, holder);
  SHOW(fcntl(holder, F_SETLEASE, F_UNLCK));
  printf("signal %d\n", fcntl(holder, F_GETSIG));
}

// The opener waits until the holder, which hears of it, lets go.
static void waiting(int flags, bool truncates, int then) {
  int go[2];
  CHECK(pipe(go) == 0);
  fflush(stdout);
  block(SIGIO);
  int holder = open("f", O_RDONLY);
  SHOW(fcntl(holder, F_SETLEASE, (flags & O_ACCMODE) == O_RDONLY ? F_WRLCK : F_RDLCK));
  pid_t opener = fork();
  CHECK(opener >= 0);
  if (opener == 0) {
    close(holder);
    int fd = truncates ? truncate("f", 2) : open("f", flags);
    int error = errno;
    char told;
    CHECK(read(go[0], &told, 1) == 1);  // the holder's lines come first
    errno = error;
    printf("%s: %s\n", truncates ? "truncated" : "opened", fd < 0 ? error_name(errno) : "ok");
    fflush(stdout);
    _exit(0);
  }
  show_signal(SIGIO, holder);
  show_lease("holder", holder);
  wait_until_asleep(opener);
  printf("letting go\n");
  fflush(stdout);
  if (then >= 0) SHOW(fcntl(holder, F_SETLEASE, then));
  else close(holder);
  CHECK(write(go[1], "", 1) == 1);
  int status;
  CHECK(waitpid(opener, &status, 0) == opener);
  show_status("opener", status);
  close(holder);
  close(go[0]), close(go[1]);
}

static void ignore(int signal) { (void)signal; }

static void interrupted(void) {
  block(SIGIO);
  int holder = open("f", O_RDONLY);
  SHOW(fcntl(holder, F_SETLEASE, F_WRLCK));
  pid_t opener = fork();
  if (opener == 0) {
    struct sigaction action = {.sa_handler = ignore};
    sigaction(SIGALRM, &action, NULL);
    ualarm(100000, 100000);  // again and again: the first may come before the open
    SHOW(open("f", O_WRONLY));
    ualarm(0, 0);
    _exit(0);
  }
  show_signal(SIGIO, holder);
  int status;
  CHECK(waitpid(opener, &status, 0) == opener);
  show_status("opener", status);
  show_lease("still", holder);
}

static void forked(void) {
  int holder = open("f", O_RDONLY);
  SHOW(fcntl(holder, F_SETLEASE, F_RDLCK));
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    show_lease("child", holder);
    close(holder);
    _exit(0);
  }
  CHECK(waitpid(child, NULL, 0) == child);
  show_lease("parent", holder);
  SHOW(rename("f", "h"));
  SHOW(chmod("h", 0600));
  SHOW(link("h", "f"));
  SHOW(unlink("h"));
  show_lease("after names changed", holder);
  close(holder);
  int writer = open("f", O_WRONLY | O_NONBLOCK);
  SHOW_OK(writer);
  SHOW(fcntl(writer, F_SETLEASE, F_WRLCK));
}

static void mapped(void) {
  show_contents("/proc/sys/fs/leases-enable");
  int fd = open("f", O_RDWR);
  SHOW(ftruncate(fd, 1));
  SHOW(fcntl(fd, F_SETLEASE, F_WRLCK));
  SHOW(ftruncate(fd, 3));
  show_lease("after ftruncate", fd);
}

int main(void) {
  require_root();
  enter_fresh_directory();
  put("f", "contents");
  CHECK(chmod(".", 0777) == 0);
  who_may();
  as_user(1000, 1000, other_user);
  show_status("without waiting", in_child(without_waiting));
  show_status("weaker", in_child(weaker));
  waiting(O_WRONLY, false, F_UNLCK);
  waiting(O_RDWR | O_TRUNC, false, -1);
  waiting(O_RDONLY, false, F_RDLCK);
  waiting(0, true, F_UNLCK);
  show_contents("f");
  show_status("interrupted", in_child(interrupted));
  show_status("forked", in_child(forked));
  show_status("mapped", in_child(mapped));
}
