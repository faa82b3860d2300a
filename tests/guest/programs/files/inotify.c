// inotify(7): which events there are, in which order, with which names; flags of watches; the queue; what ends a watch.
#include "files.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#ifndef IN_MASK_CREATE
#define IN_MASK_CREATE 0x10000000
#endif

static int queue;
// Renames of other programs take cookies, too: they are numbered as they come.
static uint32_t last_cookie, cookies;

static void show_mask(uint32_t mask) {
  static const struct {
    uint32_t bit;
    const char* name;
  } names[] = {
#define NAME(bit) {IN_##bit, #bit}
      NAME(ACCESS), NAME(MODIFY), NAME(ATTRIB),      NAME(CLOSE_WRITE), NAME(CLOSE_NOWRITE), NAME(OPEN),       NAME(MOVED_FROM), NAME(MOVED_TO),
      NAME(CREATE), NAME(DELETE), NAME(DELETE_SELF), NAME(MOVE_SELF),   NAME(UNMOUNT),       NAME(Q_OVERFLOW), NAME(IGNORED),    NAME(ISDIR),
#undef NAME
  };
  for (size_t index = 0; index < COUNT(names); ++index)
    if (mask & names[index].bit) printf(" %s", names[index].name);
}

// What has happened since the last time.
static void show_events(const char* after) {
  _Alignas(struct inotify_event) static char buffer[65536];
  printf("%s:\n", after);
  for (ssize_t size; (size = read(queue, buffer, sizeof buffer)) > 0;) {
    for (ssize_t at = 0; at < size;) {
      const struct inotify_event* event = (const void*)(buffer + at);
      printf("  %d", event->wd);
      show_mask(event->mask);
      if (event->len) printf(" \"%s\" (%u)", event->name, event->len);
      if (event->cookie) {
        if (event->cookie != last_cookie) last_cookie = event->cookie, ++cookies;
        printf(" cookie %u", cookies);
      }
      printf("\n");
      at += (ssize_t)(sizeof *event + event->len);
    }
  }
}

static int watch(const char* path, uint32_t mask) {
  int number = inotify_add_watch(queue, path, mask);
  if (number < 0) printf("watch %s: %s\n", path, error_name(errno));
  else printf("watch %s: %d\n", path, number);
  return number;
}

static void fresh_queue(void) {
  close(queue);
  queue = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  CHECK(queue >= 0);
}

static void errors(void) {
  SHOW(inotify_init1(1));
  int other = open("f", O_RDONLY);
  SHOW(inotify_add_watch(other, "f", IN_OPEN));
  SHOW(inotify_add_watch(-1, "f", IN_OPEN));
  SHOW(inotify_add_watch(queue, "f", 0));
  SHOW(inotify_add_watch(queue, "f", 0x00100000));
  SHOW(inotify_add_watch(queue, "f", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE));
  SHOW(inotify_add_watch(queue, "missing", IN_OPEN));
  SHOW(inotify_add_watch(queue, "", IN_OPEN));
  SHOW(inotify_add_watch(queue, (char*)8, IN_OPEN));
  SHOW(inotify_add_watch(queue, "f", IN_OPEN | IN_ONLYDIR));
  SHOW(inotify_rm_watch(queue, 1));
  SHOW(inotify_rm_watch(other, 1));
  SHOW(inotify_rm_watch(-1, 1));
  SHOW(write(queue, "x", 1));
  SHOW(pwrite(queue, "x", 1, 0));
  SHOW(lseek(queue, 5, SEEK_SET));
  SHOW(fcntl(queue, F_GETFL) == O_NONBLOCK);
  char byte;
  SHOW(read(queue, &byte, 1));
  close(other);
}

static void contents(void) {
  fresh_queue();
  watch(".", IN_ALL_EVENTS);
  watch("f", IN_ALL_EVENTS);
  int fd = open("f", O_RDWR);
  char bytes[16];
  CHECK(read(fd, bytes, sizeof bytes) > 0);
  CHECK(read(fd, bytes, sizeof bytes) == 0);
  CHECK(write(fd, "more", 4) == 4);
  CHECK(pwrite(fd, "a", 1, 0) == 1);
  CHECK(pread(fd, bytes, 0, 0) == 0);
  CHECK(ftruncate(fd, 3) == 0);
  close(fd);
  show_events("read and written");
  CHECK(truncate("f", 1) == 0);
  CHECK(chmod("f", 0600) == 0);
  CHECK(chown("f", -1, -1) == 0);
  CHECK(chown("f", 0, 0) == 0);
  show_events("changed");
  struct timespec times[2] = {{1, 0}, {2, 0}};
  CHECK(utimensat(AT_FDCWD, "f", times, 0) == 0);
  times[0].tv_nsec = UTIME_OMIT;
  CHECK(utimensat(AT_FDCWD, "f", times, 0) == 0);
  times[0].tv_nsec = 0, times[1].tv_nsec = UTIME_OMIT;
  CHECK(utimensat(AT_FDCWD, "f", times, 0) == 0);
  show_events("times");
  fd = open("f", O_PATH);
  close(fd);
  fd = open("f", O_RDONLY);
  int copy = dup(fd);
  close(fd);
  show_events("duplicated");
  close(copy);
  show_events("closed");
  fd = open(".", O_RDONLY | O_DIRECTORY);
  char entries[1024];
  CHECK(syscall(SYS_getdents64, fd, entries, sizeof entries) > 0);
  close(fd);
  show_events("listed");
  fd = open("f", O_RDWR);
  void* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(page != MAP_FAILED);
  *(volatile char*)page = 'x';
  CHECK(posix_fallocate(fd, 0, 100) == 0);
  close(fd);
  show_events("mapped");
  munmap(page, 4096);
  show_events("unmapped");
}

