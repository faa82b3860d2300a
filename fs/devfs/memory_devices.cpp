#include "fs/devfs/memory_devices.h"

namespace halcyon::fs {

namespace {

class MemoryFile final : public File {
 public:
  MemoryFile(uint32_t flags, MemoryDeviceKind kind, RandomSource* random) : File(flags), kind_(kind), random_(random) {}

  Result<size_t> read(Sink& out) override {
    switch (kind_) {
      case MemoryDeviceKind::null: return 0;
      case MemoryDeviceKind::random: return read_random(out);
      default: return out.write_zeros(out.remaining());
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
  Result<size_t> read_random(Sink& out) {
    size_t done = 0;
    while (out.remaining() > 0) {
      std::byte bytes[256];
      size_t count = std::min(sizeof bytes, out.remaining());
      random_->fill({bytes, count});
      auto written = out.write({bytes, count});
      if (!written) return done ? Result<size_t>(done) : written;
      done += *written;
      if (*written < count) break;
    }
    return done;
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
