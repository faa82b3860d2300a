// ReadAhead: the stretches of host files that were read last. Pages are asked for one by one; a host call fetches eight, and the next seven
// come from here. A few windows, used in turn, serve all files of a file system. No lock of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "core/base/result.h"
#include "core/base/types.h"
#include "core/base/vec.h"

namespace halcyon::fs {

class ReadAhead {
 public:
  static constexpr size_t window_size = 8 * page_size;

  // Copies the page at `offset` of the file `number`; read(offset, bytes) is called if it is not here, and returns how much there was.
  template <class Read>
  Result<> page(uint64_t number, uint64_t offset, std::span<std::byte> page, Read read) {
    Window* window = find(number, offset);
    if (!window) {
      window = &windows_[next_++ % windows_.size()];
      window->number = 0;
      if (window->bytes.is_empty()) {
        // Without memory for a window there is no read-ahead.
        if (!window->bytes.resize(window_size)) {
          auto direct = read(offset, page);
          return direct ? Result<>{} : std::unexpected(direct.error());
        }
      }
      auto length = read(offset, window->bytes.span());
      if (!length) return std::unexpected(length.error());
      window->number = number;
      window->offset = offset;
      window->length = *length;
    }
    size_t start = offset - window->offset;
    if (start < window->length) std::memcpy(page.data(), window->bytes.data() + start, std::min(page.size(), window->length - start));
    return {};
  }

  // The file has changed.
  void forget(uint64_t number) {
    for (Window& window : windows_)
      if (window.number == number) window.number = 0;
  }

 private:
  struct Window {
    uint64_t number = 0;  // 0: empty
    uint64_t offset = 0;
    size_t length = 0;
    Vec<std::byte> bytes;
  };
  Window* find(uint64_t number, uint64_t offset) {
    for (Window& window : windows_)
      if (window.number == number && offset >= window.offset && offset - window.offset < window_size) return &window;
    return nullptr;
  }

  std::array<Window, 4> windows_;
  unsigned next_ = 0;
};

}  // namespace halcyon::fs
