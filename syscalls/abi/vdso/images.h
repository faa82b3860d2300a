// The images that cmake/vdso.cmake makes.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/types.h"

namespace halcyon {

extern const std::span<const uint8_t> vdso_image_x86_64, vdso_image_riscv64;

}  // namespace halcyon
