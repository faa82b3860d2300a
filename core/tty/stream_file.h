// Files over plain byte streams: how a redirected descriptor 0-2 of the host looks to programs. Not a terminal, without an offset.
//
// StreamDevice stands for one host descriptor as long as the kernel lives; StreamFiles come and go. Lock: lock_ (rank device) protects the
// stream and the counts of who waits for it. A stream's methods never block; waiting is done here, on the stream's Event.
#pragma once

#include "core/file/file.h"
#include "core/sync/spin_lock.h"
#include "core/sync/wait_queue.h"
#include "core/task/kernel.h"
#include "hal/devices.h"

namespace halcyon {

class StreamDevice {
 public:
  // `attributes` is what fstat(2) reports of it: a pipe unless the caller knows better.
  StreamDevice(hal::ByteStream& stream, const Attributes& attributes) : stream_(stream), attributes_(attributes) {}
  StreamDevice(const StreamDevice&) = delete;
  StreamDevice& operator=(const StreamDevice&) = delete;

  // Begins to listen to the stream's event. Once, after the kernel has been made; the device must then live as long as the kernel.
  void start(Kernel& kernel);

  Result<size_t> read(Sink& out, bool nonblocking);
  Result<size_t> write(Source& in, bool nonblocking);
  uint32_t poll(PollTable* table, bool is_readable, bool is_writable);
  const Attributes& attributes() const { return attributes_; }

 private:
  struct Handler : EventHandler {
    StreamDevice* device = nullptr;
  };
  bool is_ready(bool for_input);
  Result<> wait(bool for_input, bool nonblocking);
  size_t take(std::span<std::byte> buffer);
  size_t give(std::span<const std::byte> bytes, bool* is_broken);

  hal::ByteStream& stream_;
  Attributes attributes_;
  SpinLock lock_{Rank::device};
  bool wants_input_ = false, wants_output_ = false;  // under lock_: what the machine was asked to watch for since the last event
  WaitQueue changed_;
  Handler handler_;
};

class HostStreamFile final : public File {
 public:
  HostStreamFile(StreamDevice& device, uint32_t flags, std::string_view path) : File(flags), device_(device), path_(path) {}

  Result<size_t> read(Sink& out) override { return device_.read(out, is_nonblocking()); }
  Result<size_t> write(Source& in) override { return device_.write(in, is_nonblocking()); }
  uint32_t poll(PollTable* table) override { return device_.poll(table, is_readable(), is_writable()); }
  Result<Attributes> attributes() override { return device_.attributes(); }
  void describe(Writer& out) override { out.write(path_); }
  // The host's descriptor goes one way only.
  Result<Ref<File>> reopen(uint32_t flags) override {
    if ((flags & open_flag::access_mode) != (this->flags() & open_flag::access_mode)) return err::acces;
    return make_ref<HostStreamFile>(device_, flags, path_);
  }

 private:
  StreamDevice& device_;
  std::string_view path_;
};

// `path` is what /proc/PID/fd/N shows, and must outlive the file. ENOMEM.
Result<Ref<File>> open_stream(StreamDevice& device, uint32_t flags, std::string_view path = "pipe:[host]");

}  // namespace halcyon
