#include "fs/devfs/hardware_random.h"

namespace halcyon::fs {

namespace {

constexpr uint64_t hardware_random_number = make_device(10, 183);

class HardwareRandomFile final : public File {
 public:
  HardwareRandomFile(HardwareRandom& device, uint32_t flags) : File(flags), device_(device) {}
  Result<size_t> read(Sink& out) override { return device_.read(out, is_nonblocking()); }
  Result<size_t> read_at(uint64_t, Sink& out) override { return read(out); }
  Result<size_t> write(Source&) override { return err::inval; }
  Result<uint64_t> seek(int64_t, Whence) override { return 0; }
  bool is_pollable() const override { return false; }

 private:
  HardwareRandom& device_;
};

}  // namespace

HardwareRandom::HardwareRandom(Kernel& kernel, hal::EntropySource* source) : CharDevice(hardware_random_number), source_(source) {
  if (!source) return;
  handler_.device = this;
  handler_.event = &source->event();
  handler_.handle = [](EventHandler& handler) { static_cast<Handler&>(handler).device->readers_.wake_all(); };
  kernel.add_event_handler(handler_);
}

Result<Ref<File>> HardwareRandom::open(uint32_t flags) {
  if (!source_) return err::nodev;
  if ((flags & open_flag::access_mode) != open_flag::read_only) return err::inval;
  Ref<File> file = TRY(make_ref<HardwareRandomFile>(*this, flags));
  return file;
}

Result<size_t> HardwareRandom::read(Sink& out, bool nonblocking) {
  size_t done = 0;
  std::array<std::byte, 64> bytes;
  while (out.remaining() > 0) {
    size_t count = 0;
    auto has_some = [&] {
      count = source_->take(std::span(bytes).first(std::min(bytes.size(), out.remaining())));
      return count > 0 || source_->is_broken();
    };
    Result<> waited;
    if (!has_some()) waited = nonblocking ? Result<>(err::again) : readers_.wait_until(has_some);
    if (waited && count == 0) waited = err::nodev;
    if (!waited) return moved_or(done, waited.error());
    auto written = out.write(std::span(bytes).first(count));
    if (!written) return moved_or(done, written.error());
    done += *written;
    if (*written < count) break;
  }
  return done;
}

}  // namespace halcyon::fs
