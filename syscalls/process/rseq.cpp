// rseq(2): see core/task/restartable.h.
#include "core/task/thread.h"
#include "syscalls/calls.h"

namespace halcyon {

Result<uint64_t> sys_rseq(Thread& self, Hex area, Hex length, RseqFlags flags, Hex signature) {
  constexpr int unregister = 1;
  if (flags != 0 && flags != unregister) return err::inval;
  auto size = static_cast<uint32_t>(length.value);
  auto mark = static_cast<uint32_t>(signature.value);
  TRY(flags == unregister ? unregister_area(self, area, size, mark) : register_area(self, area, size, mark));
  return 0;
}

}  // namespace halcyon
