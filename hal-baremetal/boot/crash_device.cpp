#include "hal-baremetal/boot/crash_device.h"

#include <array>
#include <string_view>

#include "core/base/assert.h"
#include "core/file/io.h"

namespace halcyon {
namespace {

[[gnu::noinline]] void crash_by_fault() { *reinterpret_cast<volatile int*>(uint64_t{16}) = 1; }

[[gnu::noinline]] void crash_by_instruction() { __builtin_trap(); }

// Each call needs its own place on the stack, because the caller's lives on.
[[gnu::noinline]] int crash_by_overflow(const volatile int* outer, int calls) {
  volatile int own[64];
  own[calls % 64] = calls + (outer ? outer[calls % 64] : 0);
  return calls == 0 ? 0 : crash_by_overflow(own, calls - 1) + own[calls % 64];
}

class CrashFile final : public File {
 public:
  explicit CrashFile(uint32_t flags) : File(flags) {}

  Result<size_t> read(Sink&) override { return 0; }
  // EINVAL for a word that names no death.
  Result<size_t> write(Source& in) override {
    std::array<std::byte, 32> buffer;
    auto size = in.read(buffer);
    if (!size) return size;
    std::string_view word(static_cast<const char*>(static_cast<const void*>(buffer.data())), *size);
    word = word.substr(0, word.find('\n'));
    if (word == "panic") panic("a program asked for it", __FILE__, __LINE__);
    if (word == "fault") crash_by_fault();
    if (word == "instruction") crash_by_instruction();
    if (word == "overflow") crash_by_overflow(nullptr, 1'000'000);
    return err::inval;
  }
};

}  // namespace

Result<Ref<File>> CrashDevice::open(uint32_t flags) { return make_ref<CrashFile>(flags); }

}  // namespace halcyon
