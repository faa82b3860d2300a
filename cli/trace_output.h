// TraceOutput: where --strace writes: a file of the host, or standard error. A line goes out when it is whole.
#pragma once

#include <string>
#include <string_view>

#include "core/base/print.h"

namespace halcyon::cli {

class TraceOutput final : public Writer {
 public:
  // An empty path is standard error. Throws Failure if the file cannot be written.
  explicit TraceOutput(const std::string& path);
  ~TraceOutput();
  TraceOutput(const TraceOutput&) = delete;
  TraceOutput& operator=(const TraceOutput&) = delete;

  void write(std::string_view text) override;

 private:
  void flush();

  int fd_;
  std::string line_;
};

}  // namespace halcyon::cli
