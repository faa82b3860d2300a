// seccomp(2): strict mode, filters and what they can do to a call, filters on filters, threads, fork and exec, and what is no filter.
#include "guest.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

// linux/filter.h and linux/seccomp.h, which not every C library comes with.
struct sock_filter {
  uint16_t code;
  uint8_t jt, jf;
  uint32_t k;
};
struct sock_fprog {
  unsigned short len;
  struct sock_filter* filter;
};
struct seccomp_data {
  int nr;
  uint32_t arch;
  uint64_t instruction_pointer, args[6];
};
enum { BPF_LD, BPF_LDX, BPF_ST, BPF_STX, BPF_ALU, BPF_JMP, BPF_RET, BPF_MISC };
enum { BPF_W = 0, BPF_H = 8, BPF_ABS = 0x20, BPF_IND = 0x40, BPF_MEM = 0x60, BPF_LEN = 0x80 };
enum { BPF_ADD = 0, BPF_DIV = 0x30, BPF_OR = 0x40, BPF_LSH = 0x60, BPF_MOD = 0x90 };
enum { BPF_JA = 0, BPF_JEQ = 0x10, BPF_JGT = 0x20, BPF_K = 0, BPF_X = 8, BPF_A = 0x10, BPF_TXA = 0x80 };
#define BPF_STMT(code, k) {(unsigned short)(code), 0, 0, k}
#define BPF_JUMP(code, k, jt, jf) {(unsigned short)(code), jt, jf, k}
enum { SECCOMP_MODE_STRICT = 1 };
enum { SECCOMP_SET_MODE_STRICT, SECCOMP_SET_MODE_FILTER, SECCOMP_GET_ACTION_AVAIL, SECCOMP_GET_NOTIF_SIZES };
enum { SECCOMP_FILTER_FLAG_TSYNC = 1, SECCOMP_FILTER_FLAG_LOG = 2, SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4, SECCOMP_FILTER_FLAG_TSYNC_ESRCH = 16 };
#define SECCOMP_RET_KILL_PROCESS 0x80000000u
#define SECCOMP_RET_KILL_THREAD 0u
#define SECCOMP_RET_TRAP 0x00030000u
#define SECCOMP_RET_ERRNO 0x00050000u
#define SECCOMP_RET_TRACE 0x7ff00000u
#define SECCOMP_RET_LOG 0x7ffc0000u
#define SECCOMP_RET_ALLOW 0x7fff0000u

#ifdef __x86_64__
#define ARCH 0xc000003e
#else
#define ARCH 0xc00000f3
#endif

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define IF_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)

static long seccomp(unsigned operation, unsigned flags, void* argument) { return syscall(SYS_seccomp, operation, flags, argument); }

static long install(const struct sock_filter* filter, unsigned count, unsigned flags) {
  struct sock_fprog program = {.len = (unsigned short)count, .filter = (struct sock_filter*)filter};
  return seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);
}

// getppid(2) gets `action`; everything else is allowed.
static long act_on_getppid(unsigned action, unsigned flags) {
  struct sock_filter filter[] = {LOAD(arch), IF_EQUAL(ARCH, 1, 0), RETURN(SECCOMP_RET_KILL_PROCESS), LOAD(nr), IF_EQUAL(SYS_getppid, 0, 1), RETURN(action), RETURN(SECCOMP_RET_ALLOW)};
  return install(filter, COUNT(filter), flags);
}

static void show_state(const char* when) {
  char line[128];
  FILE* file = fopen("/proc/thread-self/status", "r");
  CHECK(file);
  printf("%s:", when);
  while (fgets(line, sizeof line, file)) {
    unsigned value;
    if (sscanf(line, "NoNewPrivs: %u", &value) == 1) printf(" no_new_privs %u", value);
    if (sscanf(line, "Seccomp: %u", &value) == 1) printf(" mode %u", value);
    if (sscanf(line, "Seccomp_filters: %u", &value) == 1) printf(" filters %u", value);
  }
  puts("");
  fclose(file);
}

static void strict(void) {
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0) write(1, "may write\n", 10);
  syscall(SYS_exit, 3);
}
static void strict_broken(void) {
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
  syscall(SYS_getpid);
}
static void killed(void) {
  act_on_getppid(SECCOMP_RET_KILL_PROCESS, 0);
  syscall(SYS_getppid);
}
static void killed_thread(void) {
  act_on_getppid(SECCOMP_RET_KILL_THREAD, 0);
  syscall(SYS_getppid);
}

