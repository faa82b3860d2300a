#include "syscalls/abi/vdso/images.h"

namespace halcyon {

namespace {

constexpr uint8_t bytes[] = {
#include "vdso_image_x86_64.inc"
};
static_assert(sizeof bytes <= page_size, "partial changes of a vDSO of several pages must be EINVAL");

}  // namespace

const std::span<const uint8_t> vdso_image_x86_64 = bytes;

}  // namespace halcyon
