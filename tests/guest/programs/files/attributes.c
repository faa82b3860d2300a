// stat(2), statx(2), utimensat(2), chmod(2), chown(2), umask(2), access(2) by root: fields, times, flags, who may change what of a link.
#include "files.h"

#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <time.h>

static struct stat info;

static void show_times(const char* path) {
  CHECK(lstat(path, &info) == 0);
  printf("%s: %lld.%09ld %lld.%09ld\n", path, (long long)info.st_atim.tv_sec, info.st_atim.tv_nsec, (long long)info.st_mtim.tv_sec,
         info.st_mtim.tv_nsec);
}

static long set_times(const char* path, int64_t a, int64_t an, int64_t m, int64_t mn, int flags) {
  struct {
    int64_t seconds, nanoseconds;
  } times[2] = {{a, an}, {m, mn}};
  return syscall(SYS_utimensat, AT_FDCWD, path, times, flags);
}

static void times(void) {
  SHOW(set_times("f", 100, 5, 200, 999999999, 0));
  show_times("f");
  SHOW(set_times("f", 0, UTIME_OMIT, 300, 1, 0));
  show_times("f");
  SHOW(set_times("f", 400, 2, 0, UTIME_OMIT, 0));
  show_times("f");
  SHOW(set_times("f", 1, 1000000000, 0, 0, 0));
  SHOW(set_times("f", 1, -1, 0, 0, 0));
  SHOW(set_times("f", 1, 0, 0, 1000000000, 0));
  SHOW(set_times("none", 0, UTIME_OMIT, 0, UTIME_OMIT, 0));
  SHOW(set_times("none", 0, 0, 0, 0, 0));
  SHOW(set_times("link", 10, 0, 20, 0, AT_SYMLINK_NOFOLLOW));
  show_times("link");
  show_times("f");
  SHOW(set_times("link", 11, 0, 21, 0, 0));
  show_times("f");
  SHOW(set_times("dangling", 11, 0, 21, 0, 0));
  SHOW(set_times("dangling", 12, 0, 22, 0, AT_SYMLINK_NOFOLLOW));
  show_times("dangling");
  SHOW(set_times("f", -100, 500, -1, 1, 0));
  show_times("f");
  SHOW(set_times("f", 1, 0, 1, 0, 0x8000));
  SHOW(set_times("", 1, 0, 1, 0, 0));
  int fd = open("f", O_RDONLY);
  SHOW(syscall(SYS_utimensat, fd, NULL, NULL, 0));
  SHOW(syscall(SYS_utimensat, fd, NULL, NULL, AT_SYMLINK_NOFOLLOW));
  SHOW(syscall(SYS_utimensat, AT_FDCWD, NULL, NULL, 0));
  SHOW(syscall(SYS_utimensat, -1, NULL, NULL, 0));
  SHOW(syscall(SYS_utimensat, fd, "", NULL, AT_EMPTY_PATH));
  int path = open("f", O_PATH);
  SHOW(syscall(SYS_utimensat, path, NULL, NULL, 0));
  SHOW(syscall(SYS_utimensat, path, "", NULL, AT_EMPTY_PATH));
  CHECK(set_times("f", 1000, 0, 1000, 0, 0) == 0);
  CHECK(stat("f", &info) == 0);
  printf("ctime is new: %d\n", info.st_ctim.tv_sec > 1000000000);
}

