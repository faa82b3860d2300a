#include "syscalls/strace/vectors.h"

#include "syscalls/strace/structs.h"
#include "syscalls/strace/text.h"

namespace halcyon::strace {

namespace {

constexpr uint64_t longest_list = 32;

// Calls show_one(element) for the elements of an array, with brackets and commas around; the address if it is out of reach.
template <class T, class ShowOne>
void show_list(Writer& out, const Call& call, uint64_t address, uint64_t count, ShowOne show_one) {
  if (address == 0) return out.write("NULL");
  auto first = count > 0 ? get_user(call.memory(), UserPtr<const T>(address)) : Result<T>(T{});
  if (!first) return show_address(out, address);
  out.write("[");
  for (uint64_t at = 0; at < count; ++at) {
    if (at > 0) out.write(", ");
    auto element = at < longest_list ? get_user(call.memory(), UserPtr<const T>(address).at(at)) : Result<T>(err::toobig);
    if (!element) {
      out.write("...");
      break;
    }
    show_one(*element);
  }
  out.write("]");
}

// The number of pointers before a null one, but at most `limit`.
uint64_t count_pointers(const Call& call, uint64_t address, uint64_t limit) {
  uint64_t count = 0;
  for (; count < limit; ++count) {
    auto pointer = get_user(call.memory(), UserPtr<const uint64_t>(address).at(count));
    if (!pointer || *pointer == 0) break;
  }
  return count;
}

}  // namespace

void show_vectors(Writer& out, const Call& call, unsigned index) {
  // After a read as many bytes are shown as were moved, from the first element on.
  uint64_t left = call.has_ended ? call.moved() : UINT64_MAX;
  show_list<Iovec>(out, call, call.arguments[index], static_cast<uint32_t>(call.arguments[index + 1]), [&](const Iovec& vector) {
    uint64_t length = std::min(left, vector.length);
    out.write("{iov_base=");
    show_bytes(out, call.memory(), vector.base, length);
    print(out, ", iov_len={}}}", vector.length);
    if (call.has_ended) left -= length;
  });
}

void show_poll_fds(Writer& out, const Call& call, unsigned index) {
  show_list<PollFd>(out, call, call.arguments[index], static_cast<uint32_t>(call.arguments[index + 1]), [&](const PollFd& entry) {
    print(out, "{{fd={}", entry.fd);
    if (entry.fd >= 0) {
      out.write(", events=");
      show_poll_events(out, static_cast<uint16_t>(entry.events));
    }
    out.write("}");
  });
}

void show_hardware_probes(Writer& out, const Call& call, unsigned index) {
  show_list<HardwareProbe>(out, call, call.arguments[index], call.arguments[index + 1],
                           [&](const HardwareProbe& probe) { print(out, "{{key={}, value={:#x}}}", probe.key, probe.value); });
}

void show_ready_fds(Writer& out, const Call& call) {
  out.write("[");
  bool is_first = true;
  for (uint64_t at = 0; at < static_cast<uint32_t>(call.arguments[1]); ++at) {
    auto entry = get_user(call.memory(), UserPtr<const PollFd>(call.arguments[0]).at(at));
    if (!entry) break;
    if (entry->returned == 0) continue;
    print(out, "{}{{fd={}, revents=", is_first ? "" : ", ", entry->fd);
    show_poll_events(out, static_cast<uint16_t>(entry->returned));
    out.write("}");
    is_first = false;
  }
  out.write("]");
}

void show_fd_set(Writer& out, const Call& call, unsigned index) {
  UserPtr<const uint64_t> set(call.arguments[index]);
  if (!set) return out.write("NULL");
  uint64_t count = std::min<uint64_t>(static_cast<uint32_t>(call.arguments[0]), FdTable::hard_limit);
  out.write("[");
  bool is_first = true;
  for (uint64_t word = 0; word * 64 < count; ++word) {
    uint64_t bits = get_user(call.memory(), set.at(word)).value_or(0);
    for (uint64_t bit = 0; bit < 64 && word * 64 + bit < count; ++bit) {
      if (!(bits >> bit & 1)) continue;
      print(out, "{}{}", is_first ? "" : " ", word * 64 + bit);
      is_first = false;
    }
  }
  out.write("]");
}

void show_strings(Writer& out, const Call& call, unsigned index) {
  uint64_t address = call.arguments[index];
  uint64_t count = count_pointers(call, address, longest_list + 1);
  show_list<uint64_t>(out, call, address, count, [&](uint64_t text) { show_string(out, call.memory(), text, abbreviate_after); });
}

void show_environment(Writer& out, const Call& call, unsigned index) {
  uint64_t address = call.arguments[index];
  if (address == 0) return out.write("NULL");
  uint64_t count = count_pointers(call, address, UINT32_MAX);
  print(out, "{:#x} /* {} var{} */", address, count, count == 1 ? "" : "s");
}

void show_two_fds(Writer& out, const Call& call, unsigned index) {
  if (call.has_failed()) return show_address(out, call.arguments[index]);
  show_list<int>(out, call, call.arguments[index], 2, [&](int fd) { show(out, fd); });
}

void show_two_times(Writer& out, const Call& call, unsigned index) {
  constexpr int64_t now = (1 << 30) - 1, omit = (1 << 30) - 2;
  show_list<Timespec>(out, call, call.arguments[index], 2, [&](const Timespec& time) {
    if (time.nanoseconds == now) out.write("UTIME_NOW");
    else if (time.nanoseconds == omit) out.write("UTIME_OMIT");
    else show(out, time);
  });
}

void show_entries(Writer& out, const Call& call, unsigned index) {
  uint64_t address = call.arguments[index];
  show_address(out, address);
  constexpr uint64_t length_offset = 16;  // d_reclen
  uint64_t count = 0;
  for (uint64_t at = 0; at < call.moved(); ++count) {
    auto length = get_user(call.memory(), UserPtr<const uint16_t>(address + at + length_offset));
    if (!length || *length == 0) break;
    at += *length;
  }
  if (!call.has_failed()) print(out, " /* {} entr{} */", count, count == 1 ? "y" : "ies");
}

void show_cpu_mask(Writer& out, const Call& call, unsigned index) {
  auto bits = get_user(call.memory(), UserPtr<const uint64_t>(call.arguments[index]));
  if (!bits || call.has_failed()) return show_address(out, call.arguments[index]);
  out.write("[");
  bool is_first = true;
  for (unsigned cpu = 0; cpu < 64; ++cpu) {
    if (!(*bits >> cpu & 1)) continue;
    print(out, "{}{}", is_first ? "" : " ", cpu);
    is_first = false;
  }
  out.write("]");
}

}  // namespace halcyon::strace
