#include "cli/trace_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/failure.h"

namespace halcyon::cli {

TraceOutput::TraceOutput(const std::string& path) : fd_(STDERR_FILENO) {
  if (path.empty()) return;
  fd_ = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd_ < 0) fail(exit_status::own_failure, "--strace: cannot write {}: {}", path, std::strerror(errno));
}

TraceOutput::~TraceOutput() {
  flush();
  if (fd_ != STDERR_FILENO) close(fd_);
}

void TraceOutput::write(std::string_view text) {
  line_ += text;
  if (text.ends_with('\n')) flush();
}

// A trace that cannot be written (a full disk, a reader that went) is lost; the program goes on.
void TraceOutput::flush() {
  std::string_view rest = line_;
  while (!rest.empty()) {
    ssize_t count = ::write(fd_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    rest.remove_prefix(static_cast<size_t>(count));
  }
  line_.clear();
}

}  // namespace halcyon::cli
