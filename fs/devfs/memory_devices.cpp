#include "fs/devfs/memory_devices.h"

#include "core/mm/user_memory.h"
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
  Result<uint64_t> control(Thread& self, uint32_t request, uint64_t argument) override {
    return kind_ == MemoryDeviceKind::random ? control_random(self, request, argument) : err::notty;
  }
  bool maps_zeroes() override { return kind_ == MemoryDeviceKind::zero; }
  bool is_pollable() const override { return kind_ == MemoryDeviceKind::random; }

 private:
  // random(4). The machine's bytes need nobody's entropy: what is given is looked at as on Linux, and that is all.
  static Result<uint64_t> control_random(Thread& self, uint32_t request, UserAddr argument) {
    constexpr uint32_t get_count = 0x8004'5200, add_to_count = 0x4004'5201, add_entropy = 0x4008'5203, zap_count = 0x5204,
                       clear_pool = 0x5206, reseed = 0x5207;
    constexpr int entropy = 256;
    AddressSpace& memory = self.memory();
    if (request == get_count) {
      TRY(put_user(memory, UserPtr<int>(argument), entropy));
      return 0;
    }
    bool is_known = request == add_to_count || request == add_entropy || request == zap_count || request == clear_pool || request == reseed;
    if (!is_known) return err::inval;
    if (!has_capability(self.credentials(), capability::sys_admin)) return err::perm;
    if (request != add_to_count && request != add_entropy) return 0;
    int count = TRY(get_user(memory, UserPtr<const int>(argument)));
    if (count < 0) return err::inval;
    return 0;
  }
  // Calls give(count), which stores so many bytes and says how many it did, for one piece after the other. A long read lets others run, and
  // ends when a signal comes.
  template <class Give>
  static Result<size_t> read_pieces(Sink& out, size_t piece, Give give) {
    for (size_t done = 0;;) {
      size_t count = std::min(piece, out.remaining());
      auto given = give(count);
      if (!given) return moved_or(done, given.error());
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
