// The command line: what it says, as data. Nothing here looks at files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "hal/trap.h"

namespace halcyon::cli {

// A host directory (or file) that appears in the guest.
struct Bind {
  std::string host;
  std::string guest;         // absolute
  bool is_writable = false;  // what the guest writes goes through to the host; otherwise it stays in memory
  bool is_directory = true;  // known once GuestTree has looked
  bool operator==(const Bind&) const = default;
};

struct RunOptions {
  std::optional<std::string> root;  // nothing: the host's; "none": an empty one; else a directory or an archive
  std::vector<Bind> binds;
  std::optional<hal::Isa> isa;  // nothing: the program's
  unsigned cpus = 1;
  uint64_t memory = uint64_t{1} << 30;
  std::vector<std::pair<std::string, std::string>> environment;  // overrides
  bool strace = false;
  std::string strace_file;       // empty: standard error
  bool strace_times = false;     // each line begins with the time
  std::optional<uint64_t> seed;  // --deterministic
  enum class Summary { none, text, json };
  Summary time = Summary::none;
  bool quiet = false;               // no word about how the program ended
  int64_t timeout = 0;              // nanoseconds of the host's time; 0: none
  std::optional<std::string> user;  // NAME or UID, and perhaps :GROUP; nothing: the caller
  std::string scheduler = "round-robin";
  std::optional<std::string> working_directory;
  std::string host_name = "halcyon";
  std::vector<std::string> arguments;  // the program's argv; its first is the program
  std::string hint;                    // what may be meant if that is not a program
};

struct ElfOptions {
  std::optional<std::string> root;  // where its interpreter is looked for
  std::string file;
};
struct AbiOptions {
  std::optional<hal::Isa> isa = {};  // nothing: all
  bool only_partial = false;
  bool markdown = false;  // docs/abi.md
};
struct BareBootOptions {
  std::vector<std::string> arguments;  // as ./dev boot takes them
};
// --help, --version: only a text to print.
struct TextRequest {
  std::string text;
};

using Command = std::variant<RunOptions, ElfOptions, AbiOptions, BareBootOptions, TextRequest>;

// `arguments` without the program's own name. Throws Failure.
Command parse_command_line(const std::vector<std::string>& arguments);

// Bytes: a number and K, M, G or T (powers of 1024), or nothing, behind it. Throws Failure.
uint64_t parse_size(std::string_view text);
// HOST:GUEST, HOST:GUEST:rw or HOST:GUEST:ro. Throws Failure.
Bind parse_bind(std::string_view text);
// K=V. Throws Failure.
std::pair<std::string, std::string> parse_assignment(std::string_view text);
// A decimal number, or a hexadecimal one after 0x. Throws Failure.
uint64_t parse_number(std::string_view text, std::string_view what);

// Seconds, or a number and s, m, h or d behind it, as timeout(1) has it; more than none. In nanoseconds. Throws Failure.
int64_t parse_time(std::string_view text, std::string_view what);

std::string_view isa_name(hal::Isa isa);

}  // namespace halcyon::cli
