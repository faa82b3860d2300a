// Scripts: the interpreter line, its one argument, nesting, its limits.
#include "guest.h"

static void put(const char* name, const char* text) {
  int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0755);
  CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  close(fd);
}

static void run(const char* name) {
  fflush(stdout);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    execve(name, (char*[]){"zeroth", "first", "second", NULL}, (char*[]){NULL});
    printf("%s: %s\n", name, error_name(errno));
    fflush(stdout);
    _exit(1);
  }
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  if (status && WEXITSTATUS(status) != 1) show_status(name, status);
}

static void put_long(const char* name, size_t length) {
  char line[4096];
  memset(line, ' ', sizeof line);
  memcpy(line, "#!/programs/interpreters", 24);
  strcpy(line + length - 6, "tail\n");
  put(name, line);
}

int main(int count, char** arguments) {
  if (strcmp(arguments[0], "/programs/interpreters") != 0 || count > 1) {
    for (int index = 0; index < count; ++index) printf(" [%s]", arguments[index]);
    printf("\n");
    return 0;
  }
  put("plain", "#!/programs/interpreters\n");
  put("argument", "#!/programs/interpreters one argument only  \nrest\n");
  put("spaces", "#!  \t /programs/interpreters \t x\t\n");
  put("no_newline", "#!/programs/interpreters end");
  put("nothing", "#!\n");
  put("blank", "#!    \n");
  put("missing", "#!/no/such/interpreter\n");
  put("directory", "#!/programs\n");
  put("relative", "#!plain\n");
  put("carriage", "#!/programs/interpreters\r\n");
  put("self", "#!/tmp/self\n");
  char name[16] = "plain", line[64];
  for (int level = 1; level <= 6; ++level) {
    snprintf(line, sizeof line, "#!/tmp/%s level%d\n", name, level);
    snprintf(name, sizeof name, "nested%d", level);
    put(name, line);
  }
  static const char* const names[] = {"plain",    "argument", "spaces",   "no_newline", "nothing", "blank",   "missing", "directory",
                                      "relative", "carriage", "nested1", "nested2",    "nested3", "nested4", "nested5", "nested6", "self"};
  for (size_t index = 0; index < COUNT(names); ++index) run(names[index]);
  put_long("long100", 100);
  put_long("long255", 255);
  put_long("long300", 300);
  run("long100");
  run("long255");
  run("long300");
  CHECK(chmod("plain", 0644) == 0);
  run("plain");
  run("nested1");
  return 0;
}
