// Floating-point and vector registers are a program's own: across preemption, fork and signals; a signal's frame holds them and may change
// them; a frame that the CPU would not take kills. AVX is tried where the CPU and the kernel say so, without a line of its own.
// isa: x86_64
#include "guest.h"

#include <cpuid.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>

typedef struct {
  _Alignas(64) unsigned char vectors[16][32];  // xmm in the first halves
  unsigned mxcsr;
  unsigned short x87_control;
} registers;

static bool has_avx;
enum { sse_control = 0x1f80, avx_component = 4 };

static void find_avx(void) {
  unsigned a, b, c, d, low, high;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX)) return;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  has_avx = (low & 6) == 6;
}

// Loads all registers, makes a system call (or none, if `number` is -1), spins, and stores them all again.
#define EACH(operation)                                                                                                              \
  operation(0) operation(1) operation(2) operation(3) operation(4) operation(5) operation(6) operation(7) operation(8) operation(9) \
      operation(10) operation(11) operation(12) operation(13) operation(14) operation(15)
#define LOAD(n) "movaps " #n "*32(%%r12), %%xmm" #n "\n"
#define STORE(n) "movaps %%xmm" #n ", " #n "*32(%%r12)\n"
#define LOAD_AVX(n) "vmovaps " #n "*32(%%r12), %%ymm" #n "\n"
#define STORE_AVX(n) "vmovaps %%ymm" #n ", " #n "*32(%%r12)\n"
#define BETWEEN                                   \
  "ldmxcsr 512(%%r12)\n fldcw 516(%%r12)\n"       \
  "test %%rax, %%rax\n js 1f\n syscall\n 1:\n"    \
  "2: dec %%r14\n jg 2b\n"                        \
  "stmxcsr 512(%%r13)\n fnstcw 516(%%r13)\n mov %%r13, %%r12\n"
