// F_NOTIFY of fcntl(2) ("dnotify"): what tells of what, once and many times, by which signal, and what ends it.
#include "files.h"

#include <time.h>

static int directory;

// How many signals of `number` there are, all about `directory`.
static int count_signals(int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  siginfo_t info;
  struct timespec none = {0, 0};
  int count = 0;
  for (; sigtimedwait(&set, &info, &none) == number; ++count)
    if (info.si_code != SI_KERNEL && (info.si_fd != directory || info.si_code != POLL_MSG || info.si_band != 0x441))
      printf("fd %d code %d band %lx\n", info.si_fd, info.si_code, (long)info.si_band);
  return count;
}

static void show_signals(const char* after) { printf("%s: %d\n", after, count_signals(40)); }

static void arm(uint32_t what) {
  if (fcntl(directory, F_NOTIFY, 0) != 0 || fcntl(directory, F_NOTIFY, what) != 0) printf("F_NOTIFY: %s\n", error_name(errno));
}

static void do_everything(void) {
  put("d/new", "1");
  show_signals("created and written");
  show_contents("d/new");
  show_signals("read");
  CHECK(chmod("d/new", 0600) == 0);
  show_signals("mode changed");
  CHECK(rename("d/new", "d/other") == 0);
  show_signals("renamed");
  CHECK(rename("d/other", "away") == 0);
  show_signals("moved away");
  CHECK(rename("away", "d/back") == 0);
  show_signals("moved back");
  CHECK(unlink("d/back") == 0);
  show_signals("removed");
  CHECK(mkdir("d/sub", 0755) == 0);
  show_signals("directory made");
  CHECK(chmod("d", 0700) == 0);
  show_signals("itself changed");
  show_directory("d");
  show_signals("itself listed");
  CHECK(rmdir("d/sub") == 0);
  show_signals("directory removed");
}

static void each_event(void) {
  static const struct {
    uint32_t what;
    const char* name;
  } events[] = {{DN_ACCESS, "access"}, {DN_MODIFY, "modify"}, {DN_CREATE, "create"},
                {DN_DELETE, "delete"}, {DN_RENAME, "rename"}, {DN_ATTRIB, "attrib"}};
  for (size_t index = 0; index < COUNT(events); ++index) {
    printf("--- %s\n", events[index].name);
    arm(events[index].what | DN_MULTISHOT);
    do_everything();
  }
}

static void once(void) {
  printf("--- once\n");
  arm(DN_CREATE | DN_DELETE);
  put("d/a", "");
  show_signals("first");
  CHECK(unlink("d/a") == 0);
  show_signals("second");
  arm(DN_CREATE);
  CHECK(fcntl(directory, F_NOTIFY, DN_DELETE | DN_MULTISHOT) == 0);
  put("d/a", "");
  CHECK(unlink("d/a") == 0);
  show_signals("added");
  CHECK(fcntl(directory, F_NOTIFY, DN_MULTISHOT) == 0);
  put("d/a", "");
  CHECK(unlink("d/a") == 0);
  show_signals("ended");
}

static void plain_signal(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGIO);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  int other = open("d", O_RDONLY);
  CHECK(fcntl(other, F_NOTIFY, DN_CREATE) == 0);
  printf("owner is %s\n", fcntl(other, F_GETOWN) == getpid() ? "this" : "another");
  put("d/b", "");
  printf("by SIGIO: %d\n", count_signals(SIGIO));
  CHECK(unlink("d/b") == 0);
  close(other);
}

static void closing(void) {
  int copy = dup(directory);
  arm(DN_CREATE | DN_MULTISHOT);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    close(directory);
    close(copy);
    _exit(0);
  }
  CHECK(waitpid(child, NULL, 0) == child);
  put("d/c", "");
  show_signals("closed in a child");
  close(copy);  // any descriptor of the file, as on Linux
  CHECK(unlink("d/c") == 0);
  put("d/c", "");
  show_signals("closed");
  arm(DN_CREATE | DN_MULTISHOT);
  CHECK(dup2(0, directory) == directory);
  CHECK(unlink("d/c") == 0);
  put("d/c", "");
  show_signals("replaced");
}

static void errors(void) {
  int file = open("f", O_RDONLY);
  SHOW(fcntl(file, F_NOTIFY, DN_CREATE));
  SHOW(fcntl(file, F_NOTIFY, 0));
  SHOW(fcntl(-1, F_NOTIFY, DN_CREATE));
  SHOW(fcntl(open("d", O_PATH), F_NOTIFY, DN_CREATE));
  int ends[2];
  CHECK(pipe(ends) == 0);
  SHOW(fcntl(ends[0], F_NOTIFY, DN_CREATE));
}

int main(void) {
  enter_fresh_directory();
  put("f", "");
  CHECK(mkdir("d", 0755) == 0);
  directory = open("d", O_RDONLY);
  CHECK(fcntl(directory, F_SETSIG, 40) == 0);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, 40);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  errors();
  each_event();
  once();
  plain_signal();
  closing();
}
