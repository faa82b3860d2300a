// link(2), unlink(2), symlink(2), readlink(2), mkdir(2), rmdir(2), mknod(2): errors, trailing slashes, long names, what the inode says.
#include "files.h"

#include <sys/sysmacros.h>

static char long_name[300], long_path[5000];

static void make_objects(void) {
  CHECK(mkdir("dir", 0755) == 0 && mkdir("dir/sub", 0755) == 0 && mkdir("empty", 0755) == 0);
  put("file", "content");
  CHECK(symlink("file", "link") == 0 && symlink("dir", "dirlink") == 0 && symlink("none", "dangling") == 0);
  CHECK(symlink("loop2", "loop1") == 0 && symlink("loop1", "loop2") == 0);
}

static void making_directories(void) {
  SHOW(mkdir("file", 0755));
  SHOW(mkdir("file/x", 0755));
  SHOW(mkdir("none/x", 0755));
  SHOW(mkdir("new/", 0755));
  SHOW(mkdir("new2//", 0755));
  SHOW(mkdir("new3/.", 0755));
  SHOW(mkdir("new3/..", 0755));
  SHOW(mkdir(".", 0755));
  SHOW(mkdir("..", 0755));
  SHOW(mkdir("/", 0755));
  SHOW(mkdir("", 0755));
  SHOW(mkdir("dirlink", 0755));
  SHOW(mkdir("dirlink/", 0755));
  SHOW(mkdir("dangling", 0755));
  SHOW(mkdir("dangling/", 0755));
  SHOW(mkdir("loop1/x", 0755));
  SHOW(mkdir(long_name, 0755));
  long_name[255] = '\0';
  SHOW(mkdir(long_name, 0755));
  SHOW(rmdir(long_name));
  long_name[255] = 'n';
  SHOW(mkdir(long_path, 0755));
  SHOW(mkdir("mode", 07777));
  show_stat("mode");
  umask(077);
  SHOW(mkdir("mode2", 01777));
  show_stat("mode2");
  umask(022);
}

static void removing_directories(void) {
  SHOW(rmdir("dir"));
  SHOW(rmdir("file"));
  SHOW(rmdir("file/"));
  SHOW(rmdir("none"));
  SHOW(rmdir("."));
  SHOW(rmdir(".."));
  SHOW(rmdir("empty/."));
  SHOW(rmdir("empty/.."));
  SHOW(rmdir("/"));
  SHOW(rmdir(""));
  SHOW(rmdir("dirlink"));
  SHOW(rmdir("dirlink/"));
  SHOW(rmdir("dirlink/sub/"));
  SHOW(rmdir("empty///"));
  SHOW(unlinkat(AT_FDCWD, "new", AT_REMOVEDIR));
  SHOW(unlinkat(AT_FDCWD, "new2", 0));
  SHOW(unlinkat(AT_FDCWD, "new2", 1));
  show_stat("dir");
  CHECK(mkdir("gone", 0755) == 0);
  int fd = open("gone", O_RDONLY);
  CHECK(chdir("gone") == 0);
  SHOW(rmdir("../gone"));
  char text[64];
  SHOW(syscall(SYS_getcwd, text, sizeof text));
  SHOW(mkdir("x", 0755));
  SHOW(open("y", O_CREAT | O_WRONLY, 0644));
  SHOW(symlink("a", "z"));
  SHOW(openat(fd, ".", O_RDONLY) >= 0);
  struct stat info;
  SHOW(fstat(fd, &info));
  printf("links %ld\n", (long)info.st_nlink);
  SHOW(stat("..", &info));
  SHOW(chdir(".."));
  SHOW(access("file", F_OK));
}

static void unlinking(void) {
  SHOW(unlink("dir"));
  SHOW(unlink("dir/"));
  SHOW(unlink("none"));
  SHOW(unlink("file/"));
  SHOW(unlink("file/x"));
  SHOW(unlink("link/"));
  SHOW(unlink("dirlink/"));
  SHOW(unlink("."));
  SHOW(unlink(""));
  SHOW(unlink("/"));
  SHOW(unlink("dangling"));
  SHOW(unlink("loop1/x"));
  SHOW(unlink("loop1"));
  SHOW(unlink(long_name));
  SHOW(unlinkat(-1, "x", 0));
  SHOW(unlinkat(AT_FDCWD, "x", 0x80000));
  int fd = open("kept", O_CREAT | O_RDWR, 0644);
  CHECK(write(fd, "abc", 3) == 3);
  SHOW(unlink("kept"));
  struct stat info;
  CHECK(fstat(fd, &info) == 0);
  printf("links %ld size %ld\n", (long)info.st_nlink, (long)info.st_size);
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  SHOW(linkat(AT_FDCWD, name, AT_FDCWD, "again", AT_SYMLINK_FOLLOW));
}

