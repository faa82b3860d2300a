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

  // A file as it was at one time.
  struct Version {
    uint64_t number = 0;  // 0: none
    Nanoseconds modified = 0;
    bool operator==(const Version&) const = default;
  };

  // Copies the page at `offset` of `file`; read(offset, bytes) is called if it is not here, and returns how much there was.
  template <class Read>
  Result<> page(const Version& file, uint64_t offset, std::span<std::byte> page, Read read) {
    Window* window = find(file, offset);
    if (!window) {
      window = &windows_[next_++ % windows_.size()];
      window->file = {};
      if (window->bytes.is_empty()) {
        // Without memory for a window there is no read-ahead.
        if (!window->bytes.resize(window_size)) {
          auto direct = read(offset, page);
          return direct ? Result<>{} : std::unexpected(direct.error());
        }
      }
      auto length = read(offset, window->bytes.span());
      if (!length) return std::unexpected(length.error());
      window->file = file;
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
      if (window.file.number == number) window.file = {};
  }

 private:
  struct Window {
    Version file;
    uint64_t offset = 0;
    size_t length = 0;
    Vec<std::byte> bytes;
  };
  Window* find(const Version& file, uint64_t offset) {
    for (Window& window : windows_)
      if (window.file == file && offset >= window.offset && offset - window.offset < window_size) return &window;
    return nullptr;
  }

  std::array<Window, 4> windows_;
  unsigned next_ = 0;
};

}  // namespace halcyon::fs
