#include "hal/hosted/host/host_streams.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "hal/hosted/host/host_status.h"

namespace halcyon::hal {
namespace {

constexpr int deterministic_wait = 50;  // milliseconds, for the rest of a chunk of redirected input

bool is_regular_file(int descriptor) {
  struct stat status;
  return descriptor >= 0 && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

template <class T>
Result<T> checked(T result) {
  if (result < 0) return host_failure();
  return result;
}

}  // namespace

bool polls(int descriptor, short events, int wait) {
  pollfd entry{descriptor, events, 0};
  return poll(&entry, 1, wait) > 0;
}

// The guest's own writers get these signals, from the guest's kernel.
HostStream::HostStream(HostPoll& poll, int input, int output)
    : Watch(poll, input, output), input_(input), output_(output), is_file_(is_regular_file(descriptor())), at_end_(input < 0) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void HostStream::ready(bool input, bool) {
  input_seen_ |= input;
  event_.raise();
}

bool HostStream::is_input_ready(int wait) const { return is_file_ || polls(input_, POLLIN, wait); }

// A deterministic run waits for whoever reads its output, so that how fast he reads changes nothing.
bool HostStream::is_output_ready() const { return is_file_ || polls(output_, POLLOUT, host_poll().is_deterministic() ? -1 : 0); }

bool HostStream::can_read() {
  if (at_end_ || is_file_) return true;
  return host_poll().is_deterministic() ? input_seen_ : is_input_ready(0);
}

bool HostStream::can_write() { return output_ < 0 || is_broken_ || is_output_ready(); }

size_t HostStream::read_once(std::span<std::byte> buffer) {
  ssize_t count = ::read(input_, buffer.data(), buffer.size());
  if (count > 0) return static_cast<size_t>(count);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return 0;
  if (count < 0) error_ = host_failure().error();
  else at_end_ = true;
  return 0;
}

size_t HostStream::read(std::span<std::byte> buffer) {
  error_ = Errno{};
  if (is_file_) at_end_ = input_ < 0;
  if (at_end_ || buffer.empty()) return 0;
  if (!host_poll().is_deterministic() || is_file_) return is_input_ready(0) ? read_once(buffer) : 0;
  if (!input_seen_) return 0;
  input_seen_ = false;
  size_t total = read_once(buffer);
  // How a pipe's writer happened to cut its output must not show: take all that comes without a pause.
  while (!at_end_ && error_ == Errno{} && total < buffer.size() && is_input_ready(deterministic_wait))
    total += read_once(buffer.subspan(total));
  if (!at_end_ && total == buffer.size()) input_seen_ = is_input_ready(deterministic_wait);
  return total;
}

size_t HostStream::write(std::span<const std::byte> bytes) {
  error_ = is_broken_ ? Errno::pipe : Errno{};
  if (output_ < 0) return bytes.size();
  size_t total = 0;
  while (total < bytes.size() && error_ == Errno{} && is_output_ready()) {
    size_t size = bytes.size() - total;
    ssize_t count = ::write(output_, bytes.data() + total, is_file_ ? size : std::min(size, largest_write));
    if (count > 0) total += static_cast<size_t>(count);
    else if (count < 0 && errno == EAGAIN) break;
    else if (count < 0 && errno != EINTR) error_ = host_failure().error();
    else if (count == 0) break;
    is_broken_ = error_ == Errno::pipe;
  }
  return total;
}

// A deterministic run must not see what another start of it would see otherwise.
Result<HostAttributes> HostStream::attributes() {
  HostStatus status;
  if (!read_status(descriptor(), "", AT_EMPTY_PATH, &status)) return host_failure();
  HostAttributes attributes = status.attributes();
  if (!host_poll().is_deterministic()) return attributes;
  attributes.id = {0, static_cast<uint64_t>(descriptor()) + 1, 0};
  attributes.modified = attributes.changed = 0;
  return attributes;
}

Result<uint64_t> HostStream::seek(int64_t offset, int whence) {
  auto place = checked(lseek(descriptor(), offset, whence));
  if (!place) return std::unexpected(place.error());
  return static_cast<uint64_t>(*place);
}

Result<size_t> HostStream::read_at(uint64_t offset, std::span<std::byte> buffer) {
  auto count = checked(pread(input_, buffer.data(), buffer.size(), static_cast<off_t>(offset)));
  if (!count) return std::unexpected(count.error());
  return static_cast<size_t>(*count);
}

Result<size_t> HostStream::write_at(uint64_t offset, std::span<const std::byte> bytes) {
  auto count = checked(pwrite(output_, bytes.data(), bytes.size(), static_cast<off_t>(offset)));
  if (!count) return std::unexpected(count.error());
  return static_cast<size_t>(*count);
}

Result<> HostStream::truncate(uint64_t size) {
  if (ftruncate(output_, static_cast<off_t>(size)) != 0) return host_failure();
  return {};
}

Result<> HostStream::sync() {
  if (fsync(descriptor()) != 0) return host_failure();
  return {};
}

}  // namespace halcyon::hal
