// open(2): combinations of flags on every kind of object, and what the description remembers.
#include "files.h"

static void show_open(const char* path, int flags, const char* names) {
  int fd = open(path, flags, 0644);
  printf("open(%s, %s) = %s", path, names, fd < 0 ? error_name(errno) : "ok");
  if (fd >= 0) {
    printf(" flags %o", fcntl(fd, F_GETFL) & ~0100000);
    close(fd);
  }
  printf("\n");
}

#define OPEN(path, flags) show_open(path, flags, #flags)

static void make_objects(void) {
  CHECK(mkdir("dir", 0755) == 0);
  put("file", "content");
  put("dir/inner", "x");
  CHECK(mkfifo("fifo", 0644) == 0);
  CHECK(symlink("file", "link") == 0);
  CHECK(symlink("dir", "dirlink") == 0);
  CHECK(symlink("none", "dangling") == 0);
  CHECK(symlink("loop", "loop") == 0);
  CHECK(symlink("dir/", "slashlink") == 0);
  CHECK(symlink("file/", "badslash") == 0);
}

static void access_modes(void) {
  OPEN("file", O_RDONLY);
  OPEN("file", O_WRONLY);
  OPEN("file", O_RDWR);
  OPEN("file", 3);
  OPEN("file", O_RDONLY | O_TRUNC);
  OPEN("file", O_APPEND | O_WRONLY);
  OPEN("file", O_NONBLOCK | O_SYNC);
  OPEN("file", O_DSYNC | O_NOATIME);
  OPEN("file", O_CREAT);
  OPEN("file", O_CREAT | O_EXCL);
  OPEN("file", O_EXCL);
  OPEN("dir", O_RDONLY);
  OPEN("dir", O_WRONLY);
  OPEN("dir", O_RDWR);
  OPEN("dir", 3);
  OPEN("dir", O_RDONLY | O_TRUNC);
  OPEN("dir", O_RDONLY | O_APPEND);
  OPEN("dir", O_CREAT);
  OPEN("dir", O_CREAT | O_EXCL);
  OPEN("dir", O_DIRECTORY);
  OPEN("dir", O_DIRECTORY | O_WRONLY);
}

static void links_and_slashes(void) {
  OPEN("link", O_RDONLY);
  OPEN("link", O_NOFOLLOW);
  OPEN("link", O_CREAT | O_NOFOLLOW);
  OPEN("link", O_CREAT | O_EXCL);
  OPEN("link", O_DIRECTORY);
  OPEN("link", O_DIRECTORY | O_NOFOLLOW);
  OPEN("link/", O_RDONLY);
  OPEN("dirlink", O_NOFOLLOW);
  OPEN("dirlink", O_DIRECTORY | O_NOFOLLOW);
  OPEN("dirlink/", O_NOFOLLOW);
  OPEN("dirlink/", O_DIRECTORY | O_NOFOLLOW);
  OPEN("dirlink/.", O_NOFOLLOW);
  OPEN("slashlink", O_RDONLY);
  OPEN("slashlink", O_NOFOLLOW);
  OPEN("badslash", O_RDONLY);
  OPEN("dangling", O_RDONLY);
  OPEN("dangling", O_NOFOLLOW);
  OPEN("dangling", O_CREAT | O_EXCL | O_WRONLY);
  OPEN("dangling/", O_CREAT | O_WRONLY);
  OPEN("dangling", O_CREAT | O_WRONLY);
  OPEN("none", O_RDONLY);
  OPEN("loop", O_RDONLY);
  OPEN("loop", O_NOFOLLOW);
  OPEN("loop", O_CREAT);
  OPEN("loop", O_CREAT | O_EXCL);
  OPEN("loop/x", O_RDONLY);
  OPEN("file/", O_RDONLY);
  OPEN("file/.", O_RDONLY);
  OPEN("file/x", O_RDONLY);
  OPEN("file/x", O_CREAT);
  OPEN("dir/", O_RDONLY);
  OPEN("dir/", O_CREAT);
  OPEN("new/", O_CREAT);
  OPEN("new/", O_RDONLY);
  OPEN("none2/x", O_CREAT);
  OPEN(".", O_RDONLY);
  OPEN("..", O_DIRECTORY);
  OPEN(".", O_CREAT);
  OPEN("..", O_CREAT | O_EXCL);
  OPEN("dir/.", O_CREAT);
  OPEN("", O_RDONLY);
  OPEN("", O_CREAT);
}

