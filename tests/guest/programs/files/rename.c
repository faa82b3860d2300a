// rename(2), renameat2(2): every pair of kinds, names that are dots or have slashes, directories into themselves, flags.
#include "files.h"

#define NOREPLACE 1
#define EXCHANGE 2
#define WHITEOUT 4

static long rename2(const char* from, const char* to, unsigned flags) { return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags); }

static const char* const kinds[] = {"file", "empty", "full", "link", "dirlink", "fifo", "none"};

static void make(const char* prefix) {
  char name[64];
  mkdir(prefix, 0755);
  CHECK(chdir(prefix) == 0);
  snprintf(name, sizeof name, "in %s", prefix);
  put("file", name);
  CHECK(mkdir("empty", 0755) == 0 && mkdir("full", 0755) == 0);
  put("full/x", "x");
  CHECK(symlink("file", "link") == 0 && symlink("empty", "dirlink") == 0 && mkfifo("fifo", 0644) == 0);
  CHECK(chdir("..") == 0);
}

static void clear(const char* prefix) {
  char name[128];
  for (size_t index = 0; index < COUNT(kinds); ++index) {
    snprintf(name, sizeof name, "%s/%s/x", prefix, kinds[index]);
    unlink(name);
    snprintf(name, sizeof name, "%s/%s", prefix, kinds[index]);
    if (unlink(name) != 0) rmdir(name);
  }
  CHECK(rmdir(prefix) == 0);
}

static void all_pairs(unsigned flags) {
  for (size_t one = 0; one < COUNT(kinds); ++one)
    for (size_t two = 0; two < COUNT(kinds); ++two) {
      char from[64], to[64];
      make("a");
      make("b");
      snprintf(from, sizeof from, "a/%s", kinds[one]);
      snprintf(to, sizeof to, "b/%s", kinds[two]);
      long result = rename2(from, to, flags);
      printf("rename(%s, %s, %u): %s\n", from, to, flags, result ? error_name(errno) : "ok");
      if (result == 0) {
        show_stat("a");
        show_stat("b");
        show_stat(to);
        show_stat(from);
      }
      clear("a");
      clear("b");
    }
}

static void places(void) {
  make("a");
  CHECK(mkdir("a/full/deeper", 0755) == 0);
  SHOW(rename("a", "a/full/x2"));
  SHOW(rename("a", "a"));
  SHOW(rename("a/full", "a"));
  SHOW(rename("a/full/deeper", "a/full"));
  SHOW(rename("a/full", "a/full/deeper/x"));
  SHOW(rename("a/file", "a/file"));
  SHOW(rename("a/file", "a/new/"));
  SHOW(rename("a/file/", "a/new"));
  SHOW(rename("a/empty/", "a/new/"));
  SHOW(rename("a/new", "a/empty"));
  SHOW(rename("a/link/", "a/new"));
  SHOW(rename("a/dirlink/", "a/new"));
  SHOW(rename("a/dirlink", "a/new/"));
  SHOW(rename("a/empty", "a/dirlink/"));
  SHOW(rename("a/.", "b"));
  SHOW(rename("a/..", "b"));
  SHOW(rename("a", "."));
  SHOW(rename("a", ".."));
  SHOW(rename(".", "a"));
  SHOW(rename("a/file", "a/empty/."));
  SHOW(rename("a/file", "a/empty/.."));
  SHOW(rename("", "b"));
  SHOW(rename("a", ""));
  SHOW(rename("a/file", "none/x"));
  SHOW(rename("none/x", "b"));
  SHOW(rename("a/file/x", "b"));
  SHOW(rename("a/file", "a/file/x"));
  SHOW(rename("a/file", "/dev/x"));
  SHOW(link("a/file", "a/hard"));
  SHOW(rename("a/file", "a/hard"));
  show_stat("a/file");
  SHOW(rename2("a/file", "a/hard", NOREPLACE));
  SHOW(rename2("a/file", "a/hard", EXCHANGE));
  SHOW(rename2("a/file", "a/file", NOREPLACE));
  SHOW(rename2("a/file", "a/file", EXCHANGE));
  SHOW(rename2("a", "a/full", EXCHANGE));
  SHOW(rename2("a/full", "a", EXCHANGE));
  SHOW(rename2("a/full/deeper", "a/full", EXCHANGE));
  SHOW(rename2("a/file", "none", EXCHANGE));
  SHOW(rename2("none", "a/file", EXCHANGE));
  SHOW(rename2("a/file", "b", NOREPLACE | EXCHANGE));
  SHOW(rename2("a/file", "b", EXCHANGE | WHITEOUT));
  SHOW(rename2("a/file", "b", 8));
  SHOW(rename2("a", ".", NOREPLACE));
  SHOW(rename2("a", "..", EXCHANGE));
  SHOW(rename2("a/", "b/", NOREPLACE));
  SHOW(rename2("b/file/", "b/link", EXCHANGE));
  SHOW(rename2("b/file", "b/link/", EXCHANGE));
  SHOW(rename2("b/full/", "b/file", EXCHANGE));
  SHOW(rename2("b/full", "b/file/", EXCHANGE));
  show_directory("b");
  show_stat("b");
}

static void open_things_follow(void) {
  make("c");
  int file = open("c/file", O_RDWR), dir = open("c/full", O_RDONLY);
  SHOW(rename("c/file", "c/full/moved"));
  SHOW(rename("c/full", "away"));
  SHOW(faccessat(dir, "moved", F_OK, 0));
  SHOW(write(file, "new", 3));
  show_contents("away/moved");
  CHECK(fchdir(dir) == 0);
  char text[PATH_MAX];
  CHECK(getcwd(text, sizeof text));
  printf("cwd ends in %s\n", strrchr(text, '/'));
  SHOW(rename("../away", "../again"));
  CHECK(getcwd(text, sizeof text));
  printf("cwd ends in %s\n", strrchr(text, '/'));
  CHECK(chdir("..") == 0);
  int replaced = open("c/link", O_PATH | O_NOFOLLOW);
  struct stat info;
  SHOW(rename("again/x", "c/link"));
  CHECK(fstat(replaced, &info) == 0);
  printf("links of what was replaced: %ld\n", (long)info.st_nlink);
}

int main(void) {
  enter_fresh_directory();
  umask(022);
  all_pairs(0);
  all_pairs(NOREPLACE);
  all_pairs(EXCHANGE);
  places();
  open_things_follow();
  return 0;
}
