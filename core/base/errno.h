// Errno: why an operation failed. One per error number of the Linux ABI (errno(3)), plus the internal codes with which an
// interrupted system call asks for its restart; those never reach a user program.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

namespace halcyon {

enum class Errno : uint16_t {
#define ERRNO(name, number, symbol, text) name = number,
#include "core/base/errno.inc"
#undef ERRNO
  // Signal delivery turns these into a re-executed trap instruction or into EINTR (signal(7), restart_syscall(2)).
  restart = 512,         // restart unless a handler without SA_RESTART runs
  restart_always = 513,  // restart, whatever runs
  restart_nohand = 514,  // restart only if no handler runs
  restart_block = 516,   // continue by restart_syscall(2) with what the thread remembers
};

// One ready-made failure per error number: `return err::noent;`.
namespace err {
#define ERRNO(name, number, symbol, text) inline constexpr std::unexpected<Errno> name{Errno::name};
#include "core/base/errno.inc"
#undef ERRNO
inline constexpr std::unexpected<Errno> restart{Errno::restart};
inline constexpr std::unexpected<Errno> restart_always{Errno::restart_always};
inline constexpr std::unexpected<Errno> restart_nohand{Errno::restart_nohand};
inline constexpr std::unexpected<Errno> restart_block{Errno::restart_block};
}  // namespace err

constexpr bool is_restart(Errno error) { return static_cast<uint16_t>(error) >= 512; }

// "ENOENT" for Errno::noent; "E?" for a number without a name.
std::string_view errno_name(Errno error);
// "No such file or directory"; "Unknown error" for a number without a name.
std::string_view errno_text(Errno error);

}  // namespace halcyon
