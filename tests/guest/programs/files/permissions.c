// What users without rights may do: permission bits, groups, sticky directories, set-user-ID bits, owners, access(2) with real ids.
#include "files.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

enum { alice = 1001, bob = 1002, staff = 50, other = 60 };

static void make(const char* path, mode_t mode, uid_t uid, gid_t gid) {
  put(path, "content");
  CHECK(chown(path, uid, gid) == 0 && chmod(path, mode) == 0);
}

static void make_directory(const char* path, mode_t mode, uid_t uid, gid_t gid) {
  CHECK(mkdir(path, 0777) == 0);
  CHECK(chown(path, uid, gid) == 0 && chmod(path, mode) == 0);
}

static void try_all(const char* path) {
  printf("%s:", path);
  static const int modes[] = {R_OK, W_OK, X_OK, R_OK | W_OK};
  for (size_t index = 0; index < COUNT(modes); ++index) printf(" %d=%s", modes[index], access(path, modes[index]) ? error_name(errno) : "ok");
  int fd = open(path, O_RDONLY);
  printf(" read %s", fd < 0 ? error_name(errno) : "ok");
  if (fd >= 0) close(fd);
  fd = open(path, O_WRONLY);
  printf(" write %s\n", fd < 0 ? error_name(errno) : "ok");
  if (fd >= 0) close(fd);
}

static void bits(void) {
  try_all("own");
  try_all("own_none");
  try_all("own_only_others");
  try_all("group");
  try_all("group_none");
  try_all("others");
  try_all("roots");
  try_all("closed/file");
  try_all("no_search/file");
  try_all("no_read/file");
  try_all("no_read");
  SHOW(open("no_read", O_RDONLY | O_DIRECTORY) >= 0);
  SHOW(open("no_read", O_PATH) >= 0);
  SHOW(open("roots", O_PATH) >= 0);
  SHOW(open("own", O_RDONLY | O_NOATIME) >= 0);
  SHOW(open("others", O_RDONLY | O_NOATIME) >= 0);
  SHOW(chdir("no_search"));
  SHOW(chdir("no_read"));
  SHOW(chdir(".."));
  SHOW(execl("own", "own", NULL));
  SHOW(execl("roots", "roots", NULL));
}

static void owners(void) {
  SHOW(chmod("own", 0700));
  SHOW(chmod("others", 0700));
  SHOW(chmod("group", 0700));
  SHOW(chown("own", alice, staff));
  SHOW(chown("own", -1, -1));
  SHOW(chown("own", bob, -1));
  SHOW(chown("own", -1, other));
  SHOW(chown("own", 0, 0));
  SHOW(chown("others", -1, -1));
  SHOW(chown("others", alice, -1));
  SHOW(chmod("own", 06755));
  show_stat("own");
  SHOW(chown("own", -1, -1));
  show_stat("own");
  CHECK(chmod("own", 0644) == 0);
  SHOW(chmod("own_other_group", 02755));
  show_stat("own_other_group");
  struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}}, half[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}}, given[2] = {{1, 0}, {1, 0}};
  SHOW(utimensat(AT_FDCWD, "own", given, 0));
  SHOW(utimensat(AT_FDCWD, "writable", now, 0));
  SHOW(utimensat(AT_FDCWD, "writable", NULL, 0));
  SHOW(utimensat(AT_FDCWD, "writable", half, 0));
  SHOW(utimensat(AT_FDCWD, "writable", given, 0));
  SHOW(utimensat(AT_FDCWD, "others", now, 0));
  SHOW(utimensat(AT_FDCWD, "others", given, 0));
  SHOW(utimensat(AT_FDCWD, "own_none", now, 0));
  SHOW(truncate("others", 0));
  SHOW(truncate("writable", 1));
  SHOW(mknod("open/device", S_IFCHR | 0666, 0x103));
  SHOW(mknod("open/fifo", S_IFIFO | 0666, 0));
  SHOW(mount("x", "open", "tmpfs", 0, NULL));
  SHOW(chroot("open"));
}

static void directories(void) {
  SHOW(mkdir("closed/new", 0755));
  SHOW(mkdir("read_only/new", 0755));
  SHOW(unlink("read_only/file"));
  SHOW(rename("read_only/file", "open/file"));
  SHOW(rename("open/mine", "read_only/file"));
  SHOW(link("read_only/file", "open/linked"));
  SHOW(link("roots", "open/linked2"));
  SHOW(symlink("x", "read_only/link"));
  SHOW(rmdir("read_only/sub"));
  SHOW(open("read_only/new", O_CREAT | O_WRONLY, 0644) >= 0);
  SHOW(open("read_only/file", O_CREAT | O_RDONLY, 0644) >= 0);
  SHOW(open("read_only", O_TMPFILE | O_RDWR, 0644) >= 0);
  SHOW(rename("read_only", "open/moved"));
  SHOW(rename("open/dir", "open/dir2"));
  SHOW(rename("open/theirs", "open/sub/theirs"));
}

