#include "fs/devfs/memory_devices.h"

#include "core/task/thread.h"

namespace halcyon::fs {

namespace {

class MemoryFile final : public File {
 public:
  MemoryFile(uint32_t flags, MemoryDeviceKind kind, RandomSource* random) : File(flags), kind_(kind), random_(random) {}

  Result<size_t> read(Sink& out) override {
    switch (kind_) {
      case MemoryDeviceKind::null: return 0;
      case MemoryDeviceKind::random: return read_random(out);
      default: return read_zeros(out);
    }
  }
  // What is written is not even looked at.
  Result<size_t> write(Source& in) override {
    if (kind_ == MemoryDeviceKind::full) return err::nospc;
    return in.remaining();
  }
  Result<size_t> read_at(uint64_t, Sink& out) override { return read(out); }
  Result<size_t> write_at(uint64_t, Source& in) override { return write(in); }
  Result<uint64_t> seek(int64_t, Whence) override { return 0; }
  bool maps_zeroes() override { return kind_ == MemoryDeviceKind::zero; }
  bool is_pollable() const override { return kind_ == MemoryDeviceKind::random; }

 private:
  // Calls give(count), which stores so many bytes and says how many it did, for one piece after the other. A long read lets others run, and
  // ends when a signal comes.
  template <class Give>
  static Result<size_t> read_pieces(Sink& out, size_t piece, Give give) {
    for (size_t done = 0;;) {
      size_t count = std::min(piece, out.remaining());
      auto given = give(count);
      if (!given) return done ? Result<size_t>(done) : given;
      done += *given;
      if (*given < count || out.remaining() == 0) return done;
      if (done % page_size == 0 && !make_way(Interruptible::yes)) return done;
    }
  }
  static Result<size_t> read_zeros(Sink& out) {
    constexpr size_t piece = 16 * page_size;
    return read_pieces(out, piece, [&](size_t count) { return out.write_zeros(count); });
  }
  Result<size_t> read_random(Sink& out) {
    constexpr size_t piece = 256;
    return read_pieces(out, piece, [&](size_t count) {
      std::byte bytes[piece];
      random_->fill({bytes, count});
      return out.write({bytes, count});
    });
  }

  MemoryDeviceKind kind_;
  RandomSource* random_;
};

}  // namespace

Result<Ref<File>> MemoryDevice::open(uint32_t flags) { return make_ref<MemoryFile>(flags, kind_, random_); }

MemoryDevices::MemoryDevices(RandomSource& random)
    : null_(device_number::null, MemoryDeviceKind::null, nullptr),
      zero_(device_number::zero, MemoryDeviceKind::zero, nullptr),
      full_(device_number::full, MemoryDeviceKind::full, nullptr),
      random_(device_number::random, MemoryDeviceKind::random, &random),
      urandom_(device_number::urandom, MemoryDeviceKind::random, &random) {}

void MemoryDevices::add_to(DeviceRegistry& registry) {
  for (MemoryDevice* device : {&null_, &zero_, &full_, &random_, &urandom_}) registry.add(*device);
}

}  // namespace halcyon::fs
