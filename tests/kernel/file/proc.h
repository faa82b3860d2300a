// What tests of /proc share: a world where it is mounted, ways to read it, and a process to look at.
#pragma once

#include <algorithm>
#include <sstream>

#include "tests/support/task.h"

namespace halcyon::test {

class ProcTest : public KernelTest {
 public:
  static constexpr uint32_t o_rdonly = 0, o_wronly = 1, o_rdwr = 2, o_directory = 0200000, o_nonblock = 04000;

 protected:
  int run_in_proc(Body body, unsigned cpus = 1, uint64_t seed = 1) {
    World world({.isa = isa(), .cpus = cpus, .seed = seed});
    must(world.system().mount_standard());
    return world.run(std::move(body));
  }
};

// The whole contents, or the error's name.
inline std::string contents(Task& task, const std::string& path) {
  int fd = task.open(path, ProcTest::o_rdonly);
  if (fd < 0) return std::string(errno_name(Outcome{fd}.error()));
  std::string text;
  for (;;) {
    std::string piece = task.read(fd);
    if (piece.empty()) break;
    text += piece;
    if (piece[0] == 'E' && piece.size() < 8) break;
  }
  task.close(fd);
  return text;
}

inline std::string of(int pid, std::string_view name) { return "/proc/" + std::to_string(pid) + "/" + std::string(name); }

// The number behind "Key:" in a status file.
inline long number(const std::string& text, const std::string& key) {
  size_t at = text.find(key + ":");
  EXPECT_NE(at, std::string::npos) << key << " in " << text;
  return at == std::string::npos ? -1 : std::stol(text.substr(at + key.size() + 1));
}

inline std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) result.push_back(word);
  return result;
}

// Names in a directory; an error's name alone if it cannot be listed.
inline std::vector<std::string> names(Task& task, const std::string& path) {
  int fd = task.open(path, ProcTest::o_rdonly | ProcTest::o_directory);
  if (fd < 0) return {std::string(errno_name(Outcome{fd}.error()))};
  std::vector<std::string> result;
  for (;;) {
    UserAddr buffer = task.room(1024);
    Outcome got = task.call(Call::getdents64, fd, buffer, 1024);
    if (got.is_error()) result.assign(1, std::string(errno_name(got.error())));
    if (got <= 0) break;
    for (int64_t at = 0; at < got.value;) {
      auto length = task.get<uint16_t>(buffer + static_cast<uint64_t>(at) + 16);
      result.push_back(task.get_string(buffer + static_cast<uint64_t>(at) + 19));
      at += length;
    }
  }
  task.close(fd);
  return result;
}

inline bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A child that stays until the other end of a pipe is closed.
struct Sleeper {
  Sleeper(Task& task, Body first = {}) : task_(task) {
    Task::Pipe ready = task.pipe();
    end_ = task.pipe();
    pid = task.fork([ready, end = end_, first](Task& child) {
      child.close(end.out);
      if (first) first(child);
      child.write(ready.out, "r");
      child.read(end.in);
      child.exit(7);
    });
    task.close(end_.in);
    task.read(ready.in);
    task.close(ready.in);
    task.close(ready.out);
  }
  void end() { task_.close(end_.out); }
  int pid;

 private:
  Task& task_;
  Task::Pipe end_;
};

}  // namespace halcyon::test
