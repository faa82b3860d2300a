#include "core/file/io.h"

namespace halcyon {

Result<size_t> Sink::write_zeros(size_t count) {
  alignas(64) static constexpr std::byte zeros[page_size]{};
  size_t done = 0;
  while (done < count && remaining() > 0) {
    size_t piece = std::min(sizeof zeros, count - done);
    auto written = write({zeros, piece});
    if (!written) return moved_or(done, written.error());
    done += *written;
    if (*written < piece) break;
  }
  return done;
}

}  // namespace halcyon
