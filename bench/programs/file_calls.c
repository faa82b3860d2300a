// Bytes read from a file and written to it. A round is one call; a file is a mebibyte, in the page cache and nowhere else.
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "bench.h"

enum { file_size = 1 << 20 };
static char buffer[64 << 10];

static int open_file(int flags) {
  const char* path = path_of("bench-data");
  int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | flags, 0600);
  require(fd >= 0, "open");
  return fd;
}

static int open_filled(void) {
  int fd = open_file(0);
  for (int done = 0; done < file_size; done += (int)sizeof buffer) require(write(fd, buffer, sizeof buffer) == sizeof buffer, "write");
  return fd;
}

typedef ssize_t (*Transfer)(int fd, size_t size);
static ssize_t read_some(int fd, size_t size) { return read(fd, buffer, size); }
static ssize_t write_some(int fd, size_t size) { return write(fd, buffer, size); }

// From end to end of the file and again.
static int64_t transfer(long count, Transfer call, size_t size) {
  int fd = open_filled();
  int64_t start = now();
  for (size_t at = file_size; count--; at += size) {
    if (at == file_size) at = (size_t)lseek(fd, 0, SEEK_SET);
    require(call(fd, size) == (ssize_t)size, "transfer");
  }
  int64_t time = now() - start;
  close(fd);
  return time;
}

static int64_t read_64k(long count) { return transfer(count, read_some, 64 << 10); }
static int64_t read_4k(long count) { return transfer(count, read_some, 4 << 10); }
static int64_t write_64k(long count) { return transfer(count, write_some, 64 << 10); }
static int64_t write_4k(long count) { return transfer(count, write_some, 4 << 10); }

// New pages at the end; making the file short again does not count.
static int64_t append_4k(long count) {
  enum { most = file_size / 4096 };
  int fd = open_file(O_APPEND);
  int64_t time = 0;
  while (count > 0) {
    long calls = count < most ? count : most;
    int64_t start = now();
    for (long call = 0; call < calls; ++call) require(write_some(fd, 4096) == 4096, "append");
    time += now() - start;
    require(ftruncate(fd, 0) == 0, "ftruncate");
    count -= calls;
  }
  close(fd);
  return time;
}

const struct Benchmark file_calls[] = {{"file_read_64k", read_64k},   {"file_read_4k", read_4k}, {"file_write_64k", write_64k},
                                       {"file_write_4k", write_4k}, {"append_4k", append_4k},  {NULL, NULL}};
