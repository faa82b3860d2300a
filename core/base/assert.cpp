// Boost's assertions end where ours do.
#include "core/base/assert.h"

namespace boost {

// NOLINTNEXTLINE(misc-use-internal-linkage): declared by boost/assert.hpp
void assertion_failed(const char* expression, const char*, const char* file, long line) {
  halcyon::panic(expression, file, static_cast<int>(line));
}
// NOLINTNEXTLINE(misc-use-internal-linkage)
void assertion_failed_msg(const char*, const char* message, const char*, const char* file, long line) {
  halcyon::panic(message, file, static_cast<int>(line));
}

}  // namespace boost
