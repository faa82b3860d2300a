// Says to the file argv[1] what descriptors 0 to 2 are and what they do, in words that do not depend on names and numbers of one run.
// argv[2]: "read" to read from each that can be read, else not.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static const char* outcome(long result) {
  static char text[100];
  if (result < 0) snprintf(text, sizeof text, "%s", strerrorname_np(errno));
  else snprintf(text, sizeof text, "%ld", result);
  return text;
}

int main(int count, char** arguments) {
  int out = open(arguments[1], O_WRONLY | O_CREAT | O_TRUNC, 0666);
  out = fcntl(out, F_DUPFD, 20);
  for (int fd = 3; fd < 20; ++fd) close(fd);
  signal(SIGPIPE, SIG_IGN);
  for (int fd = 0; fd < 3; ++fd) {
    int flags = fcntl(fd, F_GETFL);
    dprintf(out, "%d: ", fd);
    if (flags < 0) dprintf(out, "flags %s", outcome(flags));
    else dprintf(out, "flags %o", flags & (O_ACCMODE | O_APPEND | O_NONBLOCK));
    int terminal = isatty(fd);
    dprintf(out, ", isatty %d", terminal);
    if (!terminal) dprintf(out, " %s", outcome(-1));
    errno = 0;
    const char* name = ttyname(fd);
    dprintf(out, ", ttyname %s", name ? "some" : outcome(-1));
    struct stat status;
    int got = fstat(fd, &status);
    dprintf(out, ", fstat %s", outcome(got));
    if (got == 0) dprintf(out, " %o", status.st_mode & S_IFMT);
    if (got == 0 && S_ISREG(status.st_mode)) dprintf(out, " size %ld", (long)status.st_size);
    if (terminal) {
      pid_t group = tcgetpgrp(fd);
      dprintf(out, ", foreground %s", group < 0 ? outcome(group) : group == getpgrp() ? "ours" : "another");
    } else {
      dprintf(out, ", lseek %s", outcome(lseek(fd, 0, SEEK_CUR)));
    }
    char bytes[100];
    struct pollfd entry = {fd, POLLIN, 0};
    if (!terminal || (count > 2 && strcmp(arguments[2], "read") == 0)) {
      if (terminal) dprintf(out, "\nkey wanted\n");
      int ready = terminal ? 1 : poll(&entry, 1, 0);
      // A socket has nothing; a descriptor that is not for reading says so.
      if (ready == 0 && (flags & O_ACCMODE) != O_WRONLY) dprintf(out, ", nothing to read");
      else {
        ssize_t size = read(fd, bytes, sizeof bytes);
        dprintf(out, ", read %s", outcome(size));
        if (size > 0) dprintf(out, " '%.*s'", (int)size - 1, bytes);
      }
    }
    char text[] = "written to ?\n";
    text[11] = (char)('0' + fd);
    dprintf(out, ", write %s", outcome(write(fd, text, sizeof text - 1)));
    if (got == 0 && S_ISREG(status.st_mode)) dprintf(out, ", lseek %s", outcome(lseek(fd, 0, SEEK_CUR)));
    dprintf(out, "\n");
  }
  int terminal = open("/dev/tty", O_RDWR | O_NOCTTY);
  dprintf(out, "/dev/tty %s\n", terminal < 0 ? outcome(-1) : "opens");
  return 7;
}
