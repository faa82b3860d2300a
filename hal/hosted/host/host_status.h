// What the host says about one of its objects, and errors of the host.
#pragma once

#include <sys/stat.h>

#include <cerrno>

#include "hal/host_files.h"

namespace halcyon::hal {

inline std::unexpected<Errno> host_failure(int error = errno) { return std::unexpected(static_cast<Errno>(error)); }

struct HostStatus : private statx {
  HostId id() const;
  HostAttributes attributes() const;
  bool is_regular() const { return S_ISREG(stx_mode); }
  bool is_directory() const { return S_ISDIR(stx_mode); }

 private:
  friend bool read_status(int directory, const char* name, int flags, HostStatus* status);
};

// `flags` of fstatat(2). False: see errno.
bool read_status(int directory, const char* name, int flags, HostStatus* status);

// The object, or the file system it is on, is the host kernel's own, or appears by being looked at. `fd` may be opened with O_PATH.
bool is_synthetic_file_system(int fd);

}  // namespace halcyon::hal
