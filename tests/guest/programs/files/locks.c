// fcntl(2) record locks, open file description locks, flock(2): who is in whose way, splitting and joining, what ends them.
#include "files.h"

#include <sys/file.h>

#ifndef F_OFD_GETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#define F_OFD_SETLKW 38
#endif

static int set(int fd, int command, short type, off_t start, off_t length) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  return fcntl(fd, command, &lock);
}

static pid_t parent;

static void get(int fd, int command, short type, off_t start, off_t length) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  if (fcntl(fd, command, &lock) != 0) {
    printf("get %d [%ld, +%ld): %s\n", type, (long)start, (long)length, error_name(errno));
    return;
  }
  printf("get %d [%ld, +%ld): type %d", type, (long)start, (long)length, lock.l_type);
  if (lock.l_type != F_UNLCK)
    printf(" whence %d start %ld length %ld pid %s", lock.l_whence, (long)lock.l_start, (long)lock.l_len,
           lock.l_pid == parent ? "parent" : lock.l_pid == -1 ? "-1" : "other");
  printf("\n");
}

static int shared_fd;

// What another process sees of the parent's locks.
static void look(void) {
  int fd = open("f", O_RDWR);
  for (off_t at = 0; at < 60; at += 10) get(fd, F_GETLK, F_WRLCK, at, 10);
  get(fd, F_GETLK, F_RDLCK, 0, 0);
  get(fd, F_GETLK, F_WRLCK, 100, 0);
}

static void records(void) {
  int fd = open("f", O_RDWR);
  SHOW(set(fd, F_SETLK, F_WRLCK, 0, 50));
  SHOW(set(fd, F_SETLK, F_RDLCK, 10, 10));
  SHOW(set(fd, F_SETLK, F_UNLCK, 30, 10));
  show_status("look", in_child(look));
  SHOW(set(fd, F_SETLK, F_WRLCK, 5, 40));
  SHOW(set(fd, F_SETLK, F_WRLCK, 100, 0));
  show_status("look", in_child(look));
  get(fd, F_GETLK, F_WRLCK, 0, 0);
  SHOW(set(fd, F_SETLK, F_UNLCK, 0, 0));
  show_status("look", in_child(look));
}

static void ranges(void) {
  int fd = open("f", O_RDWR);
  CHECK(lseek(fd, 20, SEEK_SET) == 20);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_start = -5, .l_len = 10};
  SHOW(fcntl(fd, F_SETLK, &lock));
  lock.l_whence = SEEK_END, lock.l_start = -2, lock.l_len = -3;
  SHOW(fcntl(fd, F_SETLK, &lock));
  show_status("look", in_child(look));
  SHOW(set(fd, F_SETLK, F_WRLCK, -1, 10));
  SHOW(set(fd, F_SETLK, F_WRLCK, 5, -5));
  SHOW(set(fd, F_SETLK, F_WRLCK, 5, -6));
  SHOW(set(fd, F_SETLK, F_WRLCK, INT64_MAX, 1));
  SHOW(set(fd, F_SETLK, F_WRLCK, INT64_MAX, 2));
  lock = (struct flock){.l_type = F_WRLCK, .l_whence = 7};
  SHOW(fcntl(fd, F_SETLK, &lock));
  SHOW(set(fd, F_SETLK, 9, 0, 1));
  lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -1000};
  SHOW(fcntl(fd, F_SETLK, &lock));
  SHOW(fcntl(fd, F_SETLK, (void*)8));
  get(fd, F_GETLK, F_UNLCK, 0, 1);
  SHOW(set(open("f", O_RDONLY), F_SETLK, F_WRLCK, 0, 1));
  SHOW(set(open("f", O_WRONLY), F_SETLK, F_RDLCK, 0, 1));
  SHOW(set(open("f", O_PATH), F_SETLK, F_RDLCK, 0, 1));
  SHOW(set(-1, F_SETLK, F_RDLCK, 0, 1));
  int ends[2];
  CHECK(pipe(ends) == 0);
  SHOW(set(ends[0], F_SETLK, F_RDLCK, 0, 1));
  SHOW(set(fd, F_SETLK, F_UNLCK, 0, 0));
}

static void try_to_lock(void) {
  int fd = open("f", O_RDWR);
  SHOW(set(fd, F_SETLK, F_WRLCK, 0, 1));
  SHOW(set(fd, F_SETLK, F_RDLCK, 0, 1));
}

// Any close of the file by the process ends its record locks; fork does not hand them on.
static void ends(void) {
  int fd = open("f", O_RDWR), other = open("f", O_RDONLY);
  SHOW(set(fd, F_SETLK, F_RDLCK, 0, 10));
  show_status("try", in_child(try_to_lock));
  close(other);
  show_status("try", in_child(try_to_lock));
  SHOW(set(fd, F_SETLK, F_WRLCK, 0, 10));
  shared_fd = fd;
  show_status("try", in_child(try_to_lock));
  close(dup(fd));
  show_status("try", in_child(try_to_lock));
}

static void hold_and_exit(void) {
  int fd = open("f", O_RDWR);
  CHECK(set(fd, F_SETLK, F_WRLCK, 0, 10) == 0);
  write(shared_fd, "x", 1);
  wait_until_asleep(getppid());
}

static void waiting(void) {
  int pipe_ends[2];
  CHECK(pipe(pipe_ends) == 0);
  shared_fd = pipe_ends[1];
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    hold_and_exit();
    _exit(0);
  }
  char byte;
  CHECK(read(pipe_ends[0], &byte, 1) == 1);
  int fd = open("f", O_RDWR);
  SHOW(set(fd, F_SETLK, F_WRLCK, 5, 1));
  SHOW(set(fd, F_SETLKW, F_WRLCK, 5, 1));
  waitpid(pid, NULL, 0);
  SHOW(set(fd, F_SETLK, F_UNLCK, 0, 0));
}

