// What the programs about files share: each works in a fresh directory below /tmp.
#pragma once

#include "guest.h"

#include <dirent.h>
#include <grp.h>
#include <limits.h>
#include <sys/syscall.h>

static inline void enter_fresh_directory(void) {
  static char path[] = "/tmp/files-XXXXXX";
  CHECK(mkdtemp(path) != NULL);
  CHECK(chdir(path) == 0);
}

static inline void put(const char* path, const char* text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  CHECK(fd >= 0);
  CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  CHECK(close(fd) == 0);
}

static inline void show_contents(const char* path) {
  char text[256];
  int fd = open(path, O_RDONLY);
  ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text);
  if (size < 0) printf("%s: %s\n", path, error_name(errno));
  else printf("%s: %zd bytes \"%.*s\"\n", path, size, (int)size, text);
  if (fd >= 0) close(fd);
}

static inline void show_stat(const char* path) {
  struct stat info;
  if (lstat(path, &info) != 0) printf("%s: %s\n", path, error_name(errno));
  else if (S_ISDIR(info.st_mode)) printf("%s: mode %o links %ld\n", path, info.st_mode, (long)info.st_nlink);
  else printf("%s: mode %o links %ld size %lld\n", path, info.st_mode, (long)info.st_nlink, (long long)info.st_size);
}

static int compare_names(const struct dirent** a, const struct dirent** b) { return strcmp((*a)->d_name, (*b)->d_name); }

// Names with types and link counts, in the order of the alphabet.
static inline void show_directory(const char* path) {
  struct dirent** entries;
  int count = scandir(path, &entries, NULL, compare_names);
  CHECK(count >= 0);
  printf("%s:", path);
  for (int index = 0; index < count; ++index) printf(" %s/%d", entries[index]->d_name, entries[index]->d_type);
  printf("\n");
}

// Runs `function` as a user without rights; says so if this process may not change its user.
static inline void as_user(uid_t uid, gid_t gid, void (*function)(void)) {
  fflush(stdout);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    CHECK(setgroups(0, NULL) == 0);
    CHECK(setresgid(gid, gid, gid) == 0);
    CHECK(setresuid(uid, uid, uid) == 0);
    function();
    fflush(stdout);
    _exit(0);
  }
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
}

static inline void require_root(void) {
  if (geteuid() == 0 && setegid(1) == 0) {
    CHECK(setegid(0) == 0);
    return;
  }
  printf("needs a root that may change its ids\n");
  exit(0);
}
