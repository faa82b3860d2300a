// Where early_console() writes.
#pragma once

#include <string_view>

#include "core/base/print.h"

namespace halcyon::hal {

// What comes before on the serial line is the firmware's.
inline constexpr std::string_view first_line = "halcyon: start\n";

// From now on: once the serial line's driver works. The first line is written at once.
void set_early_console(Writer& writer);

}  // namespace halcyon::hal
