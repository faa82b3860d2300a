// Parsing with CLI11, except for one rule that it lacks: everything from PROGRAM on belongs to the program, untouched. So the arguments are
// split there first, by asking the declared options which of them take a value.
#include "cli/options.h"

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <charconv>

#include "cli/failure.h"
#include "cli/version.h"
#include "hal/isa/isa.h"
#include "hal/machine.h"

namespace halcyon::cli {
namespace {

constexpr uint64_t least_memory = uint64_t{8} << 20, most_memory = uint64_t{64} << 30;

// CLI11's help with a usage line of our own.
class HelpFormatter : public CLI::Formatter {
 public:
  explicit HelpFormatter(std::string usage) : usage_(std::move(usage)) {}
  std::string make_usage(const CLI::App*, std::string) const override { return "Usage: " + usage_ + "\n"; }

 private:
  std::string usage_;
};

// What CLI11 fills in, before it means anything.
struct RawRun {
  std::string root, isa = "auto", memory = "1G", strace, seed, working_directory, time, timeout, user;
  std::vector<std::string> binds, environment;
  unsigned cpus = 1;
  RunOptions options;
};

void declare_run(CLI::App& run, RawRun& raw) {
  run.formatter(std::make_shared<HelpFormatter>("halcyon run [options] [--] PROGRAM [ARG...]"));
  run.footer(
      "Exit status: the program's; 128+N if signal N killed it; 124 after --timeout; 125 Halcyon failed; 126 PROGRAM cannot be executed; "
      "127 it was not found.\n"
      "In a terminal, Ctrl-] and a full stop end the program whatever it does; Ctrl-] twice sends one.");
  run.add_option("--root", raw.root,
                 "the guest's /: a directory, an archive (.tar, .tar.gz, .tar.xz, .tar.zst), or none; default: the host's. "
                 "What the guest writes stays in memory")
      ->type_name("DIR|FILE|none");
  run.add_option("--bind", raw.binds, "show a host directory in the guest; with :rw writes go through to the host")
      ->type_name("HOST:GUEST[:rw]")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  run.add_option("--isa", raw.isa, "auto (the program's), x86_64 or riscv64")->type_name("NAME")->capture_default_str();
  run.add_option("--cpus", raw.cpus, "simulated CPUs")
      ->type_name("N")
      ->check(CLI::Range(1u, hal::Machine::max_cpus))
      ->capture_default_str();
  run.add_option("--memory", raw.memory, "RAM, with suffix K, M or G")->type_name("SIZE")->capture_default_str();
  run.add_option("--env", raw.environment, "set an environment variable of the program")
      ->type_name("K=V")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  run.add_flag("--strace", raw.strace, "trace system calls, to standard error or --strace=FILE");
  run.add_flag("--strace-times", raw.options.strace_times, "begin each line of --strace with the time, in seconds since 1970")
      ->disable_flag_override();
  run.add_flag("--deterministic", raw.seed, "the same run every time, or every time for the same --deterministic=SEED");
  run.add_flag("--time", raw.time,
               "at the end print counts of system calls, faults, switches and blocks, and the time; as an object with --time=json");
  run.add_option("--timeout", raw.timeout, "end the program, and all that it started, after this time, with status 124")
      ->type_name("TIME[s|m|h|d]");
  run.add_option("--user", raw.user,
                 "who the program runs as: a name of the guest's /etc/passwd or a number; 0 is root inside, with the caller's rights "
                 "outside; default: the caller")
      ->type_name("NAME|UID[:GROUP]");
  run.add_flag("--quiet", raw.options.quiet, "say nothing about a signal that ended the program, nor its backtrace")
      ->disable_flag_override();
  run.add_option("--scheduler", raw.options.scheduler, "round-robin or fair")
      ->type_name("NAME")
      ->check(CLI::IsMember({"round-robin", "fair"}))
      ->capture_default_str();
  run.add_option("--cwd", raw.working_directory, "the program's working directory; default: the caller's, or / with --root")
      ->type_name("DIR");
  run.add_option("--hostname", raw.options.host_name, "what uname -n says")->type_name("NAME")->capture_default_str();
}

// The number of leading arguments that are options of `app` and their values. Throws on an option that it does not have.
size_t count_options(const CLI::App& app, const std::vector<std::string>& arguments) {
  for (size_t at = 0; at < arguments.size(); ++at) {
    const std::string& argument = arguments[at];
    if (argument == "--" || argument == "-" || argument.empty() || argument[0] != '-') return at;
    size_t equals = argument.find('=');
    std::string name = argument.substr(0, equals);
    const CLI::Option* option = app.get_option_no_throw(name);
    if (!option) fail(exit_status::own_failure, "unknown option {} (see halcyon {} --help)", name, app.get_name());
    bool takes_value = option->get_expected_max() > 0;
    if (!takes_value || equals != std::string::npos) continue;
    if (++at == arguments.size()) fail(exit_status::own_failure, "option {} needs a value", name);
  }
  return arguments.size();
}

std::optional<hal::Isa> parse_isa(const std::string& text) {
  if (text == "auto") return std::nullopt;
  std::string names = "auto";
  for (hal::Isa isa : hal::isas) {
    if (text == isa_name(isa)) return isa;
    names += fmt::format(", {}", isa_name(isa));
  }
  fail(exit_status::own_failure, "--isa: '{}' is none of {}", text, names);
}

RunOptions interpret(const CLI::App& run, RawRun& raw) {
  RunOptions& options = raw.options;
  if (run.count("--root") > 0) {
    if (raw.root.empty()) fail(exit_status::own_failure, "--root: the name is empty");
    options.root = raw.root;
  }
  for (const std::string& bind : raw.binds) options.binds.push_back(parse_bind(bind));
  options.isa = parse_isa(raw.isa);
  options.cpus = raw.cpus;
  options.memory = parse_size(raw.memory);
  if (options.memory < least_memory || options.memory > most_memory) {
    fail(exit_status::own_failure, "--memory: {} is not between {}M and {}G", raw.memory, least_memory >> 20, most_memory >> 30);
  }
  for (const std::string& assignment : raw.environment) options.environment.push_back(parse_assignment(assignment));
  options.strace = run.count("--strace") > 0;
  if (raw.strace != "true") options.strace_file = raw.strace;
  if (run.count("--deterministic") > 0) options.seed = raw.seed == "true" ? 0 : parse_number(raw.seed, "--deterministic");
  if (run.count("--time") > 0) {
    if (raw.time != "true" && raw.time != "json") fail(exit_status::own_failure, "--time: '{}' is not json", raw.time);
    options.time = raw.time == "json" ? RunOptions::Summary::json : RunOptions::Summary::text;
  }
  if (run.count("--timeout") > 0) options.timeout = parse_time(raw.timeout, "--timeout");
  if (run.count("--user") > 0) {
    if (raw.user.empty() || raw.user[0] == ':' || raw.user.ends_with(':'))
      fail(exit_status::own_failure, "--user: '{}' is not NAME or UID, with :GROUP or without", raw.user);
    options.user = raw.user;
  }
  if (run.count("--cwd") > 0) {
    if (raw.working_directory.empty() || raw.working_directory[0] != '/')
      fail(exit_status::own_failure, "--cwd: '{}' is not an absolute path", raw.working_directory);
    options.working_directory = raw.working_directory;
  }
  if (options.host_name.empty() || options.host_name.size() > 64)
    fail(exit_status::own_failure, "--hostname: '{}' is not 1 to 64 characters long", options.host_name);
  return std::move(options);
}

// Options whose value may be left out take it only with '='. Who writes it as the next word gets told when that word is no program.
std::string hint_for(const std::vector<std::string>& arguments, size_t program) {
  if (program == 0 || program >= arguments.size() || arguments[program] == "--") return {};
  const std::string& option = arguments[program - 1];
  for (std::string_view name : {"--strace", "--deterministic", "--time"})
    if (option == name) return fmt::format("a value of {0} is written {0}={1}", name, arguments[program]);
  return {};
}

// CLI11 takes its arguments last first.
void parse_options(CLI::App& app, const std::vector<std::string>& arguments, size_t count) {
  std::vector<std::string> reversed(arguments.rend() - static_cast<ptrdiff_t>(count), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    throw;
  } catch (const CLI::ParseError& error) {
    std::string message = error.what();
    fail(exit_status::own_failure, "{}", message.substr(0, message.find('\n')));
  }
}

Command parse_run(const std::vector<std::string>& arguments) {
  CLI::App run("Runs a Linux program on a Halcyon kernel.", "run");
  RawRun raw;
  declare_run(run, raw);
  size_t count = count_options(run, arguments);
  try {
    parse_options(run, arguments, count);
  } catch (const CLI::CallForHelp&) {
    return TextRequest{run.help()};
  }
  RunOptions options = interpret(run, raw);
  options.hint = hint_for(arguments, count);
  if (count < arguments.size() && arguments[count] == "--") ++count;
  options.arguments.assign(arguments.begin() + static_cast<ptrdiff_t>(count), arguments.end());
  if (options.arguments.empty()) fail(exit_status::own_failure, "no program given (see halcyon run --help)");
  if (options.arguments[0].empty()) fail(exit_status::not_found, "the program's name is empty");
  return options;
}

Command parse_elf(const std::vector<std::string>& arguments) {
  CLI::App elf("Says what an ELF file is, what it needs, and whether it would run.", "elf");
  elf.formatter(std::make_shared<HelpFormatter>("halcyon elf [--root DIR|FILE|none] FILE"));
  elf.footer("Exit status: 0 if it would run, 1 if not, 125 if it cannot be read.");
  ElfOptions options;
  std::string root;
  elf.add_option("--root", root, "the root that its interpreter is looked for in; default: the host's")->type_name("DIR|FILE|none");
  size_t count = count_options(elf, arguments);
  try {
    parse_options(elf, arguments, count);
  } catch (const CLI::CallForHelp&) {
    return TextRequest{elf.help()};
  }
  if (!root.empty()) options.root = root;
  if (count < arguments.size() && arguments[count] == "--") ++count;
  if (arguments.size() != count + 1) fail(exit_status::own_failure, "elf takes one file (see halcyon elf --help)");
  options.file = arguments[count];
  return options;
}

Command parse_abi(const std::vector<std::string>& arguments) {
  CLI::App abi("Prints the system calls that there are, and where they are partial.", "abi");
  abi.formatter(std::make_shared<HelpFormatter>("halcyon abi [options]"));
  AbiOptions options;
  std::string isa = "auto";
  abi.add_option("--isa", isa, "only those of x86_64 or riscv64")->type_name("NAME");
  abi.add_flag("--partial", options.only_partial, "only those that are partial")->disable_flag_override();
  abi.add_flag("--markdown", options.markdown, "as the page docs/abi.md")->disable_flag_override();
  size_t count = count_options(abi, arguments);
  try {
    parse_options(abi, arguments, count);
  } catch (const CLI::CallForHelp&) {
    return TextRequest{abi.help()};
  }
  options.isa = parse_isa(isa);
  if (count < arguments.size()) fail(exit_status::own_failure, "abi takes no arguments");
  return options;
}

constexpr std::string_view overview =
    "Halcyon runs unmodified Linux programs on a kernel of its own.\n"
    "\n"
    "Usage: halcyon run [options] [--] PROGRAM [ARG...]   run a program (x86_64 or riscv64)\n"
    "       halcyon boot ISA [options] [-- COMMAND...]    boot the bare kernel in QEMU: a shell, or COMMAND\n"
    "       halcyon elf FILE                              what an ELF file is, what it needs, would it run\n"
    "       halcyon abi                                   the system calls there are\n"
    "       halcyon --version | --help\n"
    "\n"
    "halcyon run --help and halcyon boot --help list the options.\n";

}  // namespace

uint64_t parse_number(std::string_view text, std::string_view what) {
  std::string_view digits = text;
  int base = 10;
  if (digits.starts_with("0x")) digits.remove_prefix(2), base = 16;
  uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size()) fail(exit_status::own_failure, "{}: '{}' is not a number", what, text);
  return value;
}

