// Where early_console() writes.
#pragma once

#include "core/base/print.h"

namespace halcyon::hal {

// From now on: once the serial line's driver works.
void set_early_console(Writer& writer);

}  // namespace halcyon::hal