static void sticky(void) {
  SHOW(unlink("sticky/theirs"));
  SHOW(rmdir("sticky/their_dir"));
  SHOW(rename("sticky/theirs", "sticky/taken"));
  SHOW(rename("sticky/mine", "sticky/theirs"));
  SHOW(rename("sticky/mine", "sticky/renamed"));
  SHOW(open("sticky/new", O_CREAT | O_WRONLY, 0644) >= 0);
  SHOW(unlink("sticky/new"));
  SHOW(unlink("sticky/renamed"));
  SHOW(unlink("my_sticky/theirs"));
}

static void set_bits(void) {
  int fd = open("suid", O_WRONLY | O_APPEND);
  CHECK(fd >= 0);
  show_stat("suid");
  SHOW(write(fd, "x", 1));
  show_stat("suid");
  SHOW(chmod("suid2", 06755));
  SHOW(truncate("suid2", 3));
  show_stat("suid2");
  CHECK(chmod("suid2", 06745) == 0);
  fd = open("suid2", O_WRONLY);
  SHOW(ftruncate(fd, 2));
  show_stat("suid2");
  SHOW(open("inherit/file", O_CREAT | O_WRONLY, 02775) >= 0);
  SHOW(mkdir("inherit/dir", 0755));
  struct stat info;
  CHECK(stat("inherit/file", &info) == 0);
  printf("file: mode %o uid %d gid %d\n", info.st_mode, info.st_uid, info.st_gid);
  CHECK(stat("inherit/dir", &info) == 0);
  printf("dir: mode %o uid %d gid %d\n", info.st_mode, info.st_uid, info.st_gid);
  SHOW(mkdir("open/own_dir", 07777));
  show_stat("open/own_dir");
}

static void real_ids(void) {
  CHECK(setresuid(alice, bob, 0) == 0);
  SHOW(access("own", W_OK));
  SHOW(faccessat(AT_FDCWD, "own", W_OK, AT_EACCESS));
  SHOW(access("bobs", W_OK));
  SHOW(faccessat(AT_FDCWD, "bobs", W_OK, AT_EACCESS));
  SHOW(open("bobs", O_WRONLY) >= 0);
}

static void with_groups(void) {
  fflush(stdout);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    gid_t groups[] = {staff, other};
    CHECK(setgroups(2, groups) == 0 && setresgid(70, 70, 70) == 0 && setresuid(bob, bob, bob) == 0);
    try_all("group");
    try_all("group_none");
    SHOW(chown("bobs", -1, staff));
    SHOW(chown("bobs", -1, other));
    SHOW(chown("bobs", -1, 71));
    SHOW(chmod("bobs", 02755));
    show_stat("bobs");
    fflush(stdout);
    _exit(0);
  }
  int status;
  CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(void) {
  require_root();
  enter_fresh_directory();
  CHECK(chmod(".", 0755) == 0);
  umask(0);
  make("own", 0644, alice, staff);
  make("own_none", 0000, alice, staff);
  make("own_only_others", 0077, alice, staff);
  make("own_other_group", 0755, alice, other);
  make("group", 0060, bob, staff);
  make("group_none", 0606, bob, staff);
  make("others", 0604, bob, other);
  make("writable", 0666, bob, other);
  make("roots", 0600, 0, 0);
  make("bobs", 0600, bob, other);
  make("suid", 06777, bob, other);
  make("suid2", 0755, alice, staff);
  make_directory("closed", 0700, bob, other);
  make("closed/file", 0666, alice, staff);
  make_directory("no_search", 0666, alice, staff);
  make("no_search/file", 0666, alice, staff);
  make_directory("no_read", 0111, bob, other);
  make("no_read/file", 0666, alice, staff);
  make_directory("read_only", 0555, bob, other);
  make("read_only/file", 0666, alice, staff);
  make_directory("read_only/sub", 0777, alice, staff);
  make_directory("open", 0777, bob, other);
  make("open/mine", 0644, alice, staff);
  make("open/theirs", 0600, bob, other);
  make_directory("open/sub", 0755, alice, staff);
  make_directory("open/dir", 0000, bob, other);
  make_directory("sticky", 01777, bob, other);
  make("sticky/theirs", 0666, 1003, other);
  make("sticky/mine", 0666, alice, staff);
  make_directory("sticky/their_dir", 0777, 1003, other);
  make_directory("my_sticky", 01777, alice, staff);
  make("my_sticky/theirs", 0600, bob, other);
  make_directory("inherit", 02777, bob, other);
  as_user(alice, staff, bits);
  as_user(alice, staff, owners);
  as_user(alice, staff, directories);
  as_user(alice, staff, sticky);
  as_user(alice, staff, set_bits);
  show_status("real ids", in_child(real_ids));
  with_groups();
  return 0;
}
