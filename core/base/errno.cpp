#include "core/base/errno.h"

namespace halcyon {

std::string_view errno_name(Errno error) {
  switch (error) {
#define ERRNO(name, number, symbol) \
  case Errno::name:                 \
    return symbol;
#include "core/base/errno.inc"
#undef ERRNO
    case Errno::restart: return "ERESTARTSYS";
    case Errno::restart_nohand: return "ERESTARTNOHAND";
    case Errno::restart_block: return "ERESTART_RESTARTBLOCK";
  }
  return "E?";
}

}  // namespace halcyon
