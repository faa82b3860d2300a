// Devices as the core sees them: each raises an Event when there is something to look at; no interrupt number reaches the core.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/result.h"
#include "hal/host_files.h"

namespace halcyon::hal {

// Set by a device's interrupt handler (hosted: by the machine's look at its host descriptors), taken by the core.
class Event {
 public:
  void raise() { raised_.store(true, std::memory_order_release); }
  [[nodiscard]] bool take() { return raised_.load(std::memory_order_relaxed) && raised_.exchange(false, std::memory_order_acq_rel); }

 private:
  std::atomic<bool> raised_ = false;
};

struct WindowSize {
  uint16_t rows = 24;
  uint16_t columns = 80;
  uint16_t pixel_width = 0;
  uint16_t pixel_height = 0;
  bool operator==(const WindowSize&) const = default;
};

// A stream of bytes in one or both directions: a serial line, a host terminal in raw mode, a redirected host descriptor. Its methods never
// block: they move what can be moved now.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Returns the number of bytes moved; 0 when none can be moved now, and for read at the end of the input too (see at_end).
  virtual size_t read(std::span<std::byte> buffer) = 0;
  virtual size_t write(std::span<const std::byte> bytes) = 0;
  virtual bool can_read() = 0;   // read would return bytes, or the input has ended
  virtual bool can_write() = 0;  // write would take bytes, or would fail
  virtual bool at_end() = 0;     // no more input will come
  virtual bool is_broken() = 0;  // output goes nowhere any more (EPIPE, a terminal that went away)
  // Why the last read or write moved nothing, if it failed (EPIPE, ENOSPC, EISDIR); Errno{}: it did not.
  virtual Errno error() { return Errno{}; }
  // Raised when can_read, can_write or the window size may have changed since somebody last found them false or old. A reader that
  // found nothing calls want(true, ...) so that the machine watches for it.
  virtual Event& event() = 0;
  virtual void want(bool input, bool output) = 0;
};

// A descriptor that whoever started the machine gave it: a stream, or a file, whose offset is shared with all who have the same
// description.
class GivenFile : public ByteStream {
 public:
  // As fstat(2).
  virtual Result<HostAttributes> attributes() = 0;
  // As lseek(2), pread(2), pwrite(2), ftruncate(2), fsync(2): ESPIPE, EINVAL, and so on, where it is no regular file.
  virtual Result<uint64_t> seek(int64_t offset, int whence) = 0;
  virtual Result<size_t> read_at(uint64_t offset, std::span<std::byte> buffer) = 0;
  virtual Result<size_t> write_at(uint64_t offset, std::span<const std::byte> bytes) = 0;
  virtual Result<> truncate(uint64_t size) = 0;
  virtual Result<> sync() = 0;
};

// The machine's console: a byte stream with a window.
class Console : public ByteStream {
 public:
  virtual WindowSize window_size() = 0;

  // --- A console may be shared with other programs, as a shell's terminal is. One that is not, a serial line, has nothing to do here.
  // Somebody waits for keys: from now on they are ours.
  virtual void take_keys() {}
  // Another job has it: who reads is to be stopped (SIGTTIN).
  virtual bool is_in_background() { return false; }
  // The signals that were sent to the machine as a job since the last call: bit number - 1. SIGKILL: its user gave up on it.
  virtual uint64_t take_signals() { return 0; }
  // Stops the machine as a job, by this signal, and returns when it goes on.
  virtual void suspend(int signal) { static_cast<void>(signal); }
};

// One transfer between a block device and memory, or a flush. It and the memory belong to the device from submit() until it is settled.
struct BlockRequest {
  enum class Kind : uint8_t { read, write, flush };
  enum class State : uint8_t { pending, done, failed };
  struct Part {  // within a frame of RAM, as the kernel sees it; whole sectors
    std::byte* bytes;
    uint32_t size;
  };

  Kind kind = Kind::read;
  uint64_t sector = 0;               // of the device, with which the first part begins
  std::span<const Part> parts = {};  // none for a flush
  std::atomic<State> state = State::pending;

  bool is_settled() const { return state.load(std::memory_order_acquire) != State::pending; }
};

// A disk. No method blocks.
class BlockDevice {
 public:
  static constexpr uint32_t sector_size = 512;

  virtual ~BlockDevice() = default;
  virtual uint64_t sector_count() = 0;
  virtual uint32_t block_size() = 0;  // what it transfers at least: a power of two from sector_size to the page size
  virtual uint32_t most_parts() = 0;  // of one request
  virtual bool is_read_only() = 0;
  // Takes a request on; one that cannot be is settled as failed. False: too much is under way already, which event() will change.
  virtual bool submit(BlockRequest& request) = 0;
  // Settles the requests that the device has done. After event().
  virtual void settle() = 0;
  // The device has not answered for too long: settles all requests as failed, and those to come.
  virtual void give_up() = 0;
  virtual Event& event() = 0;
};

// A device that makes unpredictable bytes.
class EntropySource {
 public:
  virtual ~EntropySource() = default;
  // Hands out up to so many of the bytes that the device has given, each once; returns the number. 0: there are none now, and event() is
  // raised when there may be. Does not block.
  virtual size_t take(std::span<std::byte> bytes) = 0;
  virtual bool is_broken() = 0;  // no more will come
  virtual Event& event() = 0;
};

}  // namespace halcyon::hal