#define CARRY(load, store)                                                                                                        \
  __asm__ volatile(EACH(load) BETWEEN EACH(store)                                                                                \
                   : "+a"(number), "+r"(from_), "+r"(to_), "+r"(spins_)                                                          \
                   : "D"(first), "S"(second)                                                                                     \
                   : "rcx", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", \
                     "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15")

static long carry(registers* to, registers* from, long spins, long number, long first, long second) {
  register registers* from_ __asm__("r12") = from;
  register registers* to_ __asm__("r13") = to;
  register long spins_ __asm__("r14") = spins;
  if (has_avx) CARRY(LOAD_AVX, STORE_AVX);
  else CARRY(LOAD, STORE);
  static const unsigned initial_mxcsr = sse_control;
  static const unsigned short initial_x87 = 0x37f;
  __asm__ volatile("ldmxcsr %0\n fldcw %1" : : "m"(initial_mxcsr), "m"(initial_x87));
  return number;
}

static void fill(registers* set, unsigned seed) {
  memset(set, 0, sizeof *set);
  for (unsigned n = 0; n < 16; ++n)
    for (unsigned at = 0; at < (has_avx ? 32 : 16); ++at) set->vectors[n][at] = (unsigned char)(seed * 37 + n * 32 + at + 1);
  set->mxcsr = sse_control | (seed & 3) << 13;  // rounding
  set->x87_control = (unsigned short)(0x37f | (seed & 3) << 10);
}

static bool are_equal(const registers* a, const registers* b) {
  return memcmp(a->vectors, b->vectors, sizeof a->vectors) == 0 && ((a->mxcsr ^ b->mxcsr) & ~0x3fu) == 0 && a->x87_control == b->x87_control;
}

static void preemption(void) {
  enum { children = 4, rounds = 150, spins = 100000 };
  pid_t pids[children];
  for (unsigned child = 0; child < children; ++child) {
    CHECK((pids[child] = fork()) >= 0);
    if (pids[child] > 0) continue;
    registers mine, seen;
    for (unsigned round = 0; round < rounds; ++round) {
      fill(&mine, child * 64 + round);
      memset(&seen, 0, sizeof seen);
      carry(&seen, &mine, spins, -1, 0, 0);
      if (!are_equal(&mine, &seen)) _exit(1);
    }
    _exit(0);
  }
  for (unsigned child = 0; child < children; ++child) {
    int status;
    CHECK(waitpid(pids[child], &status, 0) == pids[child]);
    show_status("preempted", status);
  }
}

static void forking(void) {
  registers mine, seen;
  fill(&mine, 77);
  memset(&seen, 0, sizeof seen);
  long pid = carry(&seen, &mine, 1, SYS_fork, 0, 0);
  CHECK(pid >= 0);
  if (pid == 0) _exit(are_equal(&mine, &seen) ? 0 : 1);
  int status;
  CHECK(waitpid((pid_t)pid, &status, 0) == pid);
  show_status("fork: the child's", status);
  printf("fork: the parent's: %s\n", are_equal(&mine, &seen) ? "kept" : "lost");
}

static void (*volatile look)(unsigned char* frame);
static volatile int signals;

static void on_signal(int number, siginfo_t* info, void* context) {
  (void)number, (void)info;
  registers others, seen;
  fill(&others, 200 + (unsigned)signals++);
  carry(&seen, &others, 1, -1, 0, 0);
  if (look) look((unsigned char*)((ucontext_t*)context)->uc_mcontext.fpregs);
}

// Sends itself a signal between loading and storing.
static bool survives_signal(registers* mine) {
  registers seen;
  memset(&seen, 0, sizeof seen);
  carry(&seen, mine, 1, SYS_kill, getpid(), SIGUSR1);
  bool is_equal = are_equal(mine, &seen);
  *mine = seen;
  return is_equal;
}

static void signalling(void) {
  registers mine, seen;
  fill(&mine, 5);
  printf("signal: %s\n", survives_signal(&mine) ? "kept" : "lost");
  int before = signals;
  struct itimerval every = {{0, 2000}, {0, 2000}};
  CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
  bool is_kept = true;
  for (unsigned round = 0; round < 10000 && signals < before + 20; ++round) {
    fill(&mine, round);
    memset(&seen, 0, sizeof seen);
    carry(&seen, &mine, 100000, -1, 0, 0);
    is_kept = is_kept && are_equal(&mine, &seen);
  }
  struct itimerval never = {{0, 0}, {0, 0}};
  CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
  printf("timer signals: %s, %s\n", signals >= before + 20 ? "came" : "did not come", is_kept ? "kept" : "lost");
}

// --- the frame: the last 48 bytes of FXSAVE's 512 are the kernel's

static unsigned* magic_of(unsigned char* frame) { return (unsigned*)(frame + 464); }
static unsigned* control_of(unsigned char* frame) { return (unsigned*)(frame + 24); }
static bool is_extended(unsigned char* frame) { return magic_of(frame)[0] == 0x46505853; }
static uint64_t* header_of(unsigned char* frame) { return (uint64_t*)(frame + 512); }

static volatile bool is_right;

static void look_and_change(unsigned char* frame) {
  registers wanted;
  fill(&wanted, 9);
  is_right = memcmp(frame + 160 + 3 * 16, wanted.vectors[3], 16) == 0 && (*control_of(frame) & ~0x3fu) == wanted.mxcsr && (uintptr_t)frame % 16 == 0;
  memset(frame + 160 + 3 * 16, 0xaa, 16);
  if (!has_avx) return;
  unsigned* magic = magic_of(frame);
  unsigned size = magic[4];
  is_right = is_right && is_extended(frame) && magic[1] == size + 4 && (magic[2] & 7) == 7 && *(unsigned*)(frame + size) == 0x46505845 &&
             (*header_of(frame) & 7) == 7 && memcmp(frame + 576 + 3 * 16, wanted.vectors[3] + 16, 16) == 0;
  memset(frame + 576 + 3 * 16, 0xbb, 16);
}

static void frames(void) {
  registers mine, wanted;
  fill(&mine, 9);
  wanted = mine;
  memset(wanted.vectors[3], 0xaa, 16);
  if (has_avx) memset(wanted.vectors[3] + 16, 0xbb, 16);
  look = look_and_change;
  survives_signal(&mine);
  look = NULL;
  printf("the frame: %s\n", is_right ? "as it should be" : "wrong");
  printf("changed in the frame: %s\n", are_equal(&mine, &wanted) ? "changed" : "not changed");
}

static void spoil_control(unsigned char* frame) { *control_of(frame) = 0xffffffff; }
static void spoil_header(unsigned char* frame) {
  if (!is_extended(frame)) *control_of(frame) = 0xffffffff;
  else *header_of(frame) |= (uint64_t)1 << 62;
}
static void spoil_compaction(unsigned char* frame) {
  if (!is_extended(frame)) *control_of(frame) = 0xffffffff;
  else header_of(frame)[1] = 1;
}
static void cut_off(unsigned char* frame) {
  if (is_extended(frame)) *(unsigned*)(frame + magic_of(frame)[4]) = 0;
}

// Frames at every distance from the end of a page, with registers that they carry through.
static void positions(void) {
  enum { page = 4096, size = 4 * page };
  unsigned char* room = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(room != MAP_FAILED);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  unsigned kept = 0, places = 0;
  for (size_t shift = 0; shift < page; shift += 64, ++places) {
    stack_t stack = {.ss_sp = room + shift, .ss_size = size};
    CHECK(sigaltstack(&stack, NULL) == 0);
    registers mine;
    fill(&mine, (unsigned)shift / 64);
    kept += survives_signal(&mine);
  }
  printf("frames at %u places: %u kept\n", places, kept);
}

// The lower part of the frame would lie where nothing may be written.
static void take_signal_half_out(void) {
  enum { page = 4096, size = 4 * page };
  unsigned char* room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(room != MAP_FAILED && mprotect(room, size / 2, PROT_READ) == 0);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  stack_t stack = {.ss_sp = room, .ss_size = size / 2 + 700};
  CHECK(sigaltstack(&stack, NULL) == 0);
  kill(getpid(), SIGUSR1);
}

static void die_of_it(void) {
  registers mine;
  fill(&mine, 1);
  survives_signal(&mine);
}

static void bad_frames(void) {
  look = spoil_control;
  show_status("reserved bits of mxcsr", in_child(die_of_it));
  look = spoil_header;
  show_status("an unknown component", in_child(die_of_it));
  look = spoil_compaction;
  show_status("another format", in_child(die_of_it));
  // Without the last magic number only the first part counts.
  registers mine, wanted;
  fill(&mine, 3);
  wanted = mine;
  if (has_avx)
    for (unsigned n = 0; n < 16; ++n) memset(wanted.vectors[n] + 16, 0, 16);
  look = cut_off;
  survives_signal(&mine);
  look = NULL;
  printf("cut off: %s\n", are_equal(&mine, &wanted) ? "the first part" : "something else");
}

int main(void) {
  find_avx();
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGALRM, &action, NULL) == 0);
  preemption();
  forking();
  signalling();
  frames();
  bad_frames();
  show_status("half a frame", in_child(take_signal_half_out));
  positions();
  return 0;
}
