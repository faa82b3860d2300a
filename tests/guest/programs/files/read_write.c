// read(2), write(2), pread(2), pwrite(2), readv(2), writev(2), preadv2(2), lseek(2), truncate(2): offsets, holes, limits, bad buffers.
#include "files.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>

#ifndef RWF_APPEND
#define RWF_APPEND 0x10
#endif

static char bytes[8192];

static long write_vector2(int fd, const struct iovec* vectors, int count, off_t offset, int flags) {
  return syscall(SYS_pwritev2, fd, vectors, count, offset, 0, flags);
}

static void show_bytes(int fd, off_t offset, size_t count) {
  char text[64] = "";
  ssize_t got = pread(fd, text, count, offset);
  printf("at %ld:", (long)offset);
  for (ssize_t index = 0; index < got; ++index) printf(" %02x", (unsigned char)text[index]);
  printf(got < 0 ? " %s\n" : "\n", error_name(errno));
}

static void offsets(void) {
  int fd = open("a", O_RDWR | O_CREAT, 0644);
  SHOW(write(fd, "0123456789", 10));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(read(fd, bytes, 5));
  SHOW(lseek(fd, 4, SEEK_SET));
  SHOW(read(fd, bytes, 3));
  SHOW(lseek(fd, -2, SEEK_CUR));
  SHOW(lseek(fd, 5, SEEK_END));
  SHOW(read(fd, bytes, 3));
  SHOW(lseek(fd, -1, SEEK_SET));
  SHOW(lseek(fd, -16, SEEK_CUR));
  SHOW(lseek(fd, -11, SEEK_END));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(lseek(fd, INT64_MAX, SEEK_SET) == INT64_MAX);
  SHOW(lseek(fd, 1, SEEK_CUR));
  SHOW(lseek(fd, INT64_MAX, SEEK_END));
  SHOW(lseek(fd, 0, 5));
  SHOW(lseek(fd, 0, -1));
  SHOW(lseek(fd, 15, SEEK_SET));
  SHOW(write(fd, "xy", 2));
  show_bytes(fd, 8, 12);
  SHOW(pread(fd, bytes, 4, 16));
  SHOW(pread(fd, bytes, 4, 17));
  SHOW(pread(fd, bytes, 4, 1000));
  SHOW(pread(fd, bytes, 4, -1));
  SHOW(pwrite(fd, bytes, 4, -1));
  SHOW(pread(fd, bytes, 0, -1));
  SHOW(pwrite(fd, "z", 1, 20));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(lseek(fd, 0, SEEK_END));
  SHOW(pwrite(fd, "z", 1, INT64_MAX));
  SHOW(read(fd, bytes, 0));
  SHOW(write(fd, bytes, 0));
  SHOW(write(fd, NULL, 0));
  SHOW(read(fd, NULL, 0));
  close(fd);
}

static void appending(void) {
  int fd = open("a", O_RDWR | O_APPEND);
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(write(fd, "A", 1));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(lseek(fd, 0, SEEK_SET));
  SHOW(write(fd, "B", 1));
  SHOW(pwrite(fd, "C", 1, 0));
  SHOW(lseek(fd, 0, SEEK_CUR));
  show_bytes(fd, 18, 10);
  struct iovec vector = {"D", 1};
  SHOW(write_vector2(fd, &vector, 1, 2, 0));
  SHOW(lseek(fd, 0, SEEK_END));
  close(fd);
  fd = open("a", O_RDWR);
  SHOW(write_vector2(fd, &vector, 1, 0, RWF_APPEND));
  SHOW(write_vector2(fd, &vector, 1, -1, RWF_APPEND));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(write_vector2(fd, &vector, 1, -1, 0));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(write_vector2(fd, &vector, 1, -2, 0));
  SHOW(write_vector2(fd, &vector, 1, 0, 0x4000));
  SHOW(lseek(fd, 0, SEEK_END));
  close(fd);
}

