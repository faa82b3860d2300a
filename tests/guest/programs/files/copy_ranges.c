// fallocate(2), copy_file_range(2), sendfile(2), posix_fadvise(2), readahead(2), sync_file_range(2).
#include "files.h"

#include <sys/sendfile.h>

#ifndef FALLOC_FL_COLLAPSE_RANGE
#define FALLOC_FL_COLLAPSE_RANGE 8
#define FALLOC_FL_ZERO_RANGE 0x10
#define FALLOC_FL_INSERT_RANGE 0x20
#endif

static char bytes[65536];

static long copy(int in, off_t* in_at, int out, off_t* out_at, size_t length, unsigned flags) {
  return syscall(SYS_copy_file_range, in, in_at, out, out_at, length, flags);
}

static void show_size(int fd) {
  struct stat info;
  CHECK(fstat(fd, &info) == 0);
  printf("size %ld blocks %ld\n", (long)info.st_size, (long)info.st_blocks);
}

static void allocating(void) {
  int fd = open("f", O_RDWR | O_CREAT, 0644);
  SHOW(fallocate(fd, 0, 0, 10));
  show_size(fd);
  SHOW(fallocate(fd, 0, 5000, 10000));
  show_size(fd);
  SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 20000, 5000));
  show_size(fd);
  SHOW(fallocate(fd, 0, 0, 0));
  SHOW(fallocate(fd, 0, -1, 10));
  SHOW(fallocate(fd, 0, 0, -1));
  SHOW(fallocate(fd, 0, INT64_MAX, 1));
  SHOW(fallocate(fd, 0, INT64_MAX - 10, 100));
  CHECK(pwrite(fd, "0123456789", 10, 4090) == 10);
  SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 4096));
  SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4092));
  SHOW(pread(fd, bytes, 10, 4090));
  for (int index = 0; index < 10; ++index) printf("%02x", bytes[index]);
  printf("\n");
  show_size(fd);
  SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 8192));
  show_size(fd);
  SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1 << 20, 8192));
  SHOW(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096));
  SHOW(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 4096));
  SHOW(fallocate(fd, FALLOC_FL_INSERT_RANGE, 0, 4096));
  SHOW(fallocate(fd, 0x800, 0, 4096));
  SHOW(ftruncate(fd, 100));
  show_size(fd);
  SHOW(fallocate(open("f", O_RDONLY), 0, 0, 10));
  SHOW(fallocate(open(".", O_RDONLY), 0, 0, 10));
  SHOW(fallocate(open("f", O_PATH), 0, 0, 10));
  SHOW(fallocate(open("/dev/null", O_RDWR), 0, 0, 10));
  int ends[2];
  CHECK(pipe(ends) == 0);
  SHOW(fallocate(ends[1], 0, 0, 10));
  SHOW(fallocate(-1, 0, 0, 10));
  SHOW(posix_fallocate(fd, 0, 200) == 0);
  show_size(fd);
}

static void copying(void) {
  put("source", "abcdefghijklmnopqrstuvwxyz");
  int in = open("source", O_RDWR), out = open("target", O_RDWR | O_CREAT, 0644);
  SHOW(copy(in, NULL, out, NULL, 5, 0));
  SHOW(lseek(in, 0, SEEK_CUR));
  SHOW(lseek(out, 0, SEEK_CUR));
  off_t from = 20, to = 10;
  SHOW(copy(in, &from, out, &to, 100, 0));
  printf("%ld %ld\n", (long)from, (long)to);
  SHOW(lseek(in, 0, SEEK_CUR));
  SHOW(copy(in, &from, out, &to, 100, 0));
  SHOW(copy(in, NULL, out, NULL, 0, 0));
  SHOW(copy(in, NULL, out, NULL, 1, 1));
  from = -1;
  SHOW(copy(in, &from, out, NULL, 1, 0));
  from = INT64_MAX;
  SHOW(copy(in, &from, out, NULL, 1, 0));
  from = 0;
  SHOW(copy(in, &from, out, (off_t*)8, 1, 0));
  to = INT64_MAX;
  SHOW(copy(in, &from, out, &to, 1, 0));
  from = 0, to = 3;
  SHOW(copy(in, &from, in, &to, 10, 0));
  SHOW(copy(in, &from, in, &to, 3, 0));
  show_contents("source");
  SHOW(copy(open("source", O_WRONLY), NULL, out, NULL, 1, 0));
  SHOW(copy(in, NULL, open("target", O_RDONLY), NULL, 1, 0));
  SHOW(copy(in, NULL, open("target", O_RDWR | O_APPEND), NULL, 1, 0));
  SHOW(copy(open(".", O_RDONLY), NULL, out, NULL, 1, 0));
  int ends[2];
  CHECK(pipe(ends) == 0);
  SHOW(copy(in, NULL, ends[1], NULL, 1, 0));
  SHOW(copy(ends[0], NULL, out, NULL, 1, 0));
  SHOW(copy(open("/dev/zero", O_RDONLY), NULL, out, NULL, 1, 0));
  SHOW(copy(-1, NULL, out, NULL, 1, 0));
  SHOW(copy(in, NULL, -1, NULL, 1, 0));
  show_size(out);
}

