// The real-time clock of a PC (Motorola MC146818A): seconds since 1970 as its registers tell, taken to be UTC.
#pragma once

#include <cstdint>

#include "hal-baremetal/drivers/registers.h"

namespace halcyon::hal {

// `registers`: 0 selects, 1 is the data. `century`: the number of the register that has it; 0: none. 0: the clock is not there, or shows no
// date.
int64_t read_cmos_clock(Registers& registers, uint8_t century);

}  // namespace halcyon::hal
