#include "syscalls/arguments.h"

namespace halcyon {

Result<> VectorArgument::fetch(Thread& self, UserPtr<const Iovec> from, int count) {
  constexpr int iov_max = 1024;
  if (count < 0 || count > iov_max) return err::inval;
  count_ = static_cast<size_t>(count);
  if (count_ > small_.size()) {
    TRY(large_.resize(count_));
  }
  auto* to = large_.is_empty() ? small_.data() : large_.data();
  for (size_t index = 0; index < count_; ++index) {
    Iovec one = TRY(get_user(self.memory(), from.at(index)));
    if (one.length > INT64_MAX) return err::inval;
    to[index] = {one.base, one.length};
  }
  // As Linux: a single buffer is cut to what one call moves before it is looked at, several are looked at as they are.
  if (count_ == 1) to[0].length = std::min<uint64_t>(to[0].length, max_io);
  for (IoVector& one : std::span(to, count_)) {
    if (!self.memory().is_valid_range(one.base, one.length)) return err::fault;
    one.length = std::min<uint64_t>(one.length, max_io - total_);
    total_ += one.length;
  }
  return {};
}

}  // namespace halcyon