static void sending(void) {
  int in = open("source", O_RDONLY), out = open("sent", O_RDWR | O_CREAT | O_TRUNC, 0644);
  int ends[2];
  CHECK(pipe(ends) == 0);
  SHOW(sendfile(out, in, NULL, 5));
  SHOW(lseek(in, 0, SEEK_CUR));
  off_t from = 10;
  SHOW(sendfile(ends[1], in, &from, 6));
  printf("%ld\n", (long)from);
  SHOW(lseek(in, 0, SEEK_CUR));
  SHOW(read(ends[0], bytes, 100));
  printf("%.6s\n", bytes);
  from = 100;
  SHOW(sendfile(out, in, &from, 6));
  from = -1;
  SHOW(sendfile(out, in, &from, 6));
  SHOW(sendfile(out, in, (off_t*)8, 6));
  SHOW(sendfile(out, in, NULL, 0));
  SHOW(sendfile(out, ends[0], NULL, 1));
  SHOW(sendfile(in, in, NULL, 1));
  SHOW(sendfile(out, open("source", O_WRONLY), NULL, 1));
  SHOW(sendfile(open("sent", O_WRONLY | O_APPEND), in, NULL, 1));
  SHOW(sendfile(out, open(".", O_RDONLY), NULL, 1));
  SHOW(sendfile(-1, in, NULL, 1));
  SHOW(sendfile(out, -1, NULL, 1));
  int large = open("large", O_RDWR | O_CREAT, 0644);
  CHECK(ftruncate(large, 200000) == 0);
  CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
  SHOW(sendfile(ends[1], large, NULL, 200000));
  SHOW(lseek(large, 0, SEEK_CUR));
  SHOW(sendfile(ends[1], large, NULL, 200000));
  show_size(out);
}

static void advising(void) {
  int fd = open("source", O_RDONLY);
  int ends[2];
  CHECK(pipe(ends) == 0);
  for (int advice = 0; advice <= 6; ++advice) printf("advice %d: %s\n", advice, error_name(posix_fadvise(fd, 0, 0, advice)));
  printf("%s\n", error_name(posix_fadvise(fd, 0, -1, 0)));
  printf("%s\n", error_name(posix_fadvise(fd, -1, 0, 0)));
  printf("%s\n", error_name(posix_fadvise(-1, 0, 0, 0)));
  printf("%s\n", error_name(posix_fadvise(ends[0], 0, 0, 0)));
  printf("%s\n", error_name(posix_fadvise(open(".", O_RDONLY), 0, 0, 0)));
  printf("%s\n", error_name(posix_fadvise(open("source", O_PATH), 0, 0, 0)));
  SHOW(readahead(fd, 0, 100));
  SHOW(readahead(open("source", O_WRONLY), 0, 100));
  SHOW(readahead(ends[0], 0, 100));
  SHOW(readahead(open(".", O_RDONLY), 0, 100));
  SHOW(syscall(SYS_sync_file_range, fd, 0L, 0L, 0));
  SHOW(syscall(SYS_sync_file_range, fd, 0L, 0L, 8));
  SHOW(syscall(SYS_sync_file_range, fd, -1L, 0L, 0));
  SHOW(syscall(SYS_sync_file_range, ends[1], 0L, 0L, 2));
}

int main(void) {
  enter_fresh_directory();
  umask(022);
  allocating();
  copying();
  sending();
  advising();
  return 0;
}
