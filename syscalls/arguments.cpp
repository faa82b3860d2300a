#include "syscalls/arguments.h"

namespace halcyon {

Result<> VectorArgument::fetch(Thread& self, UserPtr<const Iovec> from, int count) {
  constexpr int iov_max = 1024;
  if (count < 0 || count > iov_max) return err::inval;
  count_ = static_cast<size_t>(count);
  if (count_ > small_.size()) {
    if (auto sized = large_.resize(count_); !sized) return sized;
  }
  auto* to = large_.is_empty() ? small_.data() : large_.data();
  for (size_t index = 0; index < count_; ++index) {
    Iovec one = TRY(get_user(self.memory(), from.at(index)));
    if (one.length > INT64_MAX) return err::inval;
    if (!self.memory().is_valid_range(one.base, one.length)) return err::fault;
    size_t length = std::min<uint64_t>(one.length, max_io - total_);
    to[index] = {one.base, length};
    total_ += length;
  }
  return {};
}

}  // namespace halcyon