static void path_descriptions(void) {
  OPEN("file", O_PATH);
  OPEN("file", O_PATH | O_RDWR);
  OPEN("file", O_PATH | O_CREAT);
  OPEN("file", O_PATH | O_TRUNC | O_APPEND);
  OPEN("none3", O_PATH | O_CREAT);
  OPEN("link", O_PATH | O_NOFOLLOW);
  OPEN("link", O_PATH);
  OPEN("dir", O_PATH | O_DIRECTORY);
  OPEN("file", O_PATH | O_DIRECTORY);
  OPEN("loop", O_PATH | O_NOFOLLOW);
  OPEN("fifo", O_PATH);
  int fd = open("file", O_PATH);
  char byte;
  struct stat info;
  SHOW(read(fd, &byte, 1));
  SHOW(write(fd, "x", 1));
  SHOW(lseek(fd, 0, SEEK_SET));
  SHOW(ftruncate(fd, 0));
  SHOW(syscall(SYS_fchmod, fd, 0600));
  SHOW(syscall(SYS_fchown, fd, -1, -1));
  SHOW(fsync(fd));
  SHOW(fstat(fd, &info));
  SHOW(fcntl(fd, F_GETFD));
  SHOW(fcntl(fd, F_SETFL, O_NONBLOCK));
  SHOW(fcntl(fd, F_GETFL) == (O_PATH | 0));
  SHOW(fchdir(fd));
  SHOW(fcntl(fd, F_GETLK, &(struct flock){.l_type = F_RDLCK}));
  SHOW_OK(dup(fd));
  SHOW(openat(fd, "x", O_RDONLY));
  SHOW(fstatat(fd, "", &info, AT_EMPTY_PATH));
  SHOW(openat(fd, "", O_RDONLY));
  int dir = open("dir", O_PATH);
  SHOW_OK(openat(dir, "inner", O_RDONLY));
  SHOW(fchdir(dir));
  SHOW(chdir(".."));
  int link = open("link", O_PATH | O_NOFOLLOW);
  char text[16] = "";
  SHOW(readlinkat(link, "", text, sizeof text));
  printf("%s\n", text);
  SHOW(fstat(link, &info));
  printf("is a link: %d\n", S_ISLNK(info.st_mode));
  SHOW(openat(link, "", O_PATH));
}

static void specials(void) {
  OPEN("fifo", O_RDONLY | O_NONBLOCK);
  OPEN("fifo", O_WRONLY | O_NONBLOCK);
  OPEN("fifo", O_RDWR);
  OPEN("fifo", O_RDWR | O_TRUNC);
  OPEN("fifo", O_DIRECTORY);
  OPEN("fifo", O_CREAT | O_EXCL);
  OPEN("/dev/null", O_CREAT | O_WRONLY | O_TRUNC);
  OPEN("/dev/null", O_DIRECTORY);
  OPEN("/dev/null/", O_RDONLY);
}

static void unnamed(void) {
  OPEN(".", O_TMPFILE | O_RDWR);
  OPEN(".", O_TMPFILE);
  OPEN(".", O_TMPFILE | O_WRONLY | O_EXCL);
  OPEN("file", O_TMPFILE | O_RDWR);
  OPEN("none4", O_TMPFILE | O_RDWR);
  OPEN(".", O_TMPFILE | O_RDWR | O_CREAT);
  OPEN("dirlink", O_TMPFILE | O_RDWR);
  OPEN("dirlink", O_TMPFILE | O_RDWR | O_NOFOLLOW);
  OPEN("dir", (O_TMPFILE & ~O_DIRECTORY) | O_RDWR);
  OPEN("dir", O_DIRECTORY | O_CREAT);
  OPEN("brandnew", O_DIRECTORY | O_CREAT);
  int fd = open(".", O_TMPFILE | O_RDWR, 0640);
  struct stat info;
  CHECK(fstat(fd, &info) == 0);
  printf("links %ld mode %o\n", (long)info.st_nlink, info.st_mode);
  CHECK(write(fd, "later", 5) == 5);
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  SHOW(linkat(AT_FDCWD, name, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
  SHOW(linkat(AT_FDCWD, name, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
  SHOW(linkat(AT_FDCWD, name, AT_FDCWD, "other", 0));
  CHECK(fstat(fd, &info) == 0);
  printf("links %ld\n", (long)info.st_nlink);
  show_contents("named");
  close(fd);
  fd = open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600);
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  SHOW(linkat(AT_FDCWD, name, AT_FDCWD, "exclusive", AT_SYMLINK_FOLLOW));
  SHOW(linkat(fd, "", AT_FDCWD, "exclusive", AT_EMPTY_PATH));
}

static void set_flags(void) {
  int fd = open("file", O_RDWR);
  int other = dup(fd);
  SHOW(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK | O_WRONLY | O_CREAT | O_TRUNC));
  printf("%o\n", fcntl(other, F_GETFL) & ~0100000);
  SHOW(fcntl(fd, F_SETFL, 0));
  printf("%o\n", fcntl(other, F_GETFL) & ~0100000);
  SHOW(fcntl(fd, F_SETFD, 5));
  SHOW(fcntl(fd, F_GETFD));
  SHOW(fcntl(fd, F_SETFD, 4));
  SHOW(fcntl(fd, F_GETFD));
  SHOW(fcntl(fd, 9999));
  SHOW(fcntl(-1, F_GETFL));
  SHOW(fcntl(fd, F_SETFL, O_NOATIME));
  printf("%o\n", fcntl(other, F_GETFL) & ~0100000);
}

int main(void) {
  enter_fresh_directory();
  umask(022);
  make_objects();
  access_modes();
  links_and_slashes();
  path_descriptions();
  specials();
  unnamed();
  set_flags();
  show_directory(".");
  return 0;
}
