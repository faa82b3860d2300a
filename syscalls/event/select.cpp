// select, pselect6: bit sets of descriptors in, bit sets of ready ones out. Both write the time that is left back, as Linux does.
#include <bit>

#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/calls.h"
#include "syscalls/event/poll_wait.h"
#include "syscalls/event/temporary_mask.h"
#include "syscalls/time/time.h"

namespace halcyon {

namespace {

// What each of the three sets stands for in terms of poll(2).
constexpr uint32_t in_events = poll::in | poll::rdnorm | poll::rdband | poll::hup | poll::err;
constexpr uint32_t out_events = poll::out | poll::wrnorm | poll::wrband | poll::err;
constexpr uint32_t except_events = poll::pri;
constexpr uint32_t events_of[3] = {in_events, out_events, except_events};

class SelectSets final : public PollSet {
 public:
  SelectSets(Thread& self, UserPtr<uint64_t> in, UserPtr<uint64_t> out, UserPtr<uint64_t> except) : self_(self), user_{in, out, except} {}

  // EINVAL, EFAULT, ENOMEM; EBADF if a descriptor in a set is not open.
  Result<> load(int count) {
    if (count < 0) return err::inval;
    words_ = (std::min<size_t>(static_cast<size_t>(count), FdTable::hard_limit) + 63) / 64;
    last_mask_ = count % 64 == 0 ? ~uint64_t{0} : (uint64_t{1} << (count % 64)) - 1;
    std::span<uint64_t> storage = inline_;
    if (words_ * 6 > inline_.size()) {
      TRY(more_.resize(words_ * 6));
      storage = more_.span();
    }
    for (size_t set = 0; set < 3; ++set) {
      wanted_[set] = storage.subspan(set * words_, words_);
      ready_[set] = storage.subspan((set + 3) * words_, words_);
      std::fill(wanted_[set].begin(), wanted_[set].end(), 0);
      if (!user_[set]) continue;
      auto bytes = std::as_writable_bytes(wanted_[set]);
      TRY(get_user_bytes(self_.memory(), bytes, user_[set].address()));
    }
    for (size_t word = 0; word < words_; ++word)
      for (uint64_t bits = any(word); bits; bits &= bits - 1)
        if (!open_file(word * 64 + static_cast<size_t>(std::countr_zero(bits)))) return err::badf;
    return {};
  }

  Result<> store() {
    for (size_t set = 0; set < 3; ++set) {
      if (!user_[set]) continue;
      auto bytes = std::as_bytes(ready_[set]);
      TRY(put_user_bytes(self_.memory(), user_[set].address(), bytes));
    }
    return {};
  }

  // Counts bits: a descriptor that is ready in two sets counts twice.
  Result<uint64_t> look(PollWaiter* waiter) override {
    uint64_t count = 0;
    for (size_t word = 0; word < words_; ++word) {
      for (auto& set : ready_) set[word] = 0;
      for (uint64_t bits = any(word); bits; bits &= bits - 1)
        count += look_at(word, static_cast<unsigned>(std::countr_zero(bits)), count == 0 ? waiter : nullptr);
    }
    return count;
  }

 private:
  uint64_t any(size_t word) const {
    uint64_t bits = wanted_[0][word] | wanted_[1][word] | wanted_[2][word];
    return word + 1 == words_ ? bits & last_mask_ : bits;
  }

  Result<Ref<File>> open_file(size_t fd) {
    Ref<File> file = TRY(self_.files().get(static_cast<int>(fd)));
    if (file->is_path()) return err::badf;
    return file;
  }

  unsigned look_at(size_t word, unsigned bit, PollWaiter* waiter) {
    auto file = open_file(word * 64 + bit);
    if (!file) return 0;  // closed by another thread since
    uint32_t events = waiter ? waiter->look(*std::move(file)) : (*file)->poll(nullptr);
    unsigned count = 0;
    for (size_t set = 0; set < 3; ++set) {
      if (!(wanted_[set][word] >> bit & 1) || !(events & events_of[set])) continue;
      ready_[set][word] |= uint64_t{1} << bit;
      ++count;
    }
    return count;
  }

  Thread& self_;
  UserPtr<uint64_t> user_[3];
  size_t words_ = 0;
  uint64_t last_mask_ = 0;  // of the descriptors below the count in the last word
  std::span<uint64_t> wanted_[3], ready_[3];
  std::array<uint64_t, 6 * 1024 / 64> inline_;
  Vec<uint64_t> more_;
};

// Errno::restart_nohand when a signal came first: the sets are unchanged then.
Result<uint64_t> select_until(Thread& self, int count, UserPtr<uint64_t> in, UserPtr<uint64_t> out, UserPtr<uint64_t> except,
                              Nanoseconds deadline) {
  SelectSets sets(self, in, out, except);
  TRY(sets.load(count));
  Result<uint64_t> result = wait_for_events(self, sets, deadline);
  if (!result) return result.error() == Errno::intr ? Result<uint64_t>(err::restart_nohand) : result;
  TRY(sets.store());
  return result;
}

// If the time left could not be stored, the call cannot be executed again.
Result<uint64_t> settle(Result<uint64_t> result, bool is_stored) {
  if (!is_stored && !result && result.error() == Errno::restart_nohand) return err::intr;
  return result;
}

}  // namespace

Result<uint64_t> sys_select(Thread& self, int count, UserPtr<uint64_t> in, UserPtr<uint64_t> out, UserPtr<uint64_t> except,
                            UserPtr<Timeval> timeout) {
  Nanoseconds duration = never;
  if (timeout) {
    Timeval time = TRY(get_user(self.memory(), timeout));
    duration = TRY(from_timeval(time, true));
  }
  Nanoseconds deadline = deadline_after(self.kernel(), duration);
  Result<uint64_t> result = select_until(self, count, in, out, except, deadline);
  if (!timeout || duration == 0) return result;
  if (self.personality & personality::sticky_timeouts) return settle(result, false);
  return settle(result, put_user(self.memory(), timeout, to_timeval(time_left(self.kernel(), deadline))).has_value());
}

Result<uint64_t> sys_pselect6(Thread& self, int count, UserPtr<uint64_t> in, UserPtr<uint64_t> out, UserPtr<uint64_t> except,
                              UserPtr<const Timespec> timeout, UserPtr<const uint64_t> set) {
  // The sixth argument points to a pointer to the mask and its size: six registers hold no more.
  UserPtr<const UserSigset> user_mask;
  uint64_t mask_size = 0;
  if (set) {
    uint64_t address = TRY(get_user(self.memory(), set));
    user_mask = UserPtr<const UserSigset>(address);
    mask_size = TRY(get_user(self.memory(), set.at(1)));
  }
  Nanoseconds duration = never;
  if (timeout) {
    Timespec time = TRY(get_user(self.memory(), timeout));
    duration = TRY(from_timespec(time));
  }
  TemporaryMask mask(self);
  TRY(mask.apply(user_mask, mask_size));
  Nanoseconds deadline = deadline_after(self.kernel(), duration);
  Result<uint64_t> result = select_until(self, count, in, out, except, deadline);
  mask.finish(result);
  if (!timeout || duration == 0) return result;
  if (self.personality & personality::sticky_timeouts) return settle(result, false);
  Timespec left = to_timespec(time_left(self.kernel(), deadline));
  return settle(result, put_user(self.memory(), UserPtr<Timespec>(timeout.address()), left).has_value());
}

}  // namespace halcyon
