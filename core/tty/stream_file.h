// Files over plain byte streams: how a redirected descriptor 0-2 of the host looks to programs. Not a terminal, without an offset.
//
// StreamDevice stands for one host descriptor as long as the kernel lives; StreamFiles come and go. Lock: lock_ (rank device) protects the
// stream and the counts of who waits for it. A stream's methods never block; waiting is done here, on the stream's Event.
#pragma once

#include "core/base/annotations.h"
#include "core/file/file.h"
#include "core/sync/spin_lock.h"
#include "core/sync/wait_queue.h"
#include "core/task/kernel.h"
#include "hal/devices.h"

namespace halcyon {

class StreamDevice {
 public:
  // `name` is what /proc/PID/fd/N shows, and must outlive the device.
  StreamDevice(hal::GivenFile& stream, std::string_view name) : stream_(stream), name_(name) {}
  StreamDevice(const StreamDevice&) = delete;
  StreamDevice& operator=(const StreamDevice&) = delete;

  // Begins to listen to the stream's event. Once, after the kernel has been made; the device must then live as long as the kernel.
  void start(Kernel& kernel);

  Result<size_t> read(Sink& out, bool nonblocking);
  Result<size_t> write(Source& in, bool nonblocking);
  uint32_t poll(PollTable* table, bool is_readable, bool is_writable);
  Result<Attributes> attributes();
  std::string_view name() const { return name_; }

  // Of a regular file, at `offset`.
  Result<size_t> read_at(uint64_t offset, Sink& out);
  Result<size_t> write_at(uint64_t offset, Source& in);
  Result<uint64_t> seek(int64_t offset, Whence whence);
  Result<> truncate(uint64_t size);
  Result<> sync();

 private:
  struct Handler : EventHandler {
    StreamDevice* device = nullptr;
  };
  struct Given {
    size_t count;
    Errno error;
  };
  bool is_ready(bool for_input);
  Result<> wait(bool for_input, bool nonblocking);
  Given take(std::span<std::byte> buffer);
  Given give(std::span<const std::byte> bytes);

  hal::GivenFile& stream_;
  std::string_view name_;
  SpinLock lock_{Rank::device};
  // What the machine was asked to watch for since the last event.
  bool wants_input_ GUARDED_BY(lock_) = false;
  bool wants_output_ GUARDED_BY(lock_) = false;
  WaitQueue changed_;
  Handler handler_;
};

// Its offset, if it has one, is the host's, which whoever started the machine shares.
class HostStreamFile final : public File {
 public:
  HostStreamFile(StreamDevice& device, uint32_t flags, bool is_regular) : File(flags), device_(device), is_regular_(is_regular) {}

  Result<size_t> read(Sink& out) override { return device_.read(out, is_nonblocking()); }
  Result<size_t> write(Source& in) override { return device_.write(in, is_nonblocking()); }
  Result<size_t> read_at(uint64_t offset, Sink& out) override { return device_.read_at(offset, out); }
  Result<size_t> write_at(uint64_t offset, Source& in) override { return device_.write_at(offset, in); }
  Result<uint64_t> seek(int64_t offset, Whence whence) override { return device_.seek(offset, whence); }
  Result<> truncate(uint64_t size) override { return device_.truncate(size); }
  Result<> sync() override { return device_.sync(); }
  uint32_t poll(PollTable* table) override { return is_regular_ ? File::poll(table) : device_.poll(table, is_readable(), is_writable()); }
  bool is_pollable() const override { return !is_regular_; }
  Result<Attributes> attributes() override { return device_.attributes(); }
  void describe(Writer& out) override { out.write(device_.name()); }
  // The host's descriptor goes some way only.
  Result<Ref<File>> reopen(uint32_t flags) override;

 private:
  StreamDevice& device_;
  bool is_regular_;
};

// `flags` are those of open(2) that the host's descriptor has. ENOMEM, and what fstat(2) says.
Result<Ref<File>> open_stream(StreamDevice& device, uint32_t flags);

}  // namespace halcyon
