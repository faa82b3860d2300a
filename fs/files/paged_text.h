// PagedText: text of any length, in pages of its own, so that it grows without being copied and without needing large blocks.
#pragma once

#include <cstring>

#include "core/base/own.h"
#include "core/base/print.h"
#include "core/base/vec.h"
#include "core/file/io.h"

namespace halcyon::fs {

class PagedText final : public Writer {
 public:
  // An allocation that fails loses the rest and is remembered.
  void write(std::string_view text) override {
    while (!text.empty() && !has_failed_) {
      size_t in_page = size_ % page_size;
      if (in_page == 0 && !add_page()) return;
      size_t count = std::min(text.size(), page_size - in_page);
      std::memcpy(pages_.back()->data() + in_page, text.data(), count);
      size_ += count;
      text.remove_prefix(count);
    }
  }
  size_t size() const { return size_; }
  bool has_failed() const { return has_failed_; }
  void clear() {
    pages_.clear();
    size_ = 0;
    has_failed_ = false;
  }

  // Copies from `offset` on until the sink is full or the text ends. EFAULT.
  Result<size_t> read(uint64_t offset, Sink& out) const {
    size_t done = 0;
    while (offset < size_ && out.remaining() > 0) {
      size_t in_page = offset % page_size;
      size_t count = std::min({page_size - in_page, size_ - static_cast<size_t>(offset), out.remaining()});
      auto written = out.write(std::as_bytes(std::span(pages_[offset / page_size]->data() + in_page, count)));
      if (!written) return moved_or(done, written.error());
      done += *written;
      offset += *written;
      if (*written < count) break;
    }
    return done;
  }

 private:
  using Page = std::array<char, page_size>;
  bool add_page() {
    auto page = make<Page>();
    if (page && pages_.push(*std::move(page))) return true;
    has_failed_ = true;
    return false;
  }

  Vec<Own<Page>> pages_;
  size_t size_ = 0;
  bool has_failed_ = false;
};

}  // namespace halcyon::fs