// Two processes that wait for each other.
static void deadlock(void) {
  int to_child[2], to_parent[2];
  char byte;
  CHECK(pipe(to_child) == 0 && pipe(to_parent) == 0);
  int fd = open("f", O_RDWR);
  CHECK(set(fd, F_SETLK, F_WRLCK, 0, 1) == 0);
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    int own = open("f", O_RDWR);
    CHECK(set(own, F_SETLK, F_WRLCK, 1, 1) == 0);
    write(to_parent[1], "x", 1);
    _exit(set(own, F_SETLKW, F_WRLCK, 0, 1) == 0 ? 3 : errno);
  }
  CHECK(read(to_parent[0], &byte, 1) == 1);
  wait_until_asleep(pid);
  int result = set(fd, F_SETLKW, F_WRLCK, 1, 1);
  printf("the second to wait: %s\n", result ? error_name(errno) : "ok");
  SHOW(set(fd, F_SETLK, F_UNLCK, 0, 0));
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  printf("the first: %d\n", WEXITSTATUS(status));
}

static void try_description(void) {
  int fd = open("f", O_RDWR);
  SHOW(set(fd, F_OFD_SETLK, F_WRLCK, 0, 1));
  SHOW(set(shared_fd, F_OFD_SETLK, F_WRLCK, 0, 1));
  get(fd, F_OFD_GETLK, F_WRLCK, 0, 0);
  get(fd, F_GETLK, F_WRLCK, 0, 0);
}

static void descriptions(void) {
  int one = open("f", O_RDWR), two = open("f", O_RDWR);
  shared_fd = one;
  SHOW(set(one, F_OFD_SETLK, F_WRLCK, 0, 10));
  SHOW(set(two, F_OFD_SETLK, F_RDLCK, 0, 10));
  SHOW(set(two, F_OFD_SETLK, F_RDLCK, 10, 10));
  SHOW(set(two, F_SETLK, F_WRLCK, 0, 10));
  SHOW(set(one, F_SETLK, F_WRLCK, 0, 10));
  show_status("try", in_child(try_description));
  close(dup(one));
  SHOW(set(two, F_OFD_SETLK, F_RDLCK, 0, 10));
  struct flock lock = {.l_type = F_WRLCK, .l_pid = 5};
  SHOW(fcntl(one, F_OFD_SETLK, &lock));
  close(one);
  SHOW(set(two, F_OFD_SETLK, F_WRLCK, 0, 0));
  close(two);
}

static void try_flock(void) {
  int fd = open("f", O_RDONLY);
  SHOW(flock(fd, LOCK_SH | LOCK_NB));
  SHOW(flock(fd, LOCK_EX | LOCK_NB));
  SHOW(flock(shared_fd, LOCK_EX | LOCK_NB));
}

static void whole_files(void) {
  int one = open("f", O_RDONLY), two = open("f", O_RDWR);
  SHOW(flock(one, LOCK_EX));
  SHOW(flock(one, LOCK_EX));
  SHOW(flock(two, LOCK_SH | LOCK_NB));
  SHOW(flock(one, LOCK_SH));
  SHOW(flock(two, LOCK_SH | LOCK_NB));
  SHOW(flock(two, LOCK_EX | LOCK_NB));
  // A conversion that fails has lost the old lock.
  SHOW(flock(one, LOCK_EX | LOCK_NB));
  SHOW(flock(two, LOCK_UN));
  SHOW(flock(one, LOCK_EX | LOCK_NB));
  shared_fd = one;
  show_status("try", in_child(try_flock));
  close(dup(one));
  SHOW(flock(two, LOCK_SH | LOCK_NB));
  close(one);
  SHOW(flock(two, LOCK_SH | LOCK_NB));
  SHOW(flock(two, LOCK_UN));
  SHOW(flock(two, LOCK_UN));
  SHOW(flock(two, 0));
  SHOW(flock(two, LOCK_NB));
  SHOW(flock(two, LOCK_SH | LOCK_EX));
  SHOW(flock(-1, LOCK_SH));
  SHOW(flock(open("f", O_PATH), LOCK_SH));
  SHOW(flock(open(".", O_RDONLY), LOCK_EX | LOCK_NB));
  SHOW(flock(open("/dev/null", O_RDONLY), LOCK_EX | LOCK_NB));
  int pipe_ends[2];
  CHECK(pipe(pipe_ends) == 0);
  SHOW(flock(pipe_ends[0], LOCK_EX | LOCK_NB));
  SHOW(flock(pipe_ends[1], LOCK_EX | LOCK_NB));
}

static void on_alarm(int signal) {}

static void interrupted_flock(void) {
  int one = open("f", O_RDONLY), two = open("f", O_RDONLY);
  struct sigaction action = {.sa_handler = on_alarm};
  CHECK(sigaction(SIGALRM, &action, NULL) == 0);
  CHECK(flock(one, LOCK_EX) == 0);
  ualarm(20000, 20000);  // again and again: the first may come before there is anything to interrupt
  SHOW(flock(two, LOCK_EX));
  CHECK(set(one, F_OFD_SETLK, F_RDLCK, 0, 0) == 0);
  SHOW(set(open("f", O_RDWR), F_OFD_SETLKW, F_WRLCK, 0, 0));
  ualarm(0, 0);
}

int main(void) {
  enter_fresh_directory();
  umask(022);
  put("f", "0123456789012345678901234567890123456789");
  parent = getpid();
  records();
  ranges();
  ends();
  waiting();
  deadlock();
  descriptions();
  whole_files();
  interrupted_flock();
  return 0;
}
