// Finding the program and judging it before a machine is built. The kernel would refuse the same files, but with an errno instead of a
// reason.
#include "cli/program.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/failure.h"

namespace halcyon::cli {
namespace {

constexpr int most_scripts = 5;      // as deep as execve(2) follows them
constexpr size_t script_line = 256;  // BINPRM_BUF_SIZE

// The interpreter of a "#!" line; empty if the text is no script.
std::string script_interpreter(std::string_view head) {
  if (!head.starts_with("#!")) return {};
  std::string_view line = head.substr(2, head.find('\n') - 2);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  return std::string(line.substr(0, line.find_first_of(" \t\r")));
}

std::string absolute(const std::string& path, const std::string& working_directory) {
  if (path.starts_with('/')) return path;
  return working_directory + (working_directory.ends_with('/') ? "" : "/") + path;
}

// The first candidate that may be executed; else the reason that says most.
std::string search(const GuestTree& tree, const std::string& name, std::string_view search_path, const std::string& working_directory) {
  bool is_forbidden = false;
  for (std::string_view rest = search_path;;) {
    size_t colon = rest.find(':');
    std::string directory(rest.substr(0, colon));
    std::string candidate = absolute(directory.empty() ? name : directory + "/" + name, working_directory);
    int error = 0;
    auto node = tree.resolve(candidate, &error);
    if (node && node->is_regular() && GuestTree::is_executable(*node)) return candidate;
    if (node && node->is_regular()) is_forbidden = true;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  if (is_forbidden) fail(exit_status::not_executable, "{}: Permission denied", name);
  fail(exit_status::not_found, "{}: not found in the guest's PATH ({})", name, search_path);
}

GuestNode resolve_executable(const GuestTree& tree, const std::string& path, const std::string& name) {
  int error = 0;
  auto node = tree.resolve(path, &error);
  if (!node)
    fail(error == ENOENT || error == ENOTDIR ? exit_status::not_found : exit_status::not_executable, "{}: {}", name, std::strerror(error));
  if (node->is_directory()) fail(exit_status::not_executable, "{}: Is a directory", name);
  if (!node->is_regular() || !GuestTree::is_executable(*node)) fail(exit_status::not_executable, "{}: Permission denied", name);
  return *node;
}

void check_machine(const ElfFile& elf, const std::string& name, std::optional<hal::Isa> isa) {
  if (!elf.problem.empty()) fail(exit_status::not_executable, "{}: cannot be executed: {}", name, elf.problem);
  if (isa && *isa != *elf.isa)
    fail(exit_status::not_executable, "{}: is a program for {}, but --isa says {}", name, isa_name(*elf.isa), isa_name(*isa));
}

void check_interpreter(const GuestTree& tree, const ElfFile& elf, const std::string& name) {
  if (elf.interpreter.empty()) return;
  int error = 0;
  auto node = tree.resolve(elf.interpreter, &error);
  if (!node) {
    fail(exit_status::not_found, "{}: its interpreter {} {}", name, elf.interpreter,
         describe_missing_interpreter(tree, elf.interpreter, *elf.isa));
  }
  ElfFile interpreter = read_guest_elf(tree, *node, elf.interpreter);
  if (!interpreter.problem.empty())
    fail(exit_status::not_executable, "{}: its interpreter {}: {}", name, elf.interpreter, interpreter.problem);
  if (interpreter.isa != elf.isa) {
    fail(exit_status::not_executable, "{}: is for {}, but its interpreter {} is for {}", name, isa_name(*elf.isa), elf.interpreter,
         isa_name(*interpreter.isa));
  }
}

}  // namespace

std::vector<std::string> build_environment(const std::vector<std::string>& host,
                                           const std::vector<std::pair<std::string, std::string>>& overrides) {
  std::vector<std::string> environment = host;
  auto set = [&](const std::string& name, const std::string& value) {
    std::erase_if(environment, [&](const std::string& each) { return each.starts_with(name + "="); });
    environment.push_back(name + "=" + value);
  };
  for (const auto& [name, value] : overrides) set(name, value);
  if (find_variable(environment, "PATH").empty()) set("PATH", std::string(default_path));
  return environment;
}

std::string_view find_variable(const std::vector<std::string>& environment, std::string_view name) {
  for (std::string_view each : environment)
    if (each.starts_with(name) && each.size() > name.size() && each[name.size()] == '=') return each.substr(name.size() + 1);
  return {};
}

ElfFile read_guest_elf(const GuestTree& tree, const GuestNode& node, std::string_view name) {
  static_cast<void>(tree);
  if (node.entry) return read_elf(std::string_view(node.entry->data));
  int fd = open(node.host_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  // A program need not be readable for its caller; the kernel will see.
  if (fd < 0) fail(exit_status::not_executable, "{}: cannot be read: {}", name, std::strerror(errno));
  ElfFile elf = read_elf(fd);
  close(fd);
  return elf;
}

std::string describe_missing_interpreter(const GuestTree& tree, const std::string& interpreter, hal::Isa isa) {
  std::string wanted = fmt::format("--root DIR or --root FILE.tar with a {} system that has it", isa_name(isa));
  if (tree.kind() == GuestTree::Kind::host) return fmt::format("is not on this host; give {}", wanted);
  int error = 0;
  GuestTree host(std::nullopt, {});
  if (host.resolve(interpreter, &error))
    return fmt::format("is not in the guest's root, but on this host; leave --root out, or give {}", wanted);
  return fmt::format("is not in the guest's root; give {}", wanted);
}

Program find_program(const GuestTree& tree, const std::string& name, std::string_view search_path, const std::string& working_directory,
                     std::optional<hal::Isa> isa) {
  bool has_slash = name.find('/') != std::string::npos;
  std::string path = has_slash ? absolute(name, working_directory) : search(tree, name, search_path, working_directory);
  std::string file = path;
  std::string shown = name;
  for (int depth = 0; depth < most_scripts; ++depth) {
    GuestNode node = resolve_executable(tree, file, shown);
    int error = 0;
    auto head = tree.read(node, script_line, &error);
    if (!head) fail(exit_status::not_executable, "{}: cannot be read: {}", shown, std::strerror(error));
    if (!head->starts_with("#!")) {
      ElfFile elf = read_guest_elf(tree, node, shown);
      if (!elf.is_elf) fail(exit_status::not_executable, "{}: neither an ELF program nor a script that begins with #!", shown);
      check_machine(elf, shown, isa);
      check_interpreter(tree, elf, shown);
      return {has_slash ? name : path, *elf.isa};
    }
    std::string interpreter = script_interpreter(*head);
    if (interpreter.empty()) fail(exit_status::not_executable, "{}: its first line names no interpreter", shown);
    file = absolute(interpreter, working_directory);
    if (!tree.resolve(file, &error)) fail(exit_status::not_found, "{}: its interpreter {} is not in the guest's root", shown, interpreter);
    shown = interpreter;
  }
  fail(exit_status::not_executable, "{}: scripts that name scripts as interpreters, more than {} deep", name, most_scripts - 1);
}

}  // namespace halcyon::cli