static void names(void) {
  fresh_queue();
  watch(".", IN_ALL_EVENTS);
  CHECK(mkdir("d", 0755) == 0);
  watch("d", IN_ALL_EVENTS);
  int fd = open("n", O_CREAT | O_WRONLY, 0644);
  close(fd);
  show_events("created");
  watch("n", IN_ALL_EVENTS);
  CHECK(symlink("n", "s") == 0);
  CHECK(mkfifo("p", 0600) == 0);
  CHECK(link("n", "l") == 0);
  show_events("named");
  CHECK(rename("n", "m") == 0);
  show_events("renamed");
  CHECK(rename("m", "d/m") == 0);
  show_events("moved");
  CHECK(rename("d", "e") == 0);
  show_events("directory renamed");
  CHECK(unlink("s") == 0);
  CHECK(unlink("l") == 0);
  CHECK(unlink("p") == 0);
  show_events("names removed");
  CHECK(unlink("e/m") == 0);
  show_events("last name removed");
  CHECK(rmdir("e") == 0);
  show_events("directory removed");
}

static void replaced(void) {
  fresh_queue();
  put("one", "1");
  put("two", "2");
  watch("one", IN_ALL_EVENTS);
  watch("two", IN_ALL_EVENTS);
  int watched = watch(".", IN_ALL_EVENTS);
  CHECK(syscall(SYS_renameat2, AT_FDCWD, "one", AT_FDCWD, "two", 2) == 0);
  show_events("exchanged");
  CHECK(rename("one", "two") == 0);
  show_events("replaced");
  int fd = open("two", O_RDONLY);
  CHECK(unlink("two") == 0);
  show_events("removed while open");
  char byte;
  CHECK(read(fd, &byte, 1) == 1);
  close(fd);
  show_events("closed");
  SHOW(inotify_rm_watch(queue, watched));
  SHOW(inotify_rm_watch(queue, watched));
  show_events("watch removed");
}

static void flags(void) {
  fresh_queue();
  put("x", "");
  CHECK(symlink("x", "y") == 0);
  int number = watch("x", IN_OPEN);
  printf("again: %d\n", watch("y", IN_CLOSE) - number);
  printf("by another name: %d\n", watch("y", IN_CLOSE | IN_DONT_FOLLOW) - number);
  watch("x", IN_OPEN | IN_MASK_CREATE);
  close(open("x", O_RDONLY));
  show_events("replaced");
  watch("x", IN_OPEN | IN_MASK_ADD);
  close(open("x", O_RDONLY));
  show_events("added");
  watch("x", IN_OPEN | IN_CLOSE | IN_ONESHOT);
  close(open("x", O_RDONLY));
  show_events("once");
  watch("x", IN_OPEN);
  watch(".", IN_ALL_EVENTS | IN_EXCL_UNLINK);
  int fd = open("x", O_RDWR);
  CHECK(unlink("x") == 0);
  CHECK(write(fd, "1", 1) == 1);
  CHECK(ftruncate(fd, 10) == 0);  // about the file, not through it
  CHECK(fchmod(fd, 0600) == 0);
  close(fd);
  show_events("without the unlinked");
  watch(".", IN_CREATE | IN_ONLYDIR);
  close(open("z", O_CREAT | O_WRONLY, 0644));
  close(open("z", O_CREAT | O_WRONLY, 0644));
  show_events("only created");
}

static void the_queue(void) {
  fresh_queue();
  put("q", "1");
  watch("q", IN_ALL_EVENTS);
  struct pollfd ready = {.fd = queue, .events = POLLIN | POLLOUT};
  printf("ready: %d\n", poll(&ready, 1, 0));
  int set = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  CHECK(epoll_ctl(set, EPOLL_CTL_ADD, queue, &event) == 0);
  printf("by epoll: %d\n", epoll_wait(set, &event, 1, 0));
  int fd = open("q", O_RDWR);
  for (int count = 0; count < 5; ++count) CHECK(pwrite(fd, "2", 1, 0) == 1);
  for (int count = 0; count < 3; ++count) CHECK(pread(fd, &event, 1, 0) == 1);
  printf("ready: %d", poll(&ready, 1, 0));
  printf(" %x\n", ready.revents);
  printf("by epoll: %d\n", epoll_wait(set, &event, 1, 0));
  int bytes = -1;
  SHOW(ioctl(queue, FIONREAD, &bytes));
  printf("%d bytes\n", bytes);
  struct inotify_event two[3];
  SHOW(read(queue, two, 15));
  SHOW(read(queue, two, 16));
  SHOW(read(queue, two, 47));
  show_events("rest");
  SHOW(read(queue, two, 32));
  watch(".", IN_CREATE | IN_OPEN);
  close(open("a-name-of-sixteen", O_CREAT | O_WRONLY, 0644));
  close(open("fifteen-letters", O_CREAT | O_WRONLY, 0644));
  SHOW(ioctl(queue, FIONREAD, &bytes));
  printf("%d bytes\n", bytes);
  SHOW(read(queue, two, 32));
  show_events("names");
  close(fd);
  close(set);
}

static void later(void) {
  wait_until_asleep(getppid());
  put("late", "");
}

static void blocking(void) {
  close(queue);
  queue = inotify_init1(0);
  watch(".", IN_CREATE);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    later();
    _exit(0);
  }
  char buffer[64];
  SHOW(read(queue, buffer, sizeof buffer));
  CHECK(waitpid(child, NULL, 0) == child);
}

int main(void) {
  require_root();
  enter_fresh_directory();
  queue = inotify_init1(IN_NONBLOCK);
  put("f", "contents");
  errors();
  contents();
  names();
  replaced();
  flags();
  the_queue();
  blocking();
}
