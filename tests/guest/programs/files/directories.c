// getdents64(2), seekdir(3) and friends: small buffers, positions that stay good while names come and go, types.
#include "files.h"

struct entry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[];
};

static _Alignas(8) char buffer[65536];

static long list(int fd, size_t size) { return syscall(SYS_getdents64, fd, buffer, size); }

static void small_buffers(void) {
  int fd = open("many", O_RDONLY | O_DIRECTORY);
  for (size_t size = 0; size < 40; size += 8) printf("buffer of %zu: %s\n", size, list(fd, size) < 0 ? error_name(errno) : "ok");
  lseek(fd, 0, SEEK_SET);
  long total = 0, calls = 0;
  for (long got; (got = list(fd, 48)) > 0; ++calls) {
    for (long at = 0; at < got; at += ((struct entry*)(buffer + at))->length) ++total;
  }
  printf("%ld entries in %ld calls\n", total, calls);
  printf("at the end: %ld\n", list(fd, sizeof buffer));
  printf("again: %ld\n", list(fd, sizeof buffer));
  SHOW(lseek(fd, 0, SEEK_SET));
  printf("from the start: %d\n", list(fd, sizeof buffer) > 1000);
  SHOW(syscall(SYS_getdents64, fd, (void*)8, 0));
  lseek(fd, 0, SEEK_SET);
  SHOW(syscall(SYS_getdents64, fd, (void*)8, 1000));
  int file = open("many/f1", O_RDONLY);
  SHOW(list(file, 100));
  SHOW(list(-1, 100));
  SHOW(list(open("many", O_PATH), 100));
  SHOW(lseek(fd, -1, SEEK_SET));
}

static void record_shape(void) {
  int fd = open("kinds", O_RDONLY);
  long got = list(fd, sizeof buffer);
  int types[16] = {0}, aligned = 1, inodes_match = 1;
  for (long at = 0; at < got;) {
    struct entry* entry = (struct entry*)(buffer + at);
    struct stat info;
    CHECK(fstatat(fd, entry->name, &info, AT_SYMLINK_NOFOLLOW) == 0);
    if (info.st_ino != entry->inode) inodes_match = 0;
    if ((unsigned)IFTODT(info.st_mode) != entry->type) printf("%s: type %d for mode %o\n", entry->name, entry->type, info.st_mode);
    if (entry->length % 8 != 0) aligned = 0;
    if (entry->length != ((19 + strlen(entry->name) + 1 + 7) & ~7ul)) printf("%s: length %d\n", entry->name, entry->length);
    ++types[entry->type];
    at += entry->length;
  }
  printf("aligned %d, inodes match %d, types", aligned, inodes_match);
  for (int type = 0; type < 16; ++type) printf(" %d", types[type]);
  printf("\n");
}

// Names that stay are seen exactly once, whatever happens to the others meanwhile.
static void changes_meanwhile(void) {
  CHECK(mkdir("busy", 0755) == 0);
  char name[32];
  for (int index = 0; index < 60; ++index) {
    snprintf(name, sizeof name, "busy/s%d", index);
    put(name, "");
    snprintf(name, sizeof name, "busy/g%d", index);
    put(name, "");
  }
  int fd = open("busy", O_RDONLY), seen[60] = {0};
  int step = 0;
  for (long got; (got = list(fd, 200)) > 0; ++step) {
    for (long at = 0; at < got;) {
      struct entry* entry = (struct entry*)(buffer + at);
      if (entry->name[0] == 's') ++seen[atoi(entry->name + 1)];
      at += entry->length;
    }
    snprintf(name, sizeof name, "busy/g%d", step % 60);
    unlink(name);
    snprintf(name, sizeof name, "busy/n%d", step);
    put(name, "");
    if (step > 1000) break;
  }
  int wrong = 0;
  for (int index = 0; index < 60; ++index) wrong += seen[index] != 1;
  printf("names not seen once: %d\n", wrong);
}

static void positions(void) {
  DIR* dir = opendir("many");
  CHECK(dir);
  char names[100][16];
  long places[100];
  int count = 0;
  for (;;) {
    long place = telldir(dir);
    struct dirent* entry = readdir(dir);
    if (!entry) break;
    snprintf(names[count], sizeof names[count], "%s", entry->d_name);
    places[count++] = place;
  }
  int wrong = 0;
  for (int index = count - 1; index >= 0; --index) {
    seekdir(dir, places[index]);
    struct dirent* entry = readdir(dir);
    if (!entry || strcmp(entry->d_name, names[index]) != 0) ++wrong;
  }
  printf("%d names, %d wrong places\n", count, wrong);
  rewinddir(dir);
  struct dirent* first = readdir(dir);
  printf("first again: %d\n", first && strcmp(first->d_name, names[0]) == 0);
  closedir(dir);
}

static void removed(void) {
  CHECK(mkdir("dead", 0755) == 0);
  int fd = open("dead", O_RDONLY);
  CHECK(rmdir("dead") == 0);
  SHOW(list(fd, 1000));
  CHECK(mkdir("dead", 0755) == 0);
  SHOW(list(fd, 1000));
}

int main(void) {
  enter_fresh_directory();
  umask(022);
  CHECK(mkdir("many", 0755) == 0 && mkdir("kinds", 0755) == 0);
  for (int index = 0; index < 50; ++index) {
    char name[32];
    snprintf(name, sizeof name, "many/f%d", index);
    put(name, "");
  }
  put("kinds/file", "");
  CHECK(mkdir("kinds/dir", 0755) == 0 && symlink("file", "kinds/link") == 0 && mkfifo("kinds/fifo", 0644) == 0);
  CHECK(mknod("kinds/socket", S_IFSOCK | 0644, 0) == 0);
  CHECK(link("kinds/file", "kinds/a name of many many characters") == 0);
  small_buffers();
  record_shape();
  changes_meanwhile();
  positions();
  removed();
  return 0;
}
