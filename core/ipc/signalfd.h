// Signals read from a file (signalfd(2)): a read takes pending signals of the file's set from whoever reads, thread and process.
#pragma once

#include <atomic>

#include "core/file/anonymous_file.h"
#include "core/task/signal/signal.h"

namespace halcyon {

class SignalFile final : public AnonymousFile {
 public:
  static constexpr FileKind file_kind = FileKind::signals;
  SignalFile(SignalSet mask, uint32_t flags) : AnonymousFile(open_flag::read_write | flags, "[signalfd]", file_kind), mask_(mask.bits()) {}

  SignalSet mask() const { return SignalSet(mask_.load(std::memory_order_relaxed)); }
  // Those who wait look again.
  void set_mask(SignalSet mask);

  Result<size_t> read(Sink& out) override;
  Result<size_t> write(Source&) override { return err::inval; }
  uint32_t poll(PollTable* table) override;

 private:
  std::atomic<uint64_t> mask_;
};

}  // namespace halcyon
