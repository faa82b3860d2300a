// Seals (fcntl(2), "File Sealing"): what may not be done to a file in memory any more.
#pragma once

#include "core/file/file.h"

namespace halcyon {

// F_ADD_SEALS: EPERM (not open for writing, or sealed against it), EBUSY (a mapping may write), EINVAL.
Result<> add_seals(File& file, uint64_t seals);
// F_GET_SEALS: EINVAL where there are none.
Result<uint64_t> get_seals(File& file);

}  // namespace halcyon
