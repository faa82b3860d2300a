// What mmap(2), mprotect(2), munmap(2) and madvise(2) take and refuse, and what madvise does at once.
#include "guest.h"

#include <sys/mman.h>

enum { page = 4096, sync_flag = 0x80000, unknown_flag = 0x4000000, shared_validate = 3, grows_down = 0x100 };
enum { populate_read = 22, populate_write = 23, dontneed_locked = 24 };
enum { prot_grows_down = 0x01000000, prot_grows_up = 0x02000000 };

static void* anonymous(size_t size, int flags) {
  char* start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
  CHECK(start != MAP_FAILED);
  return start;
}

static int open_new(int flags) {
  int fd = open("map_arguments", O_CREAT | O_TRUNC | flags, 0600);
  CHECK(fd >= 0 && unlink("map_arguments") == 0);
  return fd;
}

// The C libraries spell their constants differently.
#define MAP(size, protection, flags, fd, offset)                                                                              \
  do {                                                                                                                        \
    errno = 0;                                                                                                                \
    bool is_mapped = mmap(NULL, size, protection, flags, fd, offset) != MAP_FAILED;                                            \
    printf("line %d: %s\n", __LINE__, is_mapped ? "mapped" : error_name(errno));                                               \
  } while (0)

static void mapping(void) {
  int constant = open("/proc/self/exe", O_RDONLY), write_only = open_new(O_WRONLY), both = open_new(O_RDWR);
  int directory = open("/", O_RDONLY), null = open("/dev/null", O_RDWR), ends[2];
  CHECK(constant >= 0 && directory >= 0 && null >= 0 && pipe(ends) == 0);
  MAP(page, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | grows_down, -1, 0);
  MAP(page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | grows_down, -1, 0);
  MAP(page, PROT_READ, MAP_PRIVATE | grows_down, constant, 0);
  MAP(page, PROT_READ, MAP_SHARED | grows_down, constant, 0);
  MAP(page, PROT_READ, shared_validate | MAP_ANONYMOUS, -1, 0);
  MAP(page, PROT_READ, shared_validate | sync_flag, both, 0);
  MAP(page, PROT_READ, shared_validate | unknown_flag, both, 0);
  MAP(page, PROT_READ, shared_validate, both, 0);
  MAP(page, PROT_READ, MAP_SHARED | unknown_flag, both, 0);
  MAP(page, PROT_READ, 0, both, 0);
  MAP(page, PROT_READ, MAP_PRIVATE, write_only, 0);
  MAP(page, PROT_WRITE, MAP_SHARED, write_only, 0);
  MAP(page, PROT_WRITE, MAP_SHARED, constant, 0);
  MAP(page, PROT_WRITE, MAP_PRIVATE, constant, 0);
  MAP(page, PROT_READ, MAP_PRIVATE, directory, 0);
  MAP(page, PROT_READ, MAP_PRIVATE, null, 0);
  MAP(page, PROT_READ, MAP_PRIVATE, ends[0], 0);
  MAP(page, PROT_READ, MAP_PRIVATE, -1, 0);
  MAP(0, PROT_READ, MAP_PRIVATE, -1, 0);
  MAP(0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  MAP((size_t)-page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  MAP((size_t)-1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  MAP(2 * page, PROT_READ, MAP_PRIVATE, constant, 0x7ffffffffffff000);
  errno = 0;
  bool is_mapped = mmap((void*)1, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
  printf("not aligned: %s\n", is_mapped ? "mapped" : error_name(errno));
  is_mapped = mmap((void*)-page, 2 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
  printf("too high: %s\n", is_mapped ? "mapped" : error_name(errno));
}

#if defined(__x86_64__)
// In the first 2 GiB, as long as there is room.
static void near(void) {
  enum { near_flag = 0x40, size = 64 << 20, most = 40 };
  int count = 0, low = 0;
  for (char* start; count < most && (start = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | near_flag, -1, 0)) != MAP_FAILED; ++count)
    low += (uintptr_t)start + size <= 1ul << 31;
  printf("near: %s, then %s\n", count > 8 && low == count ? "all low" : "not", count < most ? error_name(errno) : "no end");
}
#else
static void near(void) { printf("near: all low, then ENOMEM\n"); }  // no such flag
#endif

static void protecting(void) {
  int zero = open("/dev/zero", O_RDONLY), constant = open("/proc/self/exe", O_RDONLY);
  struct {
    const char* what;
    int fd, flags;
  } cases[] = {{"zeroes, shared", zero, MAP_SHARED}, {"zeroes", zero, MAP_PRIVATE}, {"a file, shared", constant, MAP_SHARED}, {"a file", constant, MAP_PRIVATE}};
  for (size_t index = 0; index < COUNT(cases); ++index) {
    void* start = mmap(NULL, page, PROT_READ, cases[index].flags, cases[index].fd, 0);
    CHECK(start != MAP_FAILED);
    printf("%s: ", cases[index].what);
    SHOW_OK(mprotect(start, page, PROT_READ | PROT_WRITE));
  }
  char* start = anonymous(page, MAP_PRIVATE);
  SHOW(mprotect(start, 0, PROT_WRITE));
  SHOW(mprotect(start, page, 0x80));
  SHOW(mprotect(start, (size_t)-page, PROT_READ));
  SHOW(mprotect(start, page, PROT_READ | prot_grows_down));
  SHOW(mprotect(start, page, PROT_READ | prot_grows_up));
  SHOW(mprotect(start, page, PROT_READ | prot_grows_up | prot_grows_down));
  char* stack = anonymous(4 * page, MAP_PRIVATE | grows_down);
  SHOW(mprotect(stack + 3 * page, page, PROT_READ | prot_grows_down));
  SHOW(read(open("/dev/zero", O_RDONLY), stack, 1));
  SHOW(munmap(start, 0));
  SHOW(munmap(start + 1, page));
  SHOW(munmap((void*)-page, 2 * page));
}

static void advising(void) {
  char* start = anonymous(4 * page, MAP_PRIVATE);
  CHECK(munmap(start + 2 * page, page) == 0);
  SHOW(madvise(start, page, 12345));
  SHOW(madvise(start, 0, 12345));
  SHOW(madvise(start + 1, page, MADV_NORMAL));
  SHOW(madvise(start, 0, MADV_DONTNEED));
  SHOW(madvise(start, 4 * page, MADV_WILLNEED));
  SHOW(madvise(start, (size_t)-page, MADV_NORMAL));
  memset(start, 1, 2 * page), start[3 * page] = 1;
  SHOW(madvise(start, 4 * page, MADV_DONTNEED));
  printf("what was behind the hole, too: %d\n", start[3 * page]);
  SHOW(madvise(start, page, MADV_REMOVE));
  SHOW(madvise(start, 4 * page, populate_write));
  SHOW(madvise(start, 2 * page, populate_write));
  CHECK(mprotect(start, page, PROT_READ) == 0 && mprotect(start + page, page, PROT_NONE) == 0);
  SHOW(madvise(start, page, populate_write));
  SHOW(madvise(start, page, populate_read));
  SHOW(madvise(start + page, page, populate_read));
  char* locked = anonymous(page, MAP_PRIVATE);
  CHECK(mlock(locked, page) == 0);
  *locked = 7;
  SHOW(madvise(locked, page, MADV_DONTNEED));
  SHOW(madvise(locked, page, MADV_FREE));
  SHOW(madvise(locked, page, 20));  // MADV_COLD
  SHOW(madvise(locked, page, dontneed_locked));
  printf("then it holds %d\n", *locked);
}

static void removing(void) {
  int fd = open_new(O_RDWR);
  CHECK(ftruncate(fd, 3 * page + 100) == 0);
  char* file = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(file != MAP_FAILED);
  memset(file, 5, 3 * page + 100);
  SHOW(madvise(file + page, page, MADV_REMOVE));
  printf("%d %d %d\n", file[0], file[page], file[2 * page]);
  SHOW(madvise(file, page, MADV_FREE));
  SHOW(madvise(file, 4 * page, populate_read));
  SHOW(madvise(file, 4 * page, MADV_WIPEONFORK));
  CHECK(ftruncate(fd, page) == 0);
  SHOW(madvise(file, 2 * page, populate_write));
  char* shared = anonymous(3 * page, MAP_SHARED);
  memset(shared, 6, 3 * page);
  SHOW(madvise(shared + page, page, MADV_REMOVE));
  printf("%d %d %d\n", shared[0], shared[page], shared[2 * page]);
}

int main(void) {
  mapping();
  near();
  protecting();
  advising();
  removing();
  return 0;
}
