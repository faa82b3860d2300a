// ioctl(2): requests that every file takes, those of regular files, and what others say to them. Buffers that end in the middle.
#include "guest.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { fio_size = 0x5460, clone_file = 0x40049409, clone_range = 0x4020940d };

static void sizes(void) {
  int file = open("ioctl_requests", O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2], value = -1;
  CHECK(file >= 0 && pipe(ends) == 0 && write(file, "0123456789", 10) == 10 && lseek(file, 4, SEEK_SET) == 4);
  SHOW(ioctl(file, FIONREAD, &value));
  printf("left of the file: %d\n", value);
  CHECK(lseek(file, 15, SEEK_SET) == 15);
  SHOW(ioctl(file, FIONREAD, &value));
  printf("behind its end: %d\n", value);
  SHOW(ioctl(file, FIONREAD, (void*)8));
  int64_t size = -1;
  SHOW(ioctl(file, fio_size, &size));
  printf("size: %d\n", (int)size);
  SHOW(ioctl(open("/", O_RDONLY), FIONREAD, &value));
  SHOW(ioctl(open("/dev/null", O_RDONLY), fio_size, &size));
  SHOW(ioctl(ends[0], fio_size, &size));
  CHECK(write(ends[1], "abc", 3) == 3);
  SHOW(ioctl(ends[0], FIONREAD, &value));
  printf("in the pipe: %d\n", value);
  SHOW(ioctl(file, 0xdeadbeef, 0));
  SHOW(ioctl(open("ioctl_requests", O_PATH), FIONREAD, &value));
  SHOW(ioctl(-1, FIONREAD, &value));
  SHOW(ioctl(file, FIOCLEX));
  SHOW(fcntl(file, F_GETFD));
  SHOW(ioctl(file, FIONCLEX));
  SHOW(fcntl(file, F_GETFD));
  SHOW(ioctl(file, FIONBIO, (void*)8));
  SHOW(ioctl(file, clone_file, -1));
  SHOW(ioctl(file, clone_file, ends[0]));
  SHOW(ioctl(file, clone_range, (void*)8));
  char text[8];
  CHECK(symlink("ioctl_requests", "ioctl_link") == 0);
  SHOW(syscall(SYS_readlinkat, AT_FDCWD, "ioctl_link", text, -1));
  CHECK(unlink("ioctl_link") == 0 && unlink("ioctl_requests") == 0);
}

#define QUEUED(call)                                   \
  do {                                                 \
    SHOW(call);                                        \
    int left;                                          \
    CHECK(ioctl(ends[0], FIONREAD, &left) == 0);       \
    printf("then %d bytes are in the pipe\n", left);   \
  } while (0)

static void half_buffers(void) {
  enum { page = 4096 };
  int ends[2];
  static char buffer[5 * page];
  char* room = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(room != MAP_FAILED && munmap(room + 3 * page, page) == 0 && pipe(ends) == 0);
  CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
  char* end = room + 3 * page;
  QUEUED(write(ends[1], end - 10, 20));
  QUEUED(write(ends[1], end - page - 10, page + 20));
  QUEUED(write(ends[1], end - 2 * page, 3 * page));
  QUEUED(read(ends[0], end - 4, 10));
  QUEUED(read(ends[0], buffer, 3));
  QUEUED(read(ends[0], end - page, 2 * page));
  QUEUED(read(ends[0], end - page - 900, 2 * page));
  QUEUED(read(ends[0], buffer, sizeof buffer));
  QUEUED(write(ends[1], "0123456789", 10));
  QUEUED(write(ends[1], end - 3, 6));
  QUEUED(read(ends[0], end - 4, 10));
  QUEUED(read(ends[0], buffer, sizeof buffer));
}

int main(void) {
  sizes();
  half_buffers();
  return 0;
}
