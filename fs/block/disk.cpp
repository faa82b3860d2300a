#include "fs/block/disk.h"

#include "core/mm/frames/frame_allocator.h"
#include "fs/block/disk_file.h"

namespace halcyon::fs {

namespace {

constexpr uint32_t disk_major = 254, minors_per_disk = 16;  // as Linux has it: the disk, and 15 partitions
constexpr Nanoseconds patience = 30'000'000'000;
// So much is written to the cache at once, and so much may be dirty before it is written to the device.
constexpr size_t write_piece = 256 << 10;
constexpr uint64_t most_unwritten = 4 << 20;

// A part of a source.
class Piece final : public Source {
 public:
  Piece(Source& whole, size_t size) : Source(size), whole_(whole) {}
  Result<size_t> read(std::span<std::byte> buffer) override {
    size_t count = TRY(whole_.read(buffer.first(std::min(buffer.size(), remaining()))));
    advance(count);
    return count;
  }

 private:
  Source& whole_;
};

}  // namespace

Disk::Disk(Kernel& kernel, hal::BlockDevice& device, unsigned index)
    : Device(FileType::block_device, make_device(disk_major, index * minors_per_disk)),
      kernel_(kernel),
      device_(device),
      name_{'v', 'd', static_cast<char>('a' + index)},
      cache_(this, device.sector_count() * hal::BlockDevice::sector_size) {
  handler_.disk = this;
  handler_.event = &device.event();
  handler_.handle = [](EventHandler& handler) {
    Disk& self = *static_cast<Handler&>(handler).disk;
    self.device_.settle();
    self.waiters_.wake_all();
  };
  kernel.add_event_handler(handler_);
}

Result<Ref<File>> Disk::open(uint32_t flags) {
  Ref<DiskFile> file = TRY(make_ref<DiskFile>(Ref<Disk>(*this), flags));
  return file;
}

Result<Attributes> Disk::attributes() {
  Attributes attributes;
  attributes.type = FileType::block_device;
  attributes.permissions = ownership().permissions;
  attributes.special_device = number();
  return attributes;
}

// --- transfers

Result<> Disk::run(hal::BlockRequest& request) {
  Nanoseconds deadline = kernel_.clock().monotonic() + patience;
  auto is_taken = [&] { return device_.submit(request); };
  auto is_settled = [&] {
    device_.settle();
    return request.is_settled();
  };
  if (!waiters_.wait_until(is_taken, deadline, Interruptible::no)) {
    // Others wait in vain as well.
    device_.give_up();
    waiters_.wake_all();
    return err::io;
  }
  if (!waiters_.wait_until(is_settled, deadline, Interruptible::no)) {
    device_.give_up();
    waiters_.wake_all();
  }
  return request.state.load(std::memory_order_acquire) == hal::BlockRequest::State::done ? Result<>() : err::io;
}

Result<> Disk::transfer(hal::BlockRequest::Kind kind, uint64_t offset, Parts parts) {
  while (!parts.empty()) {
    Parts now = parts.first(std::min<size_t>(parts.size(), device_.most_parts()));
    hal::BlockRequest request;
    request.kind = kind;
    request.sector = offset / hal::BlockDevice::sector_size;
    request.parts = now;
    TRY(run(request));
    for (const auto& part : now) offset += part.size;
    parts = parts.subspan(now.size());
  }
  return {};
}

// The disk may end within the last page.
Result<> Disk::fill(uint64_t index, std::span<std::byte* const> pages) {
  constexpr size_t batch = 16;
  uint64_t offset = index << page_shift;
  while (!pages.empty()) {
    std::array<hal::BlockRequest::Part, batch> parts;
    size_t count = 0, taken = std::min(pages.size(), batch);
    uint64_t at = offset;
    for (std::byte* page : pages.first(taken)) {
      uint64_t in_disk = at < size() ? std::min<uint64_t>(size() - at, page_size) : 0;
      if (in_disk > 0) parts[count++] = {page, static_cast<uint32_t>(in_disk)};
      std::memset(page + in_disk, 0, page_size - in_disk);
      at += page_size;
    }
    TRY(transfer(hal::BlockRequest::Kind::read, offset, Parts(parts).first(count)));
    offset = at;
    pages = pages.subspan(taken);
  }
  return {};
}

Result<> Disk::write_back(uint64_t offset, std::span<const std::byte> bytes) {
  hal::BlockRequest::Part part{const_cast<std::byte*>(bytes.data()), static_cast<uint32_t>(bytes.size())};
  return transfer(hal::BlockRequest::Kind::write, offset, {&part, 1});
}

// --- writing

Result<size_t> Disk::write(uint64_t offset, Source& in) {
  size_t done = 0;
  while (in.remaining() > 0) {
    Piece piece(in, std::min(in.remaining(), write_piece));
    size_t wanted = piece.remaining();
    auto written = cache_.write(offset + done, piece);
    if (!written) return moved_or(done, written.error());
    done += *written;
    bool is_much = unwritten_.fetch_add(*written, std::memory_order_relaxed) + *written >= most_unwritten;
    if (is_much || kernel_.frames().is_short()) {
      TRY(write_back());
    }
    if (*written < wanted) break;
  }
  return done;
}

Result<> Disk::write_back() {
  unwritten_.store(0, std::memory_order_relaxed);
  return cache_.write_back();
}

Result<> Disk::sync() {
  TRY(write_back());
  hal::BlockRequest request;
  request.kind = hal::BlockRequest::Kind::flush;
  return run(request);
}

void Disk::note_close() {
  if (descriptions_.fetch_sub(1, std::memory_order_acq_rel) == 1) static_cast<void>(write_back());
}

}  // namespace halcyon::fs