static void linking(void) {
  SHOW(link("file", "hard"));
  SHOW(link("file", "hard"));
  SHOW(link("none", "x"));
  SHOW(link("dir", "x"));
  SHOW(link("file", "dir"));
  SHOW(link("file", "dir/inner"));
  SHOW(link("file", "new/"));
  SHOW(link("file/", "x"));
  SHOW(link("file", "none/x"));
  SHOW(link("file", "file/x"));
  SHOW(link("link", "linked"));
  SHOW(linkat(AT_FDCWD, "link", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
  SHOW(linkat(AT_FDCWD, "link", AT_FDCWD, "x", 0x10));
  SHOW(link("loop2", "loop3"));
  SHOW(linkat(AT_FDCWD, "loop2", AT_FDCWD, "x", AT_SYMLINK_FOLLOW));
  SHOW(link("", "x"));
  SHOW(link("file", ""));
  SHOW(link("file", "."));
  SHOW(link("file", "link"));
  SHOW(link("/dev/null", "x"));
  SHOW(link("file", "/dev/x"));
  int fd = open("file", O_RDONLY);
  SHOW(linkat(fd, "", AT_FDCWD, "by_descriptor", AT_EMPTY_PATH));
  SHOW(linkat(fd, "", AT_FDCWD, "x", 0));
  show_stat("file");
  show_stat("linked");
  show_stat("followed");
  SHOW(unlink("hard"));
  show_stat("file");
}

static void symlinks(void) {
  char text[16];
  SHOW(symlink("target", "sym"));
  SHOW(symlink("target", "sym"));
  SHOW(symlink("", "emptylink"));
  SHOW(symlink("target", ""));
  SHOW(symlink("target", "dir"));
  SHOW(symlink("target", "symslash/"));
  SHOW(symlink("target", "none/x"));
  SHOW(symlink(long_path, "x"));
  long_path[4096] = '\0';
  SHOW(symlink(long_path, "x"));
  long_path[4095] = '\0';
  SHOW(symlink(long_path, "longlink"));
  show_stat("longlink");
  SHOW(open("longlink", O_RDONLY));
  long_path[4095] = long_path[4096] = 'p';
  SHOW(syscall(SYS_readlinkat, AT_FDCWD, "sym", text, 0));
  SHOW(readlink("sym", text, 3));
  SHOW(readlink("sym", text, sizeof text));
  SHOW(readlink("file", text, sizeof text));
  SHOW(readlink("dir", text, sizeof text));
  SHOW(readlink("none", text, sizeof text));
  SHOW(readlink("", text, sizeof text));
  SHOW(readlink("sym/", text, sizeof text));
  SHOW(readlink("dirlink/", text, sizeof text));
  SHOW(readlink("loop2", text, sizeof text));
  SHOW(syscall(SYS_readlinkat, AT_FDCWD, "sym", NULL, 4));
  show_stat("sym");
  SHOW(chmod("sym", 0600));
  SHOW(fchmodat(AT_FDCWD, "sym", 0600, 0));
}

static void nodes(void) {
  SHOW(mknod("fifo", S_IFIFO | 0644, 0));
  SHOW(mknod("fifo", S_IFIFO | 0644, 0));
  SHOW(mknod("regular", S_IFREG | 0604, 0));
  SHOW(mknod("plain", 0640, 77));
  SHOW(mknod("socket", S_IFSOCK | 0755, 0));
  SHOW(mknod("x", S_IFDIR | 0755, 0));
  SHOW(mknod("x", S_IFLNK | 0755, 0));
  SHOW(mknod("x", 0170000 | 0755, 0));
  SHOW(mknod("x/", S_IFIFO | 0755, 0));
  SHOW(mknod("dir", S_IFIFO | 0755, 0));
  SHOW(mknod("file/x", S_IFIFO | 0755, 0));
  SHOW(open("socket", O_RDONLY));
  show_stat("fifo");
  show_stat("regular");
  show_stat("plain");
  show_stat("socket");
}

static void deep_paths(void) {
  for (int index = 0; index < 20; ++index) {
    char name[16], target[16];
    snprintf(name, sizeof name, "chain%d", index + 1);
    snprintf(target, sizeof target, "chain%d", index);
    CHECK(symlink(target, name) == 0);
  }
  put("chain0", "end");
  for (int index = 21; index <= 41; ++index) {
    char name[16], target[16];
    snprintf(name, sizeof name, "chain%d", index);
    snprintf(target, sizeof target, "chain%d", index - 1);
    CHECK(symlink(target, name) == 0);
  }
  SHOW_OK(open("chain39", O_RDONLY));
  SHOW_OK(open("chain40", O_RDONLY));
  SHOW_OK(open("chain41", O_RDONLY));
  // Five levels with links each: the count is of all in one walk.
  CHECK(symlink("chain20", "level1") == 0);
  CHECK(mkdir("deep", 0755) == 0 && symlink("../chain15", "deep/in") == 0);
  SHOW_OK(open("deep/in", O_RDONLY));
  char path[4200];
  memset(path, '/', sizeof path);
  strcpy(path + 4086, "dev/null");
  SHOW_OK(open(path, O_RDONLY));
  memmove(path + 1, path, 4095);
  SHOW_OK(open(path, O_RDONLY));
  strcpy(path, "./");
  for (int at = 2; at < 4090; at += 2) strcpy(path + at, "./");
  strcpy(path + 4088, "file");
  SHOW_OK(open(path, O_RDONLY));
  strcpy(path + 4090, "./file");
  SHOW_OK(open(path, O_RDONLY));
}

int main(void) {
  enter_fresh_directory();
  umask(022);
  memset(long_name, 'n', sizeof long_name - 1);
  memset(long_path, 'p', sizeof long_path - 1);
  make_objects();
  making_directories();
  removing_directories();
  linking();
  symlinks();
  nodes();
  deep_paths();
  unlinking();
  show_directory(".");
  return 0;
}
