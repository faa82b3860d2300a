// prctl(2): what is a thread's own and what its process's, what forks and execve keep, and what is refused.
#include "guest.h"

#include <pthread.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/utsname.h>

static void refused(void) {
  SHOW(prctl(-1, 0, 0, 0, 0));
  SHOW(prctl(0, 0, 0, 0, 0));
  SHOW(prctl(17, 0, 0, 0, 0));
  SHOW(prctl(PR_SET_PDEATHSIG, 65, 0, 0, 0));
  SHOW(prctl(PR_SET_DUMPABLE, 2, 0, 0, 0));
  SHOW(prctl(PR_SET_TIMING, 1, 0, 0, 0));
  SHOW(prctl(PR_GET_ENDIAN, 0, 0, 0, 0));
  SHOW(prctl(PR_GET_FPEMU, 0, 0, 0, 0));
  SHOW(prctl(PR_GET_FPEXC, 0, 0, 0, 0));
  SHOW(prctl(PR_GET_UNALIGN, 0, 0, 0, 0));
  SHOW(prctl(43, 0, 0, 0, 0));
  SHOW(prctl(45, 0, 0, 0, 0));
  SHOW(prctl(50, 16, 0, 0, 0));
  SHOW(prctl(54, 0, 0, 0, 0));
  SHOW(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
  SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
  SHOW(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
  SHOW(prctl(PR_SET_THP_DISABLE, 1, 1, 0, 0));
  SHOW(prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0));
  SHOW(prctl(PR_MCE_KILL, 2, 0, 0, 0));
  SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 1, 0, 0));
  SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, 3, 0, 0));
  SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 1, 0));
  SHOW(prctl(PR_MCE_KILL_GET, 1, 0, 0, 0));
  SHOW(prctl(PR_GET_NAME, 0, 0, 0, 0));
  SHOW(prctl(PR_SET_NAME, 16, 0, 0, 0));
  SHOW(prctl(PR_SET_MM, PR_SET_MM_BRK, 0, 1, 0));
  SHOW(prctl(PR_SET_MM, PR_SET_MM_BRK, 0, 0, 1));
  SHOW(prctl(PR_SET_MM, PR_SET_MM_MAP, 0, 1, 0));
  unsigned size = 0;
  SHOW(prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0));
  printf("size %u\n", size);
}

static void show_settings(const char* who) {
  int signal = -1;
  prctl(PR_GET_PDEATHSIG, &signal);
  printf("%s: no_new_privs %d, death signal %d, slack %d, memory failure %d, no huge pages %d, dumpable %d, keepcaps %d\n", who,
         prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), signal, prctl(PR_GET_TIMERSLACK), prctl(PR_MCE_KILL_GET, 0, 0, 0, 0),
         prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), prctl(PR_GET_DUMPABLE), prctl(PR_GET_KEEPCAPS));
}

static pthread_barrier_t barrier;
static void* watcher(void* unused) {
  (void)unused;
  show_settings("thread, before");
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  show_settings("thread, after");
  return NULL;
}

static void show_child(void) { show_settings("child"); }
static void executed(void) { execl("/proc/self/exe", "process_settings", "executed", NULL); }
static void* in_thread(void* function) {
  ((void (*)(void))function)();
  return NULL;
}
static void show_thread(void) { show_settings("new thread"); }

static void inherited(void) {
  pthread_t thread;
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_create(&thread, NULL, watcher, NULL);
  pthread_barrier_wait(&barrier);
  SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  SHOW(prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0));
  SHOW(prctl(PR_SET_TIMERSLACK, 1234, 0, 0, 0));
  SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0));
  SHOW(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
  SHOW(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
  SHOW(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
  pthread_barrier_wait(&barrier);
  pthread_join(thread, NULL);
  show_settings("first");
  pthread_create(&thread, NULL, in_thread, (void*)show_thread);
  pthread_join(thread, NULL);
  in_child(show_child);
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  executed();
}

// personality(2): what is asked for is kept, over fork and, but for what hangs on the program, over execve.
static void show_personality(void) { printf("personality %#x\n", (unsigned)personality(0xffffffff)); }
static void personalities(void) {
  SHOW(personality(0xffffffff));
  SHOW(personality(ADDR_NO_RANDOMIZE | STICKY_TIMEOUTS));
  show_personality();
  in_child(show_personality);
  struct timeval time = {0, 1000};
  SHOW(select(0, NULL, NULL, NULL, &time));
  printf("sticky: %d\n", (int)time.tv_usec);
  SHOW(personality(UNAME26));
  struct utsname names;
  CHECK(uname(&names) == 0);
  printf("release %.4s\n", names.release);
}

// The signal comes when the thread that made the child exits, though its process goes on.
static int ready[2];
static void* make_child(void* pid) {
  *(pid_t*)pid = fork();
  if (*(pid_t*)pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGUSR2);
    (void)!write(ready[1], "x", 1);
    for (;;) pause();
  }
  char byte;
  (void)!read(ready[0], &byte, 1);
  return NULL;
}
static void death_of_a_thread(void) {
  pid_t pid;
  pthread_t thread;
  CHECK(pipe(ready) == 0);
  pthread_create(&thread, NULL, make_child, &pid);
  pthread_join(thread, NULL);
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  show_status("child of the thread", status);
}

int main(int argc, char** argv) {
  (void)argv;
  if (argc > 1) {
    show_settings("executed");
    return 0;
  }
  prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0);
  refused();
  show_status("inherited", in_child(inherited));
  death_of_a_thread();
  show_status("personalities", in_child(personalities));
  return 0;
}
