// The fake machine's console: what is written collects in a string, what is typed comes from the test.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "hal/devices.h"

namespace halcyon::hal {

class FakeConsole final : public Console {
 public:
  // --- for the test
  void type(std::string_view text) { input_ += text; }
  void hang_up() { is_ended_ = true; }
  void resize(WindowSize size) { size_ = size; }
  std::string take_output() { return std::exchange(output_, {}); }
  const std::string& output() const { return output_; }
  bool has_input() const { return !input_.empty(); }

  // --- Console
  size_t read(std::span<std::byte> buffer) override {
    size_t count = std::min(buffer.size(), input_.size());
    std::memcpy(buffer.data(), input_.data(), count);
    input_.erase(0, count);
    return count;
  }
  size_t write(std::span<const std::byte> bytes) override {
    for (std::byte byte : bytes) output_ += static_cast<char>(byte);
    return bytes.size();
  }
  bool can_read() override { return !input_.empty() || is_ended_; }
  bool can_write() override { return true; }
  bool at_end() override { return is_ended_ && input_.empty(); }
  bool is_broken() override { return false; }
  Event& event() override { return event_; }
  void want(bool, bool) override {}
  WindowSize window_size() override { return size_; }

 private:
  std::string input_, output_;
  bool is_ended_ = false;
  WindowSize size_;
  Event event_;
};

}  // namespace halcyon::hal
