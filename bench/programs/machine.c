// The program as a machine's first process: what it needs of the machine, the time from reset to its first instruction, and the end.
#define _GNU_SOURCE
#include "machine.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

// The program's real first instruction: notes the CPU's clock, which starts at reset, and leaves to the C library all as it was.
uint64_t first_ticks;
#if defined(__x86_64__)
__asm__(
    ".text\n.globl note_and_start\nnote_and_start:\n  mov %rdx, %r8\n  rdtsc\n  mov %eax, first_ticks(%rip)\n  mov %edx, 4+first_ticks(%rip)\n"
    "  mov %r8, %rdx\n  jmp _start\n");
static uint64_t ticks(void) { return __builtin_ia32_rdtsc(); }
#elif defined(__riscv)
__asm__(
    ".text\n.globl note_and_start\nnote_and_start:\n  rdtime t0\n.option push\n.option norelax\n  la t1, first_ticks\n.option pop\n"
    "  sd t0, 0(t1)\n  tail _start\n");
static uint64_t ticks(void) {
  uint64_t value;
  __asm__ volatile("rdtime %0" : "=r"(value));
  return value;
}
#else
#error "no clock of this machine is known"
#endif

// In ticks of the clock that the kernel found, against its own.
static double nanoseconds_per_tick(void) {
  enum { long_enough_ns = 20000000 };
  int64_t start = now();
  uint64_t first = ticks();
  while (now() - start < long_enough_ns) {
  }
  int64_t end = now();
  return (double)(end - start) / (double)(ticks() - first);
}

void start_as_init(void) {
  mkdir("/dev", 0755), mkdir("/proc", 0755), mkdir("/tmp", 01777);
  if (access("/dev/zero", F_OK) != 0) require(mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) == 0, "/dev");
  if (access("/proc/self", F_OK) != 0) require(mount("proc", "/proc", "proc", 0, NULL) == 0, "/proc");
  int console = open("/dev/console", O_RDWR);
  require(console >= 0, "/dev/console");
  for (int fd = 0; fd < 3; ++fd) dup2(console, fd);
  if (console > 2) close(console);
  setenv("BENCH_DIR", "/tmp", 1), setenv("BENCH_SELF", "/init", 1);
  printf("boot_to_init %.0f\n", (double)first_ticks * nanoseconds_per_tick());
  fflush(stdout);
}

void power_off(void) {
  sync();
  reboot(RB_POWER_OFF);
}
