// /proc/config.gz: what this kernel has, by the names of Linux's own configuration, for test suites that ask before they test. It lists
// what a program can rely on; everything else is absent, which means "not set".
//
// The gzip member (RFC 1952) holds the text in stored blocks (RFC 1951): nobody waits for a compressor.
#include <boost/crc.hpp>

#include "fs/procfs/proc_file_system.h"
#include "hal/isa/isa.h"

namespace halcyon::fs {

namespace {

constexpr std::string_view common_options =
    "CONFIG_64BIT=y\n"
    "CONFIG_ADVISE_SYSCALLS=y\n"
    "CONFIG_BINFMT_ELF=y\n"
    "CONFIG_BINFMT_SCRIPT=y\n"
    "CONFIG_BLK_DEV_INITRD=y\n"
    "CONFIG_DEVTMPFS=y\n"
    "CONFIG_DNOTIFY=y\n"
    "CONFIG_EPOLL=y\n"
    "CONFIG_EVENTFD=y\n"
    "CONFIG_FILE_LOCKING=y\n"
    "CONFIG_FUTEX=y\n"
    "CONFIG_HIGH_RES_TIMERS=y\n"
    "CONFIG_IKCONFIG=y\n"
    "CONFIG_IKCONFIG_PROC=y\n"
    "CONFIG_INOTIFY_USER=y\n"
    "CONFIG_MEMFD_CREATE=y\n"
    "CONFIG_MMU=y\n"
    "CONFIG_MULTIUSER=y\n"
    "CONFIG_POSIX_TIMERS=y\n"
    "CONFIG_PROC_FS=y\n"
    "CONFIG_PROC_SYSCTL=y\n"
    "CONFIG_RSEQ=y\n"
    "CONFIG_SHMEM=y\n"
    "CONFIG_SIGNALFD=y\n"
    "CONFIG_SMP=y\n"
    "CONFIG_SYSCTL=y\n"
    "CONFIG_SYSFS=y\n"
    "CONFIG_TIMERFD=y\n"
    "CONFIG_TMPFS=y\n"
    "CONFIG_TTY=y\n";

void write_little(Writer& out, uint64_t value, unsigned bytes) {
  for (unsigned index = 0; index < bytes; ++index) {
    auto byte = static_cast<char>(value >> 8 * index);
    out.write({&byte, 1});
  }
}

void write_stored_block(Writer& out, std::string_view text, bool is_last) {
  write_little(out, is_last, 1);
  write_little(out, text.size(), 2);
  write_little(out, ~text.size(), 2);
  out.write(text);
}

}  // namespace

Result<> write_configuration(const TextContext& context, Writer& out) {
  std::string_view own_options = hal::description(context.kernel.machine().isa()).configuration;
  constexpr std::string_view header("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);  // deflate, no name, no time, Unix
  out.write(header);
  write_stored_block(out, common_options, false);
  write_stored_block(out, own_options, true);
  boost::crc_32_type checksum;
  checksum.process_bytes(common_options.data(), common_options.size());
  checksum.process_bytes(own_options.data(), own_options.size());
  write_little(out, checksum.checksum(), 4);
  write_little(out, common_options.size() + own_options.size(), 4);
  return {};
}

}  // namespace halcyon::fs