static void on_sys(int number, siginfo_t* info, void* context) {
  (void)context;
  printf("signal %d, code %d, errno %d, call %d, arch %d, address %d\n", number == SIGSYS, info->si_code, info->si_errno, info->si_syscall == SYS_getppid,
         info->si_arch == ARCH, info->si_call_addr != NULL);
}
static void trapped(void) {
  struct sigaction action = {.sa_sigaction = on_sys, .sa_flags = SA_SIGINFO};
  sigaction(SIGSYS, &action, NULL);
  SHOW(act_on_getppid(SECCOMP_RET_TRAP | 77, 0));
  syscall(SYS_getppid);
  puts("after the trap");
}
static void trapped_blocked(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGSYS);
  sigprocmask(SIG_BLOCK, &set, NULL);
  act_on_getppid(SECCOMP_RET_TRAP, 0);
  syscall(SYS_getppid);
}

static void errors(void) {
  SHOW(act_on_getppid(SECCOMP_RET_ERRNO | 33, 0));
  SHOW(syscall(SYS_getppid));
  SHOW(act_on_getppid(SECCOMP_RET_LOG, SECCOMP_FILTER_FLAG_LOG));
  SHOW(syscall(SYS_getppid));
  SHOW(act_on_getppid(SECCOMP_RET_TRACE | 1, SECCOMP_FILTER_FLAG_SPEC_ALLOW));
  SHOW(syscall(SYS_getppid));  // the lower action counts
  SHOW(act_on_getppid(SECCOMP_RET_ERRNO | 0, 0));
  SHOW(syscall(SYS_getppid));  // the newest of equal ones
  SHOW(act_on_getppid(SECCOMP_RET_ERRNO | 5000, 0));
  printf("largest: %ld\n", -syscall(SYS_getppid) == 1 ? (long)errno : 0);
  show_state("five filters");
  SHOW(prctl(PR_GET_SECCOMP));
  SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
  SHOW(prctl(PR_SET_SECCOMP, 3));
}
static void traced(void) {
  act_on_getppid(SECCOMP_RET_TRACE, 0);
  SHOW(syscall(SYS_getppid));
}
static void children(void) {
  act_on_getppid(SECCOMP_RET_ERRNO | 34, 0);
  pid_t pid = fork();
  if (pid == 0) {
    SHOW(syscall(SYS_getppid));
    execl("/proc/self/exe", "seccomp", "executed", NULL);
  }
  int status;
  waitpid(pid, &status, 0);
  show_status("child", status);
}

// Arithmetic, memory and X: the low byte of the first argument of close(2) becomes its errno, doubled, unless there are upper bits.
static void computes(void) {
  struct sock_filter filter[] = {LOAD(nr),
                                 IF_EQUAL(SYS_close, 1, 0),
                                 RETURN(SECCOMP_RET_ALLOW),
                                 LOAD(args[0]),
                                 BPF_STMT(BPF_ST, 3),
                                 BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 0xff, 6, 0),
                                 BPF_STMT(BPF_LDX | BPF_MEM, 3),
                                 BPF_STMT(BPF_MISC | BPF_TXA, 0),
                                 BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
                                 BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
                                 BPF_STMT(BPF_RET | BPF_A, 0),
                                 RETURN(SECCOMP_RET_KILL_PROCESS),
                                 BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),  // X is 0: ends with 0
                                 RETURN(SECCOMP_RET_ALLOW)};
  SHOW(install(filter, COUNT(filter), 0));
  SHOW(close(7));
  SHOW(close(11));
  close(256);
}

static pthread_barrier_t barrier;
static void* follower(void* own_filter) {
  if (own_filter) act_on_getppid(SECCOMP_RET_ERRNO | 13, 0);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  show_state("thread");
  SHOW(syscall(SYS_getppid));
  return NULL;
}
static void with_thread(bool diverges) {
  pthread_t thread;
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_create(&thread, NULL, follower, diverges ? &barrier : NULL);
  pthread_barrier_wait(&barrier);
  long other = act_on_getppid(SECCOMP_RET_ERRNO | 34, SECCOMP_FILTER_FLAG_TSYNC);
  printf("tsync: %s\n", other == 0 ? "all" : other > 0 && other != getpid() ? "one cannot" : "?");
  SHOW(act_on_getppid(SECCOMP_RET_ERRNO | 34, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH));
  pthread_barrier_wait(&barrier);
  pthread_join(thread, NULL);
  show_state("first");
}
static void all_threads(void) { with_thread(false); }
static void diverging_threads(void) { with_thread(true); }

static volatile pid_t lone_tid;
static void* killed_alone(void* unused) {
  (void)unused;
  act_on_getppid(SECCOMP_RET_KILL_THREAD, 0);
  lone_tid = (pid_t)syscall(SYS_gettid);
  syscall(SYS_getppid);
  puts("not reached");
  return NULL;
}
// Not by pthread_join(3), for the thread cannot tell its C library that it ends.
static void one_thread_dies(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, killed_alone, NULL);
  while (!lone_tid || syscall(SYS_tgkill, getpid(), lone_tid, 0) == 0) usleep(1000);
  puts("gone");
}