// What changes which time.
static void changes(void) {
  CHECK(mkdir("d", 0755) == 0);
  struct stat before;
#define CHANGES(path, action)                                                                                              \
  do {                                                                                                                     \
    CHECK(set_times(path, 1000, 0, 2000, 0, 0) == 0 && stat(path, &before) == 0);                                          \
    usleep(20000);                                                                                                         \
    action;                                                                                                                \
    CHECK(stat(path, &info) == 0);                                                                                         \
    printf("%s: a %d m %d c %d\n", #action, info.st_atim.tv_sec != 1000, info.st_mtim.tv_sec != 2000,                      \
           info.st_ctim.tv_sec != before.st_ctim.tv_sec || info.st_ctim.tv_nsec != before.st_ctim.tv_nsec);                \
  } while (0)
  int fd = open("f", O_RDWR);
  char byte;
  CHANGES("f", CHECK(read(fd, &byte, 1) == 1));
  CHANGES("f", CHECK(pread(fd, &byte, 1, 10000) == 0));
  CHANGES("f", CHECK(write(fd, "x", 1) == 1));
  CHANGES("f", CHECK(write(fd, "x", 0) == 0));
  CHANGES("f", CHECK(chmod("f", 0644) == 0));
  CHANGES("f", CHECK(chown("f", -1, -1) == 0));
  CHANGES("f", CHECK(chown("f", 0, 0) == 0));
  CHANGES("f", CHECK(link("f", "hard") == 0));
  CHANGES("f", CHECK(rename("hard", "hard2") == 0));
  CHANGES("f", CHECK(unlink("hard2") == 0));
  CHANGES("f", CHECK(truncate("f", 3) == 0));
  CHANGES("f", CHECK(truncate("f", 3) == 0));
  CHANGES("f", CHECK(ftruncate(fd, 3) == 0));
  CHANGES("f", CHECK(close(open("f", O_WRONLY | O_TRUNC)) == 0));
  CHANGES("f", CHECK(close(open("f", O_WRONLY | O_TRUNC)) == 0));
  CHANGES("f", CHECK(fallocate(fd, 0, 0, 10) == 0));
  CHANGES("d", put("d/new", ""));
  CHANGES("d", put("d/new", "more"));
  CHANGES("d", CHECK(rename("d/new", "d/new2") == 0));
  CHANGES("d", CHECK(unlink("d/new2") == 0));
  CHANGES("d", CHECK(mkdir("d/sub", 0755) == 0));
  CHANGES("d", CHECK(rename("d/sub", "sub") == 0));
  CHANGES("d", CHECK(closedir(opendir("d")) == 0));
  CHANGES("d", show_directory("d"));
  CHANGES("d", CHECK(unlink("d/none") != 0));
}

