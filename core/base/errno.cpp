#include "core/base/errno.h"

namespace halcyon {

std::string_view errno_name(Errno error) {
  switch (error) {
#define ERRNO(name, number, symbol, text) \
  case Errno::name: return symbol;
#include "core/base/errno.inc"
#undef ERRNO
    case Errno::restart: return "ERESTARTSYS";
    case Errno::restart_always: return "ERESTARTNOINTR";
    case Errno::restart_nohand: return "ERESTARTNOHAND";
    case Errno::restart_block: return "ERESTART_RESTARTBLOCK";
  }
  return "E?";
}

std::string_view errno_text(Errno error) {
  switch (error) {
#define ERRNO(name, number, symbol, text) \
  case Errno::name: return text;
#include "core/base/errno.inc"
#undef ERRNO
    case Errno::restart: return "To be restarted if SA_RESTART is set";
    case Errno::restart_always: return "To be restarted";
    case Errno::restart_nohand: return "To be restarted if no handler";
    case Errno::restart_block: return "Interrupted by signal";
  }
  return "Unknown error";
}

}  // namespace halcyon
