// mremap: shrink, grow in place, move, fixed; what the pages hold; madvise, mincore, mlock.
#include "guest.h"

#include <sys/mman.h>

enum { page = 4096 };

static char* map(int pages) {
  char* at = mmap(NULL, (size_t)pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(at != MAP_FAILED);
  for (int index = 0; index < pages; ++index) at[index * page] = (char)(index + 1);
  return at;
}

static bool holds(const char* at, int pages) {
  for (int index = 0; index < pages; ++index)
    if (at[index * page] != (char)(index + 1)) return false;
  return true;
}

static void touch_cut(void) {
  char* at = map(4);
  CHECK(mremap(at, 4 * page, 2 * page, 0) == at);
  printf("kept: %d\n", holds(at, 2));
  at[2 * page] = 1;
}

static void touch_old(void) {
  char* at = map(2);
  char* place = map(4);
  CHECK(mremap(at, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
  printf("moved: %d\n", holds(place, 2) && place[2 * page] == 3);
  at[0] = 1;
}

static void grow(void) {
  char* at = map(100);
  char* large = mremap(at, 100 * page, 1000 * page, MREMAP_MAYMOVE);
  CHECK(large != MAP_FAILED);
  printf("grown: %d, rest %d\n", holds(large, 100), large[500 * page]);
  char* reserved = mmap(NULL, 8 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(munmap(reserved, 4 * page) == 0);
  CHECK(mmap(reserved, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == reserved);
  printf("in place: %s\n", mremap(reserved, 2 * page, 4 * page, 0) == reserved ? "ok" : error_name(errno));
  printf("no room: %s\n", mremap(reserved, 4 * page, 6 * page, 0) == MAP_FAILED ? error_name(errno) : "ok");
}

static void advice(void) {
  char* at = map(4);
  SHOW(madvise(at + page, page, MADV_DONTNEED));
  printf("dropped: %d %d %d\n", at[0], at[page], at[2 * page]);
  SHOW(madvise(at, 4 * page, MADV_WILLNEED));
  SHOW(madvise(at, 4 * page, 9999));
  SHOW(madvise(at + 1, page, MADV_DONTNEED));
  CHECK(munmap(at + 2 * page, page) == 0);
  SHOW(madvise(at, 4 * page, MADV_DONTNEED));
  unsigned char resident[4];
  SHOW(mincore(at, 2 * page, resident));
  SHOW(mincore(at, 4 * page, resident));
  SHOW(mincore(at + 1, page, resident));
  SHOW(mlock(at, page));
  SHOW(munlock(at, page));
  SHOW(mlock(at, 4 * page));
}

int main(void) {
  show_status("touching what was cut off", in_child(touch_cut));
  show_status("touching where it was", in_child(touch_old));
  grow();
  advice();
  char* at = map(2);
  printf("%s\n", mremap(at + 1, page, page, 0) == MAP_FAILED ? error_name(errno) : "ok");
  printf("%s\n", mremap(at, page, 0, 0) == MAP_FAILED ? error_name(errno) : "ok");
  printf("%s\n", mremap((void*)(1 << 20), page, 2 * page, MREMAP_MAYMOVE) == MAP_FAILED ? error_name(errno) : "ok");
  printf("%s\n", mremap(at, page, page, MREMAP_FIXED, at) == MAP_FAILED ? error_name(errno) : "ok");
  printf("%s\n", mremap(at, page, page, 0x100) == MAP_FAILED ? error_name(errno) : "ok");
  return 0;
}
