// Blocking reads and writes over a stream that does not block.
#include "core/tty/stream_file.h"

#include "core/base/lock_guard.h"
#include "core/base/own.h"
#include "core/task/process/process.h"
#include "core/task/thread.h"

namespace halcyon {
namespace {

constexpr size_t stream_chunk_size = 4096;  // what a pipe takes at once after poll said that it takes anything
using Chunk = std::array<std::byte, stream_chunk_size>;

Result<size_t> ended_early(size_t done, Errno error) {
  // pipe(7): whoever writes to a broken pipe gets a signal, even if part was written before; and write(2): beyond the limit of a file's
  // size.
  int signal = error == Errno::pipe ? sig::pipe : error == Errno::fbig ? sig::xfsz : 0;
  if (signal != 0) send_to_self(current_thread(), signal);
  if (done > 0) return done;
  if (error == Errno::intr) return err::restart;
  return std::unexpected(error);
}

}  // namespace

void StreamDevice::start(Kernel& kernel) {
  handler_.device = this;
  handler_.event = &stream_.event();
  handler_.handle = [](EventHandler& handler) {
    StreamDevice& device = *static_cast<Handler&>(handler).device;
    {
      LockGuard guard(device.lock_);
      device.wants_input_ = device.wants_output_ = false;
    }
    device.changed_.wake_all();
  };
  kernel.add_event_handler(handler_);
}

// If the stream is not ready, the machine is asked to say when it is.
bool StreamDevice::is_ready(bool for_input) {
  LockGuard guard(lock_);
  if (for_input ? stream_.can_read() : stream_.can_write()) return true;
  (for_input ? wants_input_ : wants_output_) = true;
  stream_.want(wants_input_, wants_output_);
  return false;
}

Result<> StreamDevice::wait(bool for_input, bool nonblocking) {
  if (nonblocking) {
    if (is_ready(for_input)) return {};
    return err::again;
  }
  return changed_.wait_until([&] { return is_ready(for_input); });
}

StreamDevice::Given StreamDevice::take(std::span<std::byte> buffer) {
  LockGuard guard(lock_);
  size_t count = stream_.read(buffer);
  return {count, count == 0 ? stream_.error() : Errno{}};
}

StreamDevice::Given StreamDevice::give(std::span<const std::byte> bytes) {
  LockGuard guard(lock_);
  size_t count = stream_.write(bytes);
  return {count, count == 0 ? stream_.error() : Errno{}};
}

Result<size_t> StreamDevice::read(Sink& out, bool nonblocking) {
  if (out.remaining() == 0) return 0;
  auto chunk = make<Chunk>();
  if (!chunk) return err::nomem;
  size_t done = 0;
  while (out.remaining() > 0) {
    // Like a pipe: waits only for the first byte.
    auto waited = wait(true, nonblocking || done > 0);
    if (!waited) return ended_early(done, waited.error());
    Given got = take({(*chunk)->data(), std::min(stream_chunk_size, out.remaining())});
    if (got.error != Errno{}) return ended_early(done, got.error);
    if (got.count == 0) {
      UniqueLock guard(lock_);
      bool is_end = stream_.at_end();
      guard.unlock();
      if (is_end || done > 0) return done;
      continue;
    }
    auto stored = out.write({(*chunk)->data(), got.count});
    if (!stored) return ended_early(done, stored.error());
    done += *stored;
    if (*stored < got.count) return done;
  }
  return done;
}

Result<size_t> StreamDevice::write(Source& in, bool nonblocking) {
  auto chunk = make<Chunk>();
  if (!chunk) return err::nomem;
  size_t done = 0;
  while (in.remaining() > 0) {
    auto waited = wait(false, nonblocking);
    if (!waited) return ended_early(done, waited.error());
    auto got = in.read({(*chunk)->data(), std::min(stream_chunk_size, in.remaining())});
    if (!got) return ended_early(done, got.error());
    if (*got == 0) return done;
    for (size_t given = 0; given < *got;) {
      Given now = give({(*chunk)->data() + given, *got - given});
      if (now.error != Errno{}) return ended_early(done, now.error);
      given += now.count;
      done += now.count;
      if (given == *got) break;
      waited = wait(false, nonblocking);
      if (!waited) return ended_early(done, waited.error());
    }
  }
  return done;
}

Result<size_t> StreamDevice::read_at(uint64_t offset, Sink& out) {
  auto chunk = make<Chunk>();
  if (!chunk) return err::nomem;
  size_t done = 0;
  while (out.remaining() > 0) {
    auto got = stream_.read_at(offset + done, {(*chunk)->data(), std::min(stream_chunk_size, out.remaining())});
    if (!got) return ended_early(done, got.error());
    if (*got == 0) break;
    auto stored = out.write({(*chunk)->data(), *got});
    if (!stored) return ended_early(done, stored.error());
    done += *stored;
    if (*stored < *got) break;
  }
  return done;
}

Result<size_t> StreamDevice::write_at(uint64_t offset, Source& in) {
  auto chunk = make<Chunk>();
  if (!chunk) return err::nomem;
  size_t done = 0;
  while (in.remaining() > 0) {
    auto got = in.read({(*chunk)->data(), std::min(stream_chunk_size, in.remaining())});
    if (!got) return ended_early(done, got.error());
    auto stored = stream_.write_at(offset + done, {(*chunk)->data(), *got});
    if (!stored) return ended_early(done, stored.error());
    done += *stored;
    if (*stored < *got) break;
  }
  return done;
}

Result<uint64_t> StreamDevice::seek(int64_t offset, Whence whence) { return stream_.seek(offset, static_cast<int>(whence)); }

Result<> StreamDevice::truncate(uint64_t size) { return stream_.truncate(size); }

Result<> StreamDevice::sync() { return stream_.sync(); }

Result<Attributes> StreamDevice::attributes() {
  hal::HostAttributes from = TRY(stream_.attributes());
  Attributes attributes;
  attributes.device = from.id.device;
  attributes.inode = from.id.inode;
  attributes.type = static_cast<FileType>(from.mode & mode::type_mask);
  attributes.permissions = from.mode & mode::permissions;
  attributes.links = from.links;
  attributes.uid = from.uid;
  attributes.gid = from.gid;
  attributes.special_device = from.special_device;
  attributes.size = from.size;
  attributes.blocks = from.blocks;
  attributes.accessed = attributes.modified = from.modified;
  attributes.changed = from.changed;
  return attributes;
}

uint32_t StreamDevice::poll(PollTable* table, bool is_readable, bool is_writable) {
  if (table) table->watch(changed_);
  uint32_t events = 0;
  if (is_readable && is_ready(true)) events |= poll::in | poll::rdnorm;
  if (is_writable && is_ready(false)) events |= poll::out | poll::wrnorm;
  LockGuard guard(lock_);
  if (is_readable && stream_.at_end()) events |= poll::hup;
  if (is_writable && stream_.is_broken()) events |= poll::err;
  return events;
}

Result<Ref<File>> open_stream(StreamDevice& device, uint32_t flags) {
  Attributes attributes = TRY(device.attributes());
  return make_ref<HostStreamFile>(device, flags, attributes.type == FileType::regular);
}

Result<Ref<File>> HostStreamFile::reopen(uint32_t flags) {
  uint32_t wanted = flags & open_flag::access_mode, has = this->flags() & open_flag::access_mode;
  if (wanted != has && has != open_flag::read_write) return err::acces;
  return make_ref<HostStreamFile>(device_, flags, is_regular_);
}

}  // namespace halcyon
