// FakeDisk: a disk in the host's memory that answers at once, or when the test says so, or never, or with failures.
#pragma once

#include <cstring>
#include <vector>

#include "hal/devices.h"

namespace halcyon::test {

class FakeDisk final : public hal::BlockDevice {
 public:
  explicit FakeDisk(size_t sectors) : contents(sectors * sector_size) {}

  uint64_t sector_count() override { return contents.size() / sector_size; }
  uint32_t block_size() override { return sector_size; }
  uint32_t most_parts() override { return 3; }
  bool is_read_only() override { return is_for_reading; }
  bool submit(hal::BlockRequest& request) override {
    if (waiting_.size() == 2) return false;
    ++requests;
    if (is_given_up) request.state = hal::BlockRequest::State::failed;
    else waiting_.push_back(&request);
    return true;
  }
  void settle() override {
    if (answers) answer();
  }
  void give_up() override {
    is_given_up = true;
    for (auto* request : waiting_) request->state = hal::BlockRequest::State::failed;
    waiting_.clear();
  }
  hal::Event& event() override { return event_; }

  // Does what waits.
  void answer() {
    for (auto* request : waiting_) request->state = carry_out(*request) ? hal::BlockRequest::State::done : hal::BlockRequest::State::failed;
    waiting_.clear();
  }
  bool is_busy() const { return !waiting_.empty(); }

  std::vector<std::byte> contents;
  bool is_for_reading = false, answers = true, fails = false, is_given_up = false;
  int requests = 0, flushes = 0;

 private:
  bool carry_out(hal::BlockRequest& request) {
    if (fails) return false;
    if (request.kind == hal::BlockRequest::Kind::flush) ++flushes;
    size_t at = request.sector * sector_size;
    for (const auto& part : request.parts) {
      if (part.size % sector_size != 0 || at + part.size > contents.size()) return false;
      if (request.kind == hal::BlockRequest::Kind::read) std::memcpy(part.bytes, contents.data() + at, part.size);
      else std::memcpy(contents.data() + at, part.bytes, part.size);
      at += part.size;
    }
    return true;
  }

  hal::Event event_;
  std::vector<hal::BlockRequest*> waiting_;
};

}  // namespace halcyon::test
