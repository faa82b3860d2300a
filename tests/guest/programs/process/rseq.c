// Restartable sequences (rseq(2)): registering, the CPU number, and a critical section that a preemption or a signal aborts.
#include "guest.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/time.h>

#ifndef SYS_rseq
#ifdef __x86_64__
#define SYS_rseq 334
#else
#define SYS_rseq 293
#endif
#endif

struct area {
  uint32_t cpu_start, cpu;
  uint64_t sequence;
  uint32_t flags, padding[3];
} __attribute__((aligned(32)));

struct sequence {
  uint32_t version, flags;
  uint64_t start, length, abort;
} __attribute__((aligned(32)));

enum { signature = 0x53053053, unregister = 1 };
static struct area area __attribute__((aligned(32)));
static struct sequence sequence;

static void report(const char* what, long result) { printf("%s: %s\n", what, result == 0 ? "ok" : error_name(errno)); }
static long call(void* at, unsigned length, int flags, unsigned mark) { return syscall(SYS_rseq, at, length, flags, mark); }

static void registration(void) {
  report("misaligned", call((char*)&area + 8, 32, 0, signature));
  report("short", call(&area, 16, 0, signature));
  report("flags", call(&area, 32, 2, signature));
  report("unregister nothing", call(&area, 32, unregister, signature));
  report("beyond", call((void*)-4096l, 32, 0, signature));
  report("register", call(&area, 32, 0, signature));
  report("again", call(&area, 32, 0, signature));
  report("other signature", call(&area, 32, 0, signature + 1));
  report("other area", call(&area + 1, 32, 0, signature));
  printf("cpu is set: %d\n", area.cpu == area.cpu_start && (int)area.cpu == sched_getcpu());
  report("unregister, other signature", call(&area, 32, unregister, 1));
  report("unregister", call(&area, 32, unregister, signature));
  printf("cpu after: %d %d\n", (int)area.cpu_start, (int)area.cpu);
  report("register", call(&area, 32, 0, signature));
}

// Spins within the sequence until it is aborted.
#if defined(__x86_64__)
static void spin(void) {
  asm volatile(
      "lea 1f(%%rip), %%rax\n mov %%rax, 8(%0)\n"
      "lea 2f(%%rip), %%rcx\n sub %%rax, %%rcx\n mov %%rcx, 16(%0)\n"
      "lea 3f(%%rip), %%rax\n mov %%rax, 24(%0)\n"
      "mov %0, 8(%1)\n"
      "1: jmp 1b\n"
      "2: ud2\n"
      ".byte 0x0f, 0xb9, 0x3d\n.long 0x53053053\n"
      "3:\n" ::"r"(&sequence), "r"(&area)
      : "rax", "rcx", "memory");
}
#else
static void spin(void) {
  asm volatile(
      "la t0, 1f\n sd t0, 8(%0)\n"
      "la t1, 2f\n sub t1, t1, t0\n sd t1, 16(%0)\n"
      "la t0, 3f\n sd t0, 24(%0)\n"
      "sd %0, 8(%1)\n"
      ".balign 4\n"
      "1: j 1b\n"
      "2: ebreak\n"
      ".balign 4\n.word 0x53053053\n"
      "3:\n" ::"r"(&sequence), "r"(&area)
      : "t0", "t1", "memory");
}
#endif

static volatile int signals;
static void on_alarm(int number) {
  (void)number;
  ++signals;
}

static void aborted_by_signal(void) {
  struct sigaction action = {.sa_handler = on_alarm};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval timer = {{0, 20000}, {0, 20000}};  // the first may come before the sequence
  setitimer(ITIMER_REAL, &timer, NULL);
  spin();
  printf("out of the sequence, pointer cleared: %d\n", area.sequence == 0);
  while (!signals) usleep(1000);  // a preemption may have come first
  setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
  puts("signal seen");
}

// It has a CPU to itself, and still does not spin for ever.
static void aborted_alone(void) {
  spin();
  puts("left it alone");
}

static void* busy(void* stop) {
  while (!*(volatile int*)stop) continue;
  return NULL;
}

static void aborted_by_preemption(void) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof one, &one);
  volatile int stop = 0;
  pthread_t thread;
  pthread_create(&thread, NULL, busy, (void*)&stop);
  spin();
  stop = 1;
  pthread_join(thread, NULL);
  puts("preempted");
}

// The word before the abort address is not the signature: the kernel kills.
static void wrong_signature(void) {
  call(&area, 32, unregister, signature);
  call(&area, 32, 0, 0x1234);
  struct itimerval timer = {{0, 20000}, {0, 20000}};
  setitimer(ITIMER_REAL, &timer, NULL);
  spin();
}

int main(void) {
  registration();
  aborted_by_signal();
  aborted_by_preemption();
  aborted_alone();
  show_status("wrong signature", in_child(wrong_signature));
  return 0;
}
