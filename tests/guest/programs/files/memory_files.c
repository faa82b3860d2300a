// memfd_create(2), seals and write hints of fcntl(2).
#include "files.h"

#include <sys/mman.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10
#endif
#ifndef F_GET_RW_HINT
#define F_GET_RW_HINT 1035
#define F_SET_RW_HINT 1036
#endif

static char bytes[16384];

static int memory_file(unsigned flags) {
  int fd = (int)syscall(SYS_memfd_create, "test", flags);
  CHECK(fd >= 0);
  return fd;
}

static void show_size(int fd) {
  struct stat info;
  CHECK(fstat(fd, &info) == 0);
  printf("mode %o links %ld size %ld\n", info.st_mode, (long)info.st_nlink, (long)info.st_size);
}

static void show_map(const char* what, int fd, int protection, int flags) {
  void* page = mmap(NULL, 4096, protection, flags, fd, 0);
  if (page == MAP_FAILED) {
    printf("%s: %s\n", what, error_name(errno));
    return;
  }
  printf("%s: mapped", what);
  printf(", to write: %s\n", mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0 ? "ok" : error_name(errno));
  munmap(page, 4096);
}

static void creating(void) {
  char name[300];
  memset(name, 'n', sizeof name);
  name[249] = 0;
  SHOW_OK(syscall(SYS_memfd_create, name, 0));
  name[249] = 'n', name[250] = 0;
  SHOW(syscall(SYS_memfd_create, name, 0));
  SHOW(syscall(SYS_memfd_create, (char*)8, 0));
  SHOW(syscall(SYS_memfd_create, "x", 0x100));
  SHOW_OK(syscall(SYS_memfd_create, "", 1));
  int fd = memory_file(1);
  SHOW(fcntl(fd, F_GETFD));
  printf("flags %o\n", fcntl(fd, F_GETFL) & ~0100000);
  show_size(fd);
  char path[64], target[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(path, target, sizeof target);
  printf("%.*s\n", (int)length, target);
  SHOW(write(fd, "contents", 8));
  int other = open(path, O_RDWR);
  SHOW(read(other, bytes, 16));
  SHOW(ftruncate(other, 3));
  show_size(fd);
  SHOW(fcntl(fd, F_GET_SEALS));
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
  SHOW(linkat(AT_FDCWD, path, AT_FDCWD, "name", AT_SYMLINK_FOLLOW));
}

static void who_can(void) {
  int fd = memory_file(2);
  SHOW(fcntl(fd, F_GET_SEALS));
  SHOW(fcntl(fd, F_ADD_SEALS, 0));
  SHOW(fcntl(fd, F_ADD_SEALS, 0x40));
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int reader = open(path, O_RDONLY);
  SHOW(fcntl(reader, F_ADD_SEALS, F_SEAL_GROW));
  SHOW(fcntl(reader, F_GET_SEALS));
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SEAL));
  SHOW(fcntl(fd, F_GET_SEALS));
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
  int ends[2];
  CHECK(pipe(ends) == 0);
  SHOW(fcntl(ends[1], F_GET_SEALS));
  SHOW(fcntl(ends[1], F_ADD_SEALS, F_SEAL_GROW));
  SHOW(fcntl(-1, F_GET_SEALS));
}

static void sizes(void) {
  int fd = memory_file(2);
  CHECK(ftruncate(fd, 5000) == 0);
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
  SHOW(pwrite(fd, bytes, 6000, 0));
  SHOW(pwrite(fd, bytes, 5000, 0));
  SHOW(pwrite(fd, bytes, 10, 4995));
  SHOW(pwrite(fd, bytes, 10, 6000));
  SHOW(pwrite(fd, bytes, 10, 4990));
  SHOW(ftruncate(fd, 5001));
  SHOW(fallocate(fd, 0, 0, 6000));
  SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 6000));
  SHOW(fallocate(fd, 0, 0, 5000));
  SHOW(ftruncate(fd, 4000));
  SHOW(ftruncate(fd, 4001));
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
  SHOW(ftruncate(fd, 3999));
  SHOW(ftruncate(fd, 4000));
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  SHOW(open(path, O_RDWR | O_TRUNC));
  SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4000));
  show_size(fd);
}

static void writes(void) {
  int fd = memory_file(2);
  CHECK(ftruncate(fd, 8192) == 0);
  char* page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(page != MAP_FAILED);
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
  CHECK(munmap(page, 4096) == 0);
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
  CHECK(munmap(page + 4096, 4096) == 0);
  char* copy = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int reader = open(path, O_RDONLY);
  void* seen = mmap(NULL, 4096, PROT_READ, MAP_SHARED, reader, 0);
  CHECK(seen != MAP_FAILED);
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
  *copy = 'x';
  SHOW(mprotect(seen, 4096, PROT_READ | PROT_WRITE));
  SHOW(write(fd, "x", 1));
  SHOW(write(fd, "x", 0));
  SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
  SHOW(ftruncate(fd, 10000));
  show_map("shared, to write", fd, PROT_READ | PROT_WRITE, MAP_SHARED);
  show_map("private", fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  show_map("shared, by a reader", reader, PROT_READ, MAP_SHARED);
  SHOW(fcntl(fd, F_GET_SEALS));
}

static void future_writes(void) {
  int fd = memory_file(2);
  CHECK(ftruncate(fd, 8192) == 0);
  char* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(page != MAP_FAILED);
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
  *page = 'y';
  SHOW(mprotect(page, 4096, PROT_READ));
  SHOW(mprotect(page, 4096, PROT_READ | PROT_WRITE));
  SHOW(pread(fd, bytes, 1, 0));
  printf("%c\n", bytes[0]);
  SHOW(write(fd, "x", 1));
  SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
  show_map("shared, to write", fd, PROT_READ | PROT_WRITE, MAP_SHARED);
  show_map("shared, to read", fd, PROT_READ, MAP_SHARED);
  show_map("private", fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  void* two = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
  CHECK(two != MAP_FAILED);
  CHECK(munmap(two, 4096) == 0);
  SHOW(mprotect((char*)two + 4096, 4096, PROT_WRITE));
  if (fork() == 0) {
    SHOW(mprotect((char*)two + 4096, 4096, PROT_WRITE));
    exit(0);
  }
  CHECK(wait(NULL) > 0);
  void* moved = mremap((char*)two + 4096, 4096, 8192, MREMAP_MAYMOVE);
  CHECK(moved != MAP_FAILED);
  SHOW(mprotect(moved, 8192, PROT_READ | PROT_WRITE));
}

static void hints(void) {
  int fd = memory_file(0);
  uint64_t hint = 77;
  SHOW(fcntl(fd, F_GET_RW_HINT, &hint));
  printf("hint %d\n", (int)hint);
  hint = 6;
  SHOW(fcntl(fd, F_SET_RW_HINT, &hint));
  hint = 3;
  SHOW(fcntl(fd, F_SET_RW_HINT, &hint));
  hint = 0;
  SHOW(fcntl(fd, F_GET_RW_HINT, &hint));
  printf("hint %d\n", (int)hint);
  SHOW(fcntl(fd, F_GET_RW_HINT, 8));
  SHOW(fcntl(fd, F_SET_RW_HINT, 8));
  SHOW(fcntl(fd, 1037, &hint));
  SHOW(fcntl(fd, 1038, &hint));
  SHOW(fcntl(fd, 999, &hint));
}

int main(void) {
  enter_fresh_directory();
  creating();
  who_can();
  sizes();
  writes();
  future_writes();
  hints();
}
