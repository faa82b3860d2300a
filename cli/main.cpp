// halcyon: the command line program. Every failure ends here as one line on standard error.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <new>

#include "cli/abi_report.h"
#include "cli/boot.h"
#include "cli/elf/elf_file.h"
#include "cli/elf/elf_report.h"
#include "cli/failure.h"
#include "cli/options.h"
#include "cli/program.h"
#include "cli/session.h"

namespace halcyon::cli {
namespace {

std::vector<std::string> host_environment() {
  std::vector<std::string> environment;
  for (char** each = environ; *each; ++each) environment.emplace_back(*each);
  return environment;
}

std::string host_working_directory() {
  std::string path(4096, '\0');
  if (!getcwd(path.data(), path.size()))
    fail(exit_status::own_failure, "cannot tell the working directory: {}; give --cwd", std::strerror(errno));
  path.resize(std::strlen(path.c_str()));
  return path;
}

// With what may have been meant instead.
Program find_program(const GuestTree& tree, const RunOptions& options, std::string_view search_path, const std::string& working_directory) {
  try {
    return find_program(tree, options.arguments[0], search_path, working_directory, options.isa);
  } catch (const Failure& failure) {
    if (options.hint.empty()) throw;
    fail(failure.status(), "{} ({})", failure.what(), options.hint);
  }
}

int execute(RunOptions& options) {
  GuestTree tree(options.root, options.binds);
  auto environment = build_environment(host_environment(), options.environment);
  std::string working_directory = "/";
  if (options.working_directory) working_directory = *options.working_directory;
  else if (tree.kind() == GuestTree::Kind::host) working_directory = host_working_directory();
  int error = 0;
  auto node = tree.resolve(working_directory, &error);
  if (!node || !node->is_directory()) {
    if (options.working_directory)
      fail(exit_status::own_failure, "--cwd: {}: {}", working_directory, std::strerror(node ? ENOTDIR : error));
    fail(exit_status::own_failure, "the working directory {} is not in the guest; give --cwd", working_directory);
  }
  std::optional<GuestUser> user;
  if (options.user) user = find_user(tree, *options.user);
  Program program = find_program(tree, options, find_variable(environment, "PATH"), working_directory);
  return run_session({options, tree, std::move(program), std::move(environment), std::move(working_directory), std::move(user)});
}

int execute(const ElfOptions& options) {
  int fd = open(options.file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  char first;
  if (fd < 0 || pread(fd, &first, 1, 0) < 0) fail(exit_status::own_failure, "elf: cannot read {}: {}", options.file, std::strerror(errno));
  ElfFile file = read_elf(fd);
  close(fd);
  GuestTree tree(options.root, {});
  bool would_run = false;
  fmt::print("{}", describe_elf(file, options.file, tree, &would_run));
  return would_run ? 0 : 1;
}

int execute(const AbiOptions& options) {
  fmt::print("{}", describe_abi(options));
  return 0;
}

int execute(const BareBootOptions& options) { boot(options); }

int execute(const TextRequest& request) {
  fmt::print("{}", request.text);
  return 0;
}

// Output that could not be written is a failure too.
int finish(int status) {
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return status;
  fail(exit_status::own_failure, "cannot write to standard output: {}", std::strerror(errno));
}

// A standard descriptor that the caller closed must not become some file of ours, which messages would then be written to. As O_PATH it
// behaves like a closed one.
void occupy_closed_descriptors() {
  for (int fd = 0; fd < 3; ++fd)
    if (fcntl(fd, F_GETFD) < 0) static_cast<void>(open("/", O_PATH));
}

}  // namespace
}  // namespace halcyon::cli

int main(int count, char** arguments) {
  using namespace halcyon::cli;
  occupy_closed_descriptors();
  int status = exit_status::own_failure;
  try {
    Command command = parse_command_line({arguments + std::min(count, 1), arguments + count});
    return finish(std::visit([](auto& each) { return execute(each); }, command));
  } catch (const Failure& failure) {
    complain(fmt::format("halcyon: {}\n", failure.what()));
    status = failure.status();
  } catch (const std::bad_alloc&) {
    complain("halcyon: out of memory\n");
  } catch (const std::exception& error) {
    complain(fmt::format("halcyon: {}\n", error.what()));
  }
  return status;
}
