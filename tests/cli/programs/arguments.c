// Prints its arguments, AT_EXECFN and who it runs as.
#include <grp.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int count, char** arguments) {
  for (int index = 0; index < count; ++index) printf("[%s] ", arguments[index]);
  printf("execfn [%s]\n", (const char*)getauxval(AT_EXECFN));
  gid_t groups[64];
  int many = getgroups(64, groups);
  printf("ids %d %d %d %d groups", getuid(), geteuid(), getgid(), getegid());
  for (int index = 0; index < many; ++index) printf(" %d", groups[index]);
  struct stat status;
  int changed = chown(arguments[0], 12, 34);
  printf("\nchown %d", changed);
  if (changed == 0 && stat(arguments[0], &status) == 0) printf(" %d %d", status.st_uid, status.st_gid);
  printf("\n");
  return 0;
}
