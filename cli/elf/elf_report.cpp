#include "cli/elf/elf_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "cli/failure.h"
#include "cli/program.h"

namespace halcyon::cli {
namespace {

constexpr size_t largest_cache = 16 << 20;

std::vector<std::string> usual_directories(hal::Isa isa) {
  std::string triplet = fmt::format("{}-linux-gnu", isa_name(isa));
  std::vector<std::string> directories;
  for (const char* base : {"/usr/local/lib/", "/lib/", "/usr/lib/"}) directories.push_back(base + triplet);
  // Fedora, Alpine and others.
  for (const char* each : {"/usr/local/lib", "/lib64", "/usr/lib64", "/lib64/lp64d", "/usr/lib64/lp64d", "/lib", "/usr/lib"})
    directories.emplace_back(each);
  return directories;
}

// The colon-separated parts of a run path, with $ORIGIN and $LIB as far as they are known.
std::vector<std::string> run_path_directories(const std::string& run_path, const std::string& origin) {
  std::vector<std::string> directories;
  for (size_t start = 0; start <= run_path.size();) {
    size_t end = std::min(run_path.find(':', start), run_path.size());
    std::string directory = run_path.substr(start, end - start);
    start = end + 1;
    for (std::string_view word : {"${ORIGIN}", "$ORIGIN"})
      if (size_t at = directory.find(word); at != std::string::npos && !origin.empty()) directory.replace(at, word.size(), origin);
    if (directory.starts_with('/') && directory.find('$') == std::string::npos) directories.push_back(directory);
  }
  return directories;
}

bool is_library_for(const GuestTree& tree, const std::string& path, hal::Isa isa) {
  int error = 0;
  auto node = tree.resolve(path, &error);
  if (!node || !node->is_regular()) return false;
  try {
    return read_guest_elf(tree, *node, path).isa == isa;
  } catch (const Failure&) {
    return false;  // unreadable for the caller
  }
}

// The strings of /etc/ld.so.cache are paths.
std::string find_in_cache(const GuestTree& tree, const std::string& library, hal::Isa isa) {
  int error = 0;
  auto node = tree.resolve("/etc/ld.so.cache", &error);
  auto cache = node && node->is_regular() ? tree.read(*node, largest_cache, &error) : std::nullopt;
  if (!cache) return {};
  std::string ending = "/" + library + '\0';
  for (size_t at = cache->find(ending); at != std::string::npos; at = cache->find(ending, at + 1)) {
    size_t start = cache->rfind('\0', at) + 1;
    std::string path = cache->substr(start, at + ending.size() - 1 - start);
    if (is_library_for(tree, path, isa)) return path;
  }
  return {};
}

std::string permissions(unsigned flags) { return {flags & 4 ? 'r' : '-', flags & 2 ? 'w' : '-', flags & 1 ? 'x' : '-'}; }

std::string how_linked(const ElfFile& file) {
  if (!file.interpreter.empty()) return "dynamically";
  if (!file.needed.empty()) return "dynamically, without an interpreter";
  return file.is_position_independent ? "statically, position-independent" : "statically";
}

// The directory of a host file, where the guest's tree is the host's.
std::string origin_of(const std::string& name, const GuestTree& tree) {
  if (tree.kind() != GuestTree::Kind::host) return {};
  char* real = realpath(name.c_str(), nullptr);
  std::string path = real ? real : "";
  std::free(real);
  return path.substr(0, path.rfind('/'));
}

std::string describe_identity(const ElfFile& file, const std::string& name) {
  std::string text = fmt::format("{}: ELF", name);
  if (file.bits != 0) text += fmt::format(", {} bits, {}", file.bits, file.is_little_endian ? "little-endian" : "big-endian");
  if (!file.machine.empty()) text += ", " + file.machine;
  if (!file.kind.empty()) text += ", " + file.kind;
  return text + "\n";
}

std::string describe_segments(const ElfFile& file) {
  std::string text;
  for (const ElfFile::Segment& segment : file.segments) {
    text +=
        fmt::format("  segment      {} {:#x} to {:#x}", permissions(segment.flags), segment.address, segment.address + segment.memory_size);
    if (segment.memory_size > segment.file_size) text += fmt::format(", {:#x} bytes of it zero", segment.memory_size - segment.file_size);
    text += "\n";
  }
  return text;
}

// Why the interpreter keeps the file from running; empty if it does not.
std::string interpreter_obstacle(const ElfFile& file, const GuestTree& tree) {
  if (file.interpreter.empty()) return {};
  int error = 0;
  auto node = tree.resolve(file.interpreter, &error);
  if (!node) return fmt::format("its interpreter {} {}", file.interpreter, describe_missing_interpreter(tree, file.interpreter, *file.isa));
  if (!is_library_for(tree, file.interpreter, *file.isa))
    return fmt::format("its interpreter {} is no program for {}", file.interpreter, isa_name(*file.isa));
  return {};
}

}  // namespace

std::string find_library(const GuestTree& tree, const ElfFile& file, const std::string& library, const std::string& origin) {
  if (library.find('/') != std::string::npos) return is_library_for(tree, library, *file.isa) ? library : "";
  std::vector<std::string> directories = run_path_directories(file.run_path, origin);
  std::vector<std::string> usual = usual_directories(*file.isa);
  for (const std::string& directory : directories)
    if (is_library_for(tree, directory + "/" + library, *file.isa)) return directory + "/" + library;
  if (std::string path = find_in_cache(tree, library, *file.isa); !path.empty()) return path;
  for (const std::string& directory : usual)
    if (is_library_for(tree, directory + "/" + library, *file.isa)) return directory + "/" + library;
  return {};
}

std::string describe_elf(const ElfFile& file, const std::string& name, const GuestTree& tree, bool* would_run) {
  *would_run = false;
  if (!file.is_elf) return fmt::format("{}: {}\n", name, file.problem);
  std::string text = describe_identity(file, name);
  if (!file.segments.empty()) text += fmt::format("  entry        {:#x}\n", file.entry) + describe_segments(file);
  text += fmt::format("  linked       {}\n", how_linked(file));
  if (!file.interpreter.empty()) text += fmt::format("  interpreter  {}\n", file.interpreter);
  if (!file.run_path.empty()) text += fmt::format("  run path     {}\n", file.run_path);
  std::string obstacle = file.problem;
  if (obstacle.empty()) obstacle = interpreter_obstacle(file, tree);
  std::string origin = origin_of(name, tree);
  for (const std::string& library : file.needed) {
    std::string path = file.isa ? find_library(tree, file, library, origin) : "";
    text += fmt::format("  needs        {}{}\n", library, path.empty() ? "" : " => " + path);
    if (obstacle.empty() && path.empty()) obstacle = fmt::format("{} is not in the guest's root, for {}", library, isa_name(*file.isa));
  }
  for (const std::string& oddity : file.oddities) text += fmt::format("  odd          {}\n", oddity);
  *would_run = obstacle.empty();
  return text + (obstacle.empty() ? fmt::format("  would run    yes, on {}\n", isa_name(*file.isa))
                                  : fmt::format("  would run    no: {}\n", obstacle));
}

}  // namespace halcyon::cli