static void bad_programs(void) {
  const struct {
    const char* name;
    struct sock_filter filter[3];
    unsigned count;
  } cases[] = {{"no return", {LOAD(nr)}, 1},
               {"unaligned", {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), RETURN(0)}, 2},
               {"outside", {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, sizeof(struct seccomp_data)), RETURN(0)}, 2},
               {"half word", {BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), RETURN(0)}, 2},
               {"indirect", {BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), RETURN(0)}, 2},
               {"length", {BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), RETURN(SECCOMP_RET_ALLOW)}, 2},
               {"remainder", {BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 2), RETURN(0)}, 2},
               {"division by 0", {BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RETURN(0)}, 2},
               {"shift by 32", {BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), RETURN(0)}, 2},
               {"jump behind the end", {BPF_STMT(BPF_JMP | BPF_JA, 1), RETURN(0)}, 2},
               {"jump far back", {BPF_STMT(BPF_JMP | BPF_JA, ~0u), RETURN(0)}, 2},
               {"branch behind the end", {IF_EQUAL(0, 0, 1), RETURN(0)}, 2},
               {"memory never written", {BPF_STMT(BPF_LD | BPF_MEM, 0), RETURN(0)}, 2},
               {"memory out of range", {BPF_STMT(BPF_ST, 16), RETURN(0)}, 2},
               {"memory written", {BPF_STMT(BPF_ST, 15), BPF_STMT(BPF_LDX | BPF_MEM, 15), RETURN(SECCOMP_RET_ALLOW)}, 3},
               {"return X", {BPF_STMT(BPF_RET | BPF_X, 0)}, 1},
               {"empty", {RETURN(SECCOMP_RET_ALLOW)}, 0}};
  for (size_t index = 0; index < COUNT(cases); ++index) {
    errno = 0;
    install(cases[index].filter, cases[index].count, 0);
    printf("%s: %s\n", cases[index].name, error_name(errno));
  }
  static struct sock_filter longest[4097];
  for (size_t index = 0; index < COUNT(longest); ++index) longest[index] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
  SHOW(install(longest, 4097, 0));
  SHOW(install(longest, 4096, 0));
  SHOW(install(NULL, 1, 0));
  SHOW(install((void*)16, 1, 0));
  SHOW(seccomp(SECCOMP_SET_MODE_FILTER, 0, (void*)16));
  SHOW(seccomp(SECCOMP_SET_MODE_FILTER, 1u << 6, NULL));
  int added = 0;
  while (added < 100 && install(longest, 4096, 0) == 0) ++added;
  printf("there is a limit: %d %s\n", added < 10, error_name(errno));
}

static void operations(void) {
  const unsigned actions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO, SECCOMP_RET_TRACE, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW, 0x12340000};
  for (size_t index = 0; index < COUNT(actions); ++index) SHOW(seccomp(SECCOMP_GET_ACTION_AVAIL, 0, (void*)&actions[index]));
  SHOW(seccomp(SECCOMP_GET_ACTION_AVAIL, 1, (void*)&actions[0]));
  SHOW(seccomp(SECCOMP_GET_ACTION_AVAIL, 0, NULL));
  unsigned short sizes[3] = {0};
  SHOW(seccomp(SECCOMP_GET_NOTIF_SIZES, 0, sizes));
  printf("%u %u %u\n", sizes[0], sizes[1], sizes[2]);
  SHOW(seccomp(SECCOMP_SET_MODE_STRICT, 1, NULL));
  SHOW(seccomp(SECCOMP_SET_MODE_STRICT, 0, sizes));
  SHOW(seccomp(99, 0, NULL));
  SHOW(prctl(PR_GET_SECCOMP));
}

int main(int argc, char** argv) {
  (void)argv;
  if (argc > 1) {
    show_state("executed");
    SHOW(syscall(SYS_getppid));
    return 5;
  }
  operations();
  SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  show_status("strict", in_child(strict));
  show_status("strict, broken", in_child(strict_broken));
  show_status("kill process", in_child(killed));
  show_status("kill thread", in_child(killed_thread));
  show_status("trap", in_child(trapped));
  show_status("trap, blocked", in_child(trapped_blocked));
  show_status("errors", in_child(errors));
  show_status("trace", in_child(traced));
  show_status("children", in_child(children));
  show_status("computes", in_child(computes));
  show_status("all threads", in_child(all_threads));
  show_status("diverging threads", in_child(diverging_threads));
  show_status("one thread", in_child(one_thread_dies));
  show_status("bad programs", in_child(bad_programs));
  show_state("parent");
  return 0;
}
