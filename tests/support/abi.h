// Numbers of the Linux ABI as programs know them (the generic ABI; x86_64 has the same), written down from the manual pages, not from the
// kernel under test.
#pragma once

#include <cstdint>

namespace halcyon::test {

// mmap(2), mprotect(2), mremap(2), madvise(2), msync(2)
inline constexpr uint32_t prot_none = 0, prot_read = 1, prot_write = 2, prot_exec = 4, prot_rw = 3;
inline constexpr uint32_t map_shared = 1, map_private = 2, map_shared_validate = 3, map_fixed = 0x10, map_anonymous = 0x20;
inline constexpr uint32_t map_growsdown = 0x100, map_populate = 0x8000, map_fixed_noreplace = 0x100000, map_anon_private = 0x22;
inline constexpr uint32_t mremap_maymove = 1, mremap_fixed = 2, mremap_dontunmap = 4;
inline constexpr int madv_normal = 0, madv_willneed = 3, madv_dontneed = 4, madv_free = 8, madv_dontfork = 10, madv_dofork = 11;
inline constexpr int madv_wipeonfork = 18, madv_keeponfork = 19;
inline constexpr uint32_t ms_async = 1, ms_invalidate = 2, ms_sync = 4;

// open(2), fcntl(2), *at(2)
inline constexpr uint32_t o_rdonly = 0, o_wronly = 1, o_rdwr = 2, o_creat = 0100, o_excl = 0200, o_trunc = 01000, o_append = 02000;
inline constexpr uint32_t o_nonblock = 04000, o_directory = 0200000, o_nofollow = 0400000, o_cloexec = 02000000, o_path = 010000000;
inline constexpr uint32_t o_tmpfile = 020200000;
inline constexpr int f_dupfd = 0, f_getfd = 1, f_setfd = 2, f_getfl = 3, f_setfl = 4, f_getlk = 5, f_setlk = 6, f_setlkw = 7;
inline constexpr int f_dupfd_cloexec = 1030, f_setpipe_sz = 1031, f_getpipe_sz = 1032, fd_cloexec = 1;
inline constexpr int at_fdcwd = -100, at_symlink_nofollow = 0x100, at_removedir = 0x200, at_symlink_follow = 0x400, at_empty_path = 0x1000;
inline constexpr int seek_set = 0, seek_cur = 1, seek_end = 2, seek_data = 3, seek_hole = 4;
inline constexpr uint32_t close_range_unshare = 2, close_range_cloexec = 4;
inline constexpr int r_ok = 4, w_ok = 2, x_ok = 1, f_ok = 0;
inline constexpr uint32_t s_ifmt = 0170000, s_ififo = 010000, s_ifchr = 020000, s_ifdir = 040000, s_ifreg = 0100000, s_iflnk = 0120000;

// signal(7), sigaction(2)
inline constexpr int sighup = 1, sigint = 2, sigquit = 3, sigill = 4, sigtrap = 5, sigabrt = 6, sigbus = 7, sigfpe = 8, sigkill = 9;
inline constexpr int sigusr1 = 10, sigsegv = 11, sigusr2 = 12, sigpipe = 13, sigalrm = 14, sigterm = 15, sigchld = 17, sigcont = 18;
inline constexpr int sigstop = 19, sigtstp = 20, sigttin = 21, sigttou = 22, sigurg = 23, sigxfsz = 25, sigvtalrm = 26, sigprof = 27;
inline constexpr int sigwinch = 28, sigrtmin = 34, sigrtmax = 64;
inline constexpr uint64_t sa_nocldstop = 1, sa_nocldwait = 2, sa_onstack = 0x08000000, sa_restart = 0x10000000, sa_nodefer = 0x40000000;
inline constexpr uint64_t sa_resethand = 0x80000000;
inline constexpr int ss_onstack = 1, ss_disable = 2;
inline constexpr int si_user = 0, si_kernel = 0x80, si_queue = -1, si_tkill = -6;
inline constexpr int segv_maperr = 1, segv_accerr = 2, bus_adrerr = 2, ill_illopc = 1, fpe_intdiv = 1;
inline constexpr int cld_exited = 1, cld_killed = 2, cld_stopped = 5, cld_continued = 6;

// clone(2), wait(2)
inline constexpr uint64_t clone_vm = 0x100, clone_fs = 0x200, clone_files = 0x400, clone_sighand = 0x800, clone_vfork = 0x4000;
inline constexpr uint64_t clone_parent = 0x8000, clone_thread = 0x10000, clone_settls = 0x80000, clone_parent_settid = 0x100000;
inline constexpr uint64_t clone_child_cleartid = 0x200000, clone_child_settid = 0x1000000;
inline constexpr uint32_t wnohang = 1, wuntraced = 2, wstopped = 2, wexited = 4, wcontinued = 8, wnowait = 0x1000000;
inline constexpr uint32_t wall = 0x40000000, wclone = 0x80000000;
inline constexpr int p_all = 0, p_pid = 1, p_pgid = 2;

// futex(2)
inline constexpr int futex_wait = 0, futex_wake = 1, futex_requeue = 3, futex_cmp_requeue = 4, futex_wake_op = 5, futex_wait_bitset = 9;
inline constexpr int futex_wake_bitset = 10, futex_private = 128, futex_clock_realtime = 256;
inline constexpr uint32_t futex_owner_died = 0x40000000, futex_waiters = 0x80000000;

// poll(2)
inline constexpr int pollin = 1, pollpri = 2, pollout = 4, pollerr = 8, pollhup = 16, pollnval = 32;

// clock_gettime(2), getitimer(2), getrlimit(2), getrusage(2), prctl(2)
inline constexpr int clock_realtime = 0, clock_monotonic = 1, clock_process_cputime = 2, clock_thread_cputime = 3, clock_boottime = 7;
inline constexpr int timer_abstime = 1;
inline constexpr int itimer_real = 0, itimer_virtual = 1, itimer_prof = 2;
inline constexpr int rlimit_cpu = 0, rlimit_fsize = 1, rlimit_data = 2, rlimit_stack = 3, rlimit_core = 4, rlimit_nproc = 6,
                     rlimit_nofile = 7, rlimit_memlock = 8, rlimit_as = 9;
inline constexpr int pr_set_pdeathsig = 1, pr_get_pdeathsig = 2, pr_set_name = 15, pr_get_name = 16, pr_set_child_subreaper = 36;

inline constexpr size_t page = 4096;
inline constexpr int64_t microsecond = 1'000, millisecond = 1'000'000, second = 1'000'000'000;

}  // namespace halcyon::test