static void modes(void) {
  SHOW(chmod("f", 07777));
  show_stat("f");
  SHOW(chmod("f", 0177777));
  show_stat("f");
  SHOW(chmod("link", 0600));
  show_stat("f");
  show_stat("link");
  SHOW(chmod("none", 0600));
  SHOW(chmod("f/", 0600));
  SHOW(chmod("", 0600));
  SHOW(syscall(SYS_fchmodat, AT_FDCWD, "link", 0640));
  SHOW(fchmod(open("f", O_RDONLY), 06755));
  show_stat("f");
  SHOW(chown("f", 1, 2));
  show_stat("f");
  CHECK(chmod("f", 06745) == 0);
  SHOW(chown("f", -1, 3));
  show_stat("f");
  CHECK(chmod("f", 02745) == 0);
  SHOW(chown("f", -1, -1));
  show_stat("f");
  CHECK(chmod("d", 07777) == 0);
  SHOW(chown("d", 5, 6));
  show_stat("d");
  SHOW(lchown("link", 7, 8));
  CHECK(lstat("link", &info) == 0);
  printf("link %d %d\n", info.st_uid, info.st_gid);
  CHECK(stat("f", &info) == 0);
  printf("f %d %d\n", info.st_uid, info.st_gid);
  SHOW(fchownat(AT_FDCWD, "", 0, 0, AT_EMPTY_PATH));
  SHOW(fchownat(AT_FDCWD, "f", 0, 0, 0x8000));
  SHOW(fchownat(AT_FDCWD, "f", 0, 0, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
  SHOW(umask(0123456) >= 0);
  printf("%o\n", umask(022));
}

static void set_bits_on_write(void) {
  int fd = open("suid", O_CREAT | O_RDWR, 0755);
  CHECK(fchmod(fd, 06755) == 0);
  SHOW(write(fd, "x", 1));
  show_stat("suid");
  SHOW(ftruncate(fd, 0));
  show_stat("suid");
}

static void statuses(void) {
  CHECK(lstat("link", &info) == 0);
  printf("link size %ld\n", (long)info.st_size);
  put("sized", "12345");
  CHECK(stat("sized", &info) == 0);
  printf("size %ld blocks %ld block size %ld links %ld\n", (long)info.st_size, (long)info.st_blocks, (long)info.st_blksize, (long)info.st_nlink);
  CHECK(stat("/dev/null", &info) == 0);
  printf("null %d:%d mode %o\n", major(info.st_rdev), minor(info.st_rdev), info.st_mode);
  SHOW(stat("sized/", &info));
  SHOW(stat("", &info));
  SHOW(stat("none", &info));
  SHOW(lstat("loop", &info));
  SHOW(stat("loop", &info));
  SHOW(syscall(SYS_newfstatat, AT_FDCWD, "sized", &info, 0x8000));
  SHOW(syscall(SYS_newfstatat, AT_FDCWD, "", &info, AT_EMPTY_PATH));
  SHOW(syscall(SYS_newfstatat, AT_FDCWD, "sized", &info, AT_NO_AUTOMOUNT));
  SHOW(syscall(SYS_newfstatat, AT_FDCWD, "sized", (void*)8, 0));
  SHOW(syscall(SYS_newfstatat, AT_FDCWD, (void*)8, &info, 0));
  SHOW(syscall(SYS_newfstatat, -1, "sized", &info, 0));
  SHOW(syscall(SYS_newfstatat, -1, "/dev/null", &info, 0));
  SHOW(syscall(SYS_newfstatat, open("sized", O_RDONLY), "x", &info, 0));
  SHOW(fstat(-1, &info));
  struct statfs volume;
  SHOW(statfs("sized", &volume));
  printf("block size %ld name length %ld\n", (long)volume.f_bsize, (long)volume.f_namelen);
  SHOW(statfs("none", &volume));
  SHOW(statfs("sized/x", &volume));
  SHOW(fstatfs(-1, &volume));
}

static void extended(void) {
  struct {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, uid, gid;
    uint16_t mode, padding;
    uint64_t inode, size, blocks, attributes_mask;
    struct {
      int64_t seconds;
      uint32_t nanoseconds, padding;
    } times[4];
    uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
    uint64_t rest[14];
  } x;
  _Static_assert(sizeof x == 256, "statx");
  SHOW(syscall(SYS_statx, AT_FDCWD, "sized", 0, 0x7ff, &x));
  CHECK(stat("sized", &info) == 0);
  printf("basic %x links %d mode %o size %ld blocks %ld same inode %d\n", x.mask & 0x7ff, x.links, x.mode, (long)x.size, (long)x.blocks,
         x.inode == info.st_ino);
  printf("same times %d device %d\n", x.times[3].seconds == info.st_mtim.tv_sec && x.times[3].nanoseconds == info.st_mtim.tv_nsec,
         makedev(x.dev_major, x.dev_minor) == info.st_dev);
  SHOW(syscall(SYS_statx, AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, 0x7ff, &x));
  printf("mode %o\n", x.mode);
  SHOW(syscall(SYS_statx, AT_FDCWD, "/dev/null", 0, 0, &x));
  printf("%d:%d\n", x.rdev_major, x.rdev_minor);
  SHOW(syscall(SYS_statx, open("sized", O_PATH), "", AT_EMPTY_PATH, 0x7ff, &x));
  SHOW(syscall(SYS_statx, AT_FDCWD, "", 0, 0x7ff, &x));
  SHOW(syscall(SYS_statx, AT_FDCWD, "sized", 0x6000, 0x7ff, &x));
  SHOW(syscall(SYS_statx, AT_FDCWD, "sized", 0x2000, 0x7ff, &x));
  SHOW(syscall(SYS_statx, AT_FDCWD, "sized", 0, 0x80000000, &x));
  SHOW(syscall(SYS_statx, AT_FDCWD, "sized", 0x10, 0x7ff, &x));
  SHOW(syscall(SYS_statx, AT_FDCWD, "none", 0, 0x7ff, &x));
  SHOW(syscall(SYS_statx, AT_FDCWD, "sized", 0, 0x7ff, (void*)8));
}

static void access_by_root(void) {
  CHECK(chmod("sized", 0) == 0);
  SHOW(access("sized", R_OK | W_OK));
  SHOW(access("sized", X_OK));
  CHECK(chmod("sized", 0010) == 0);
  SHOW(access("sized", X_OK));
  CHECK(chmod("d", 0) == 0);
  SHOW(access("d", R_OK | W_OK | X_OK));
  SHOW(access("sized", 8));
  SHOW(access("none", F_OK));
  SHOW(access("dangling", F_OK));
  SHOW(access("", F_OK));
  SHOW(syscall(SYS_faccessat2, AT_FDCWD, "dangling", F_OK, AT_SYMLINK_NOFOLLOW));
  SHOW(syscall(SYS_faccessat2, AT_FDCWD, "sized", F_OK, 0x8000));
  SHOW(syscall(SYS_faccessat2, AT_FDCWD, "", F_OK, AT_EMPTY_PATH));
  SHOW(syscall(SYS_faccessat2, open("sized", O_PATH), "", R_OK, AT_EMPTY_PATH));
}

int main(void) {
  require_root();
  enter_fresh_directory();
  umask(022);
  put("f", "content");
  CHECK(symlink("f", "link") == 0 && symlink("none", "dangling") == 0 && symlink("loop", "loop") == 0);
  times();
  changes();
  modes();
  set_bits_on_write();
  statuses();
  extended();
  access_by_root();
  return 0;
}