static void vectors(void) {
  int fd = open("v", O_RDWR | O_CREAT, 0644);
  struct iovec out[4] = {{"ab", 2}, {NULL, 0}, {"cde", 3}, {"f", 1}};
  SHOW(writev(fd, out, 4));
  SHOW(writev(fd, out, 0));
  SHOW(writev(fd, out, -1));
  SHOW(writev(fd, out, 1025));
  SHOW(writev(fd, NULL, 1));
  SHOW(writev(fd, NULL, 0));
  char one[3] = "", two[5] = "";
  struct iovec in[3] = {{one, 2}, {two, 0}, {two, 4}};
  SHOW(preadv(fd, in, 3, 0));
  printf("%s %s\n", one, two);
  SHOW(preadv(fd, in, 3, 4));
  SHOW(preadv(fd, in, 3, -1));
  SHOW(lseek(fd, 0, SEEK_SET));
  SHOW(readv(fd, in, 1));
  SHOW(readv(fd, in, 3));
  SHOW(readv(fd, in, 3));
  struct iovec negative[2] = {{one, 1}, {two, (size_t)-1}};
  SHOW(readv(fd, negative, 2));
  struct iovec huge[3] = {{one, 1}, {two, (size_t)1 << 62}, {two, (size_t)1 << 62}};
  SHOW(readv(fd, huge, 3));
  struct iovec bad[2] = {{one, 1}, {(void*)16, 4}};
  SHOW(lseek(fd, 0, SEEK_SET));
  SHOW(readv(fd, bad, 2));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(writev(fd, bad, 2));
  SHOW(readv(fd, &bad[1], 1));
  SHOW(writev(fd, &bad[1], 1));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(lseek(fd, 0, SEEK_END));
  close(fd);
}

static void bad_buffers(void) {
  int fd = open("bad", O_RDWR | O_CREAT, 0644);
  char* pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(pages != MAP_FAILED);
  CHECK(munmap(pages + 4096, 4096) == 0);
  memset(pages, 'p', 4096);
  SHOW(write(fd, pages + 4000, 200));
  SHOW(write(fd, pages + 4096, 200));
  SHOW(lseek(fd, 0, SEEK_END));
  SHOW(pread(fd, pages + 4090, 50, 0));
  SHOW(pread(fd, pages + 4096, 50, 0));
  SHOW(pread(fd, pages + 4096, 50, 96));
  SHOW(pread(fd, (char*)-4096, 50, 0));
  SHOW(read(fd, (void*)8, SSIZE_MAX));
  SHOW(write(fd, (void*)8, 1));
  close(fd);
}

static void wrong_descriptors(void) {
  int in = open("a", O_RDONLY), out = open("a", O_WRONLY), dir = open(".", O_RDONLY);
  int ends[2];
  CHECK(pipe(ends) == 0);
  SHOW(write(in, "x", 1));
  SHOW(pwrite(in, "x", 1, 0));
  SHOW(read(out, bytes, 1));
  SHOW(pread(out, bytes, 1, 0));
  SHOW(write(in, "x", 0));
  SHOW(read(out, bytes, 0));
  SHOW(read(dir, bytes, 1));
  SHOW(pread(dir, bytes, 1, 0));
  SHOW(read(dir, bytes, 0));
  SHOW(write(dir, bytes, 1));
  SHOW(read(-1, bytes, 1));
  SHOW(read(1000, bytes, 1));
  SHOW(lseek(ends[0], 0, SEEK_CUR));
  SHOW(lseek(ends[0], 0, 9));
  SHOW(pread(ends[0], bytes, 1, 0));
  SHOW(pwrite(ends[1], bytes, 1, 0));
  SHOW(read(ends[1], bytes, 1));
  SHOW(write(ends[0], bytes, 1));
  SHOW(ftruncate(ends[1], 0));
  SHOW(ftruncate(in, 0));
  SHOW(ftruncate(dir, 0));
  SHOW(fsync(ends[0]));
  SHOW(fdatasync(in));
  SHOW(fsync(dir));
  SHOW(fsync(-1));
}

