#include "core/mm/user_memory.h"

#include <atomic>
#include <cstring>

#include "core/mm/frames/frame_allocator.h"
#include "core/task/thread.h"

namespace halcyon {

namespace {

// Calls action(frame bytes) page by page until `length` bytes are done, a page is out of reach, or the action returns false.
template <class Action>
size_t for_each_page(AddressSpace& memory, UserAddr address, size_t length, hal::Access access, Action action) {
  FrameAllocator& allocator = frames();
  size_t done = 0;
  if (!memory.is_valid_range(address, 0)) return 0;
  while (done < length) {
    UserAddr at = address + done;
    size_t in_page = at & page_mask;
    size_t count = std::min<size_t>(page_size - in_page, length - done);
    PhysAddr frame;
    if (!memory.pin(allocator, at, access, &frame)) break;
    bool goes_on = action(std::span(allocator.data(frame) + in_page, count));
    if (access == hal::Access::write) allocator.note_kernel_write(frame);
    allocator.drop(frame);
    if (!goes_on) break;
    done += count;
  }
  return done;
}

// From the front to the back, as Linux copies: what a write takes from a mapping of the very page that it writes to may overlap, and bytes
// that were just stored are then read again.
void copy_forward(std::byte* to, const std::byte* from, size_t count) {
  if (to + count <= from || from + count <= to) [[likely]] {
    std::memcpy(to, from, count);
  } else if (to <= from) {
    std::memmove(to, from, count);
  } else {
    for (size_t index = 0; index < count; ++index) to[index] = from[index];
  }
}

}  // namespace

size_t copy_from_user(AddressSpace& memory, std::span<std::byte> to, UserAddr from) {
  std::byte* next = to.data();
  return for_each_page(memory, from, to.size(), hal::Access::read, [&](std::span<std::byte> page) {
    copy_forward(next, page.data(), page.size());
    next += page.size();
    return true;
  });
}

size_t copy_to_user(AddressSpace& memory, UserAddr to, std::span<const std::byte> from) {
  const std::byte* next = from.data();
  return for_each_page(memory, to, from.size(), hal::Access::write, [&](std::span<std::byte> page) {
    copy_forward(page.data(), next, page.size());
    next += page.size();
    return true;
  });
}

Result<> copy_user_to(Sink& to, AddressSpace& memory, UserAddr from, size_t length) {
  size_t before = to.done();
  for_each_page(memory, from, length, hal::Access::read, [&](std::span<std::byte> page) {
    auto written = to.write(page);
    return written && *written == page.size();
  });
  return to.done() - before == length ? Result<>{} : err::fault;
}

Result<> copy_user_from(Source& from, AddressSpace& memory, UserAddr to, size_t length) {
  size_t before = from.done();
  for_each_page(memory, to, length, hal::Access::write, [&](std::span<std::byte> page) {
    auto read = from.read(page);
    return read && *read == page.size();
  });
  return from.done() - before == length ? Result<>{} : err::fault;
}

size_t clear_user(AddressSpace& memory, UserAddr to, size_t count) {
  return for_each_page(memory, to, count, hal::Access::write, [&](std::span<std::byte> page) {
    std::memset(page.data(), 0, page.size());
    return true;
  });
}

namespace {

// Appends bytes up to a NUL by way of store(text); true when the NUL was found.
template <class Store>
Result<> scan_string(AddressSpace& memory, UserAddr from, size_t limit, Store store) {
  bool found = false;
  Result<> result;
  size_t read = for_each_page(memory, from, limit, hal::Access::read, [&](std::span<std::byte> page) {
    const void* end = std::memchr(page.data(), 0, page.size());
    size_t count = end ? static_cast<size_t>(static_cast<const std::byte*>(end) - page.data()) : page.size();
    result = store(page.first(count));
    found = end != nullptr;
    return result.has_value() && !found;
  });
  if (!result || found) return result;
  if (read == limit) return err::nametoolong;
  return err::fault;
}

}  // namespace

Result<> get_user_string(AddressSpace& memory, UserAddr from, size_t limit, Vec<char>& to) {
  return scan_string(memory, from, limit, [&](std::span<std::byte> bytes) {
    return to.append({static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()});
  });
}

Result<size_t> get_user_string(AddressSpace& memory, UserAddr from, std::span<char> buffer) {
  size_t length = 0;
  auto scanned = scan_string(memory, from, buffer.size(), [&](std::span<std::byte> bytes) -> Result<> {
    std::memcpy(buffer.data() + length, bytes.data(), bytes.size());
    length += bytes.size();
    return {};
  });
  if (!scanned) return std::unexpected(scanned.error());
  return length;
}

UserSpan::UserSpan(AddressSpace& memory, UserAddr address, size_t size, size_t alignment, hal::Access access)
    : is_written_(access == hal::Access::write) {
  FrameAllocator& allocator = frames();
  size_t in_page = address & page_mask;
  if (address % alignment != 0 || in_page + size > page_size || !memory.is_valid_range(address, size) ||
      !memory.pin(allocator, address, access, &frame_))
    return;
  data_ = allocator.data(frame_) + in_page;
}

UserSpan::~UserSpan() {
  if (!data_) return;
  FrameAllocator& allocator = frames();
  if (is_written_) allocator.note_kernel_write(frame_);
  allocator.drop(frame_);
}

Result<UserWord> UserWord::pin(AddressSpace& memory, UserAddr address, hal::Access access) {
  if (address & 3) return err::inval;
  FrameRef frame = TRY(memory.pin(address, access));
  auto* word = static_cast<std::atomic<uint32_t>*>(static_cast<void*>(frame.data() + (address & page_mask)));
  return UserWord(std::move(frame), word);
}

Result<uint32_t> load_user_word(AddressSpace& memory, UserAddr address) {
  UserWord word = TRY(UserWord::pin(memory, address, hal::Access::read));
  return word->load(std::memory_order_seq_cst);
}

Result<bool> compare_exchange_user_word(AddressSpace& memory, UserAddr address, uint32_t* expected, uint32_t desired) {
  UserWord word = TRY(UserWord::pin(memory, address, hal::Access::write));
  return word->compare_exchange_strong(*expected, desired);
}

namespace {

constexpr size_t long_call = 1 << 20;

// Lets others run once in so many bytes, if what moves at once is not more than a page. Out of line, since most calls are shorter.
[[gnu::cold, gnu::noinline]] Result<> make_way_in_long_call(size_t done) { return done % long_call < page_size ? make_way() : Result<>(); }

}  // namespace

template <class Copy>
Result<size_t> UserBuffers::move(size_t wanted, size_t before, Copy copy) {
  if (before >= long_call) [[unlikely]]
    TRY(make_way_in_long_call(before));
  size_t done = 0;
  while (done < wanted) {
    while (current_.length == 0 && !vectors_.empty()) {
      current_ = vectors_.front();
      vectors_ = vectors_.subspan(1);
    }
    size_t count = std::min<uint64_t>(wanted - done, current_.length);
    if (count == 0) break;
    size_t copied = copy(memory_, current_.base, done, count);
    current_.base += copied;
    current_.length -= copied;
    done += copied;
    if (copied < count) return moved_or(done, Errno::fault);
  }
  return done;
}

Result<size_t> UserSink::write(std::span<const std::byte> bytes) {
  auto store = [&](AddressSpace& memory, UserAddr to, size_t from, size_t count) {
    return copy_to_user(memory, to, bytes.subspan(from, count));
  };
  size_t stored = TRY(buffers_.move(std::min(bytes.size(), remaining()), done(), store));
  advance(stored);
  return stored;
}

Result<size_t> UserSource::read(std::span<std::byte> buffer) {
  auto load = [&](AddressSpace& memory, UserAddr from, size_t to, size_t count) {
    return copy_from_user(memory, buffer.subspan(to, count), from);
  };
  size_t loaded = TRY(buffers_.move(std::min(buffer.size(), remaining()), done(), load));
  advance(loaded);
  return loaded;
}

}  // namespace halcyon