uint64_t parse_size(std::string_view text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string_view suffix = text.substr(static_cast<size_t>(end - text.data()));
  constexpr std::string_view units = "KMGT";
  size_t unit = suffix.empty() ? 0 : std::min(units.find(static_cast<char>(suffix[0] & ~0x20)), units.size()) + 1;
  bool is_good = error == std::errc() && suffix.size() <= 1 && unit <= units.size();
  unsigned shift = static_cast<unsigned>(unit) * 10;
  if (!is_good || value > UINT64_MAX >> shift) fail(exit_status::own_failure, "'{}' is not a size such as 512M or 2G", text);
  return value << shift;
}

Bind parse_bind(std::string_view text) {
  Bind bind;
  std::string_view rest = text;
  if (rest.ends_with(":rw")) bind.is_writable = true, rest.remove_suffix(3);
  else if (rest.ends_with(":ro")) rest.remove_suffix(3);
  size_t colon = rest.rfind(':');
  bool is_good = colon != std::string_view::npos && colon > 0 && rest.substr(colon + 1).starts_with('/');
  if (!is_good) fail(exit_status::own_failure, "--bind: '{}' is not HOST:GUEST[:rw] with an absolute GUEST", text);
  bind.host = rest.substr(0, colon);
  bind.guest = rest.substr(colon + 1);
  return bind;
}

