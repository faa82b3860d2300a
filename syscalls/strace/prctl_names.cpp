// Options of prctl(2), arch_prctl(2), personality(2) and seccomp(2), and how many arguments each takes.
#include "syscalls/strace/names.h"

namespace halcyon::strace {

namespace {

constexpr Name prctl_options[] = {{1, "PR_SET_PDEATHSIG"},
                                  {2, "PR_GET_PDEATHSIG"},
                                  {3, "PR_GET_DUMPABLE"},
                                  {4, "PR_SET_DUMPABLE"},
                                  {5, "PR_GET_UNALIGN"},
                                  {6, "PR_SET_UNALIGN"},
                                  {7, "PR_GET_KEEPCAPS"},
                                  {8, "PR_SET_KEEPCAPS"},
                                  {9, "PR_GET_FPEMU"},
                                  {10, "PR_SET_FPEMU"},
                                  {11, "PR_GET_FPEXC"},
                                  {12, "PR_SET_FPEXC"},
                                  {13, "PR_GET_TIMING"},
                                  {14, "PR_SET_TIMING"},
                                  {15, "PR_SET_NAME"},
                                  {16, "PR_GET_NAME"},
                                  {19, "PR_GET_ENDIAN"},
                                  {20, "PR_SET_ENDIAN"},
                                  {21, "PR_GET_SECCOMP"},
                                  {22, "PR_SET_SECCOMP"},
                                  {23, "PR_CAPBSET_READ"},
                                  {24, "PR_CAPBSET_DROP"},
                                  {25, "PR_GET_TSC"},
                                  {26, "PR_SET_TSC"},
                                  {27, "PR_GET_SECUREBITS"},
                                  {28, "PR_SET_SECUREBITS"},
                                  {29, "PR_SET_TIMERSLACK"},
                                  {30, "PR_GET_TIMERSLACK"},
                                  {31, "PR_TASK_PERF_EVENTS_DISABLE"},
                                  {32, "PR_TASK_PERF_EVENTS_ENABLE"},
                                  {33, "PR_MCE_KILL"},
                                  {34, "PR_MCE_KILL_GET"},
                                  {35, "PR_SET_MM"},
                                  {36, "PR_SET_CHILD_SUBREAPER"},
                                  {37, "PR_GET_CHILD_SUBREAPER"},
                                  {38, "PR_SET_NO_NEW_PRIVS"},
                                  {39, "PR_GET_NO_NEW_PRIVS"},
                                  {40, "PR_GET_TID_ADDRESS"},
                                  {41, "PR_SET_THP_DISABLE"},
                                  {42, "PR_GET_THP_DISABLE"},
                                  {43, "PR_MPX_ENABLE_MANAGEMENT"},
                                  {44, "PR_MPX_DISABLE_MANAGEMENT"},
                                  {45, "PR_SET_FP_MODE"},
                                  {46, "PR_GET_FP_MODE"},
                                  {47, "PR_CAP_AMBIENT"},
                                  {50, "PR_SVE_SET_VL"},
                                  {51, "PR_SVE_GET_VL"},
                                  {52, "PR_GET_SPECULATION_CTRL"},
                                  {53, "PR_SET_SPECULATION_CTRL"},
                                  {54, "PR_PAC_RESET_KEYS"},
                                  {55, "PR_SET_TAGGED_ADDR_CTRL"},
                                  {56, "PR_GET_TAGGED_ADDR_CTRL"},
                                  {57, "PR_SET_IO_FLUSHER"},
                                  {58, "PR_GET_IO_FLUSHER"},
                                  {59, "PR_SET_SYSCALL_USER_DISPATCH"},
                                  {60, "PR_PAC_SET_ENABLED_KEYS"},
                                  {61, "PR_PAC_GET_ENABLED_KEYS"},
                                  {62, "PR_SCHED_CORE"},
                                  {63, "PR_SME_SET_VL"},
                                  {64, "PR_SME_GET_VL"},
                                  {0x53564d41, "PR_SET_VMA"},
                                  {0x59616d61, "PR_SET_PTRACER"}};
constexpr Name arch_options[] = {{0x1001, "ARCH_SET_GS"},
                                 {0x1002, "ARCH_SET_FS"},
                                 {0x1003, "ARCH_GET_FS"},
                                 {0x1004, "ARCH_GET_GS"},
                                 {0x1011, "ARCH_GET_CPUID"},
                                 {0x1012, "ARCH_SET_CPUID"},
                                 {0x1021, "ARCH_GET_XCOMP_SUPP"},
                                 {0x1022, "ARCH_GET_XCOMP_PERM"},
                                 {0x1023, "ARCH_REQ_XCOMP_PERM"},
                                 {0x1024, "ARCH_GET_XCOMP_GUEST_PERM"},
                                 {0x1025, "ARCH_REQ_XCOMP_GUEST_PERM"},
                                 {0x2001, "ARCH_MAP_VDSO_X32"},
                                 {0x2002, "ARCH_MAP_VDSO_32"},
                                 {0x2003, "ARCH_MAP_VDSO_64"},
                                 {0x3001, "ARCH_CET_STATUS"}};
constexpr Name seccomp_operations[] = {
    {0, "SECCOMP_SET_MODE_STRICT"}, {1, "SECCOMP_SET_MODE_FILTER"}, {2, "SECCOMP_GET_ACTION_AVAIL"}, {3, "SECCOMP_GET_NOTIF_SIZES"}};
constexpr Name seccomp_flags[] = {{1, "SECCOMP_FILTER_FLAG_TSYNC"},        {2, "SECCOMP_FILTER_FLAG_LOG"},
                                  {4, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"},   {8, "SECCOMP_FILTER_FLAG_NEW_LISTENER"},
                                  {16, "SECCOMP_FILTER_FLAG_TSYNC_ESRCH"}, {32, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"}};

constexpr Name personality_flags[] = {{0x20000, "UNAME26"},           {0x40000, "ADDR_NO_RANDOMIZE"},   {0x80000, "FDPIC_FUNCPTRS"},
                                      {0x100000, "MMAP_PAGE_ZERO"},   {0x200000, "ADDR_COMPAT_LAYOUT"}, {0x400000, "READ_IMPLIES_EXEC"},
                                      {0x800000, "ADDR_LIMIT_32BIT"}, {0x1000000, "SHORT_INODE"},       {0x2000000, "WHOLE_SECONDS"},
                                      {0x4000000, "STICKY_TIMEOUTS"}, {0x8000000, "ADDR_LIMIT_3GB"}};

}  // namespace

// The domain, of which everybody has 0, and the flags; all ones ask for the present one.
void show(Writer& out, PersonalityFlags value) {
  if (value == 0xffff'ffff) return out.write("0xffffffff");
  uint32_t domain = value & 0xff, flags = value & ~0xffu;
  if (domain == 0) out.write("PER_LINUX");
  else print(out, "{:#x} /* PER_??? */", domain);
  if (flags == 0) return;
  out.write("|");
  show_flags(out, personality_flags, flags, "FLAG");
}

void show(Writer& out, PrctlOption value) { show_choice(out, prctl_options, static_cast<uint32_t>(value.value), "PR"); }
void show(Writer& out, ArchPrctlOption value) { show_choice(out, arch_options, static_cast<uint32_t>(value.value), "ARCH"); }
void show(Writer& out, SeccompOperation value) { show_choice(out, seccomp_operations, value, "SECCOMP"); }
void show(Writer& out, SeccompFlags value) { show_flags(out, seccomp_flags, value, "SECCOMP_FILTER_FLAG"); }

unsigned prctl_arguments(int option) {
  switch (option) {
    case 3:
    case 5:
    case 7:
    case 9:
    case 11:
    case 13:
    case 19:
    case 21:
    case 27:
    case 30:
    case 31:
    case 32: return 1;
    case 22: return 3;
    case 33:
    case 34:
    case 35:
    case 38:
    case 39:
    case 41:
    case 42:
    case 47:
    case 52:
    case 53:
    case 57:
    case 58:
    case 59:
    case 62:
    case 0x53564d41: return 5;
    default: return 2;
  }
}

}  // namespace halcyon::strace