static void truncating(void) {
  int fd = open("t", O_RDWR | O_CREAT, 0644);
  SHOW(write(fd, "0123456789", 10));
  SHOW(ftruncate(fd, 4));
  SHOW(ftruncate(fd, 12));
  show_bytes(fd, 0, 16);
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(truncate("t", 3));
  SHOW(truncate("t", -1));
  SHOW(ftruncate(fd, -1));
  SHOW(truncate("none", 0));
  SHOW(truncate(".", 0));
  SHOW(truncate("t/", 0));
  SHOW(truncate("t/x", 0));
  SHOW(truncate("", 0));
  CHECK(symlink("t", "tl") == 0 && mkfifo("tf", 0644) == 0);
  SHOW(truncate("tl", 5));
  SHOW(truncate("tf", 0));
  SHOW(truncate("/dev/null", 0));
  show_stat("t");
  SHOW(ftruncate(fd, 1L << 40));
  SHOW(lseek(fd, 0, SEEK_END));
  struct stat info;
  CHECK(fstat(fd, &info) == 0);
  printf("sparse: %d\n", info.st_blocks < 100);
  SHOW(ftruncate(fd, 8192));
  SHOW(pwrite(fd, "end", 3, 8189));
  SHOW(ftruncate(fd, 4097));
  SHOW(ftruncate(fd, 8192));
  show_bytes(fd, 8186, 6);
  close(fd);
}

static void holes(void) {
  int fd = open("h", O_RDWR | O_CREAT, 0644);
  CHECK(ftruncate(fd, 5 * 4096) == 0);
  CHECK(pwrite(fd, "x", 1, 4096 + 10) == 1 && pwrite(fd, "x", 1, 3 * 4096) == 1);
  for (int position = 0; position <= 6; ++position) {
    printf("%d: data %ld", position, (long)lseek(fd, position * 4096 - (position == 6), SEEK_DATA));
    printf(" hole %ld\n", (long)lseek(fd, position * 4096 - (position == 6), SEEK_HOLE));
  }
  SHOW(lseek(fd, 4100, SEEK_DATA));
  SHOW(lseek(fd, 4100, SEEK_HOLE));
  SHOW(lseek(fd, 5 * 4096, SEEK_DATA));
  SHOW(lseek(fd, 5 * 4096, SEEK_HOLE));
  SHOW(lseek(fd, -1, SEEK_DATA));
  SHOW(lseek(fd, -1, SEEK_HOLE));
  CHECK(ftruncate(fd, 4 * 4096 + 5) == 0);
  SHOW(lseek(fd, 4 * 4096, SEEK_HOLE));
  SHOW(lseek(fd, 4 * 4096, SEEK_DATA));
  SHOW(lseek(fd, 3 * 4096 + 1, SEEK_HOLE));
  int empty = open("he", O_RDWR | O_CREAT, 0644);
  SHOW(lseek(empty, 0, SEEK_DATA));
  SHOW(lseek(empty, 0, SEEK_HOLE));
}

static void size_limit(void) {
  struct rlimit limit = {10, RLIM_INFINITY};
  signal(SIGXFSZ, SIG_IGN);
  CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  int fd = open("l", O_RDWR | O_CREAT, 0644);
  SHOW(write(fd, "01234567", 8));
  SHOW(write(fd, "01234567", 8));
  SHOW(write(fd, "01234567", 8));
  SHOW(ftruncate(fd, 11));
  SHOW(ftruncate(fd, 9));
  SHOW(pwrite(fd, "x", 1, 20));
  signal(SIGXFSZ, SIG_DFL);
  fflush(stdout);
  write(fd, "01234567", 8);
  write(fd, "01234567", 8);
  printf("survived\n");
}

int main(void) {
  enter_fresh_directory();
  umask(022);
  offsets();
  appending();
  vectors();
  bad_buffers();
  wrong_descriptors();
  truncating();
  holes();
  show_status("over the limit", in_child(size_limit));
  return 0;
}