std::pair<std::string, std::string> parse_assignment(std::string_view text) {
  size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) fail(exit_status::own_failure, "--env: '{}' is not K=V", text);
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

int64_t parse_time(std::string_view text, std::string_view what) {
  constexpr double longest = 100 * 365.25 * 86400, nanoseconds = 1e9;
  double seconds = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  std::string_view suffix = text.substr(static_cast<size_t>(end - text.data()));
  double unit = suffix.empty() || suffix == "s" ? 1 : suffix == "m" ? 60 : suffix == "h" ? 3600 : suffix == "d" ? 86400 : 0;
  bool is_good = error == std::errc() && unit > 0 && seconds * unit * nanoseconds >= 1 && seconds * unit <= longest;
  if (!is_good) fail(exit_status::own_failure, "{}: '{}' is not a time such as 1.5, 10s or 2m", what, text);
  return static_cast<int64_t>(seconds * unit * nanoseconds);
}

std::string_view isa_name(hal::Isa isa) { return hal::description(isa).name; }

Command parse_command_line(const std::vector<std::string>& arguments) {
  if (arguments.empty()) fail(exit_status::own_failure, "no command given (see halcyon --help)");
  const std::string& command = arguments[0];
  std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (command == "run") return parse_run(rest);
  if (command == "boot") return BareBootOptions{std::move(rest)};
  if (command == "elf") return parse_elf(rest);
  if (command == "--help" || command == "-h" || command == "help") return TextRequest{std::string(overview)};
  if (command == "--version") return TextRequest{version_text()};
  if (command == "abi") return parse_abi(rest);
  if (!command.empty() && command[0] == '-') fail(exit_status::own_failure, "unknown option {} (see halcyon --help)", command);
  fail(exit_status::own_failure, "unknown command '{}' (see halcyon --help)", command);
}

}  // namespace halcyon::cli
