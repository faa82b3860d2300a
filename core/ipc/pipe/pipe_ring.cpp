#include "core/ipc/pipe/pipe_ring.h"

#include <bit>

#include "core/base/lock_guard.h"
#include "core/ipc/pipe/pipe.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

Pipe::Pipe(uint32_t uid, uint32_t gid, Nanoseconds now, uint64_t id)
    : id_(id), uid_(uid), gid_(gid), accessed_(now), modified_(now), changed_(now) {}

Result<Ref<Pipe>> Pipe::create(uint32_t uid, uint32_t gid) {
  Kernel& owner = kernel();
  Ref<Pipe> pipe = TRY(make_ref<Pipe>(uid, gid, owner.clock().realtime(), owner.next_anonymous_inode()));
  size_t size = default_pipe_size, most = owner.max_pipe_size.load(std::memory_order_relaxed);
  if (size > most && !has_capability(current_thread().credentials(), capability::sys_resource)) size = most;
  pipe->lock_.assert_unshared();
  TRY(pipe->slots_.resize(size / page_size));
  pipe->slot_count_.store(pipe->slots_.size(), std::memory_order_relaxed);
  return pipe;
}

void Pipe::open(bool reads, bool writes) {
  if (reads) readers_.fetch_add(1), reader_opens_.fetch_add(1);
  if (writes) writers_.fetch_add(1), writer_opens_.fetch_add(1);
}

void Pipe::close(bool reads, bool writes) {
  if (reads && readers_.fetch_sub(1) == 1) writable_.wake_all();
  if (writes && writers_.fetch_sub(1) == 1) readable_.wake_all();
}

Result<FrameRef> Pipe::take_page() {
  if (spare_) return std::move(spare_);
  return FrameRef::allocate_uninitialized();
}

// Moves what can be moved now. Under lock_.
Result<size_t> Pipe::read_some(Sink& out) {
  size_t done = 0;
  while (used_.load(std::memory_order_relaxed) > 0 && out.remaining() > 0) {
    Slot& first = slot(0);
    size_t count = std::min<size_t>(first.length, out.remaining());
    auto written = out.write({first.page.data() + first.offset, count});
    // As on Linux, a page's bytes that do not all arrive stay.
    if (written && *written < count) written = err::fault;
    if (!written) return moved_or(done, written.error());
    done += *written;
    first.offset += static_cast<uint32_t>(*written);
    first.length -= static_cast<uint32_t>(*written);
    bool was_packet = first.is_packet;
    if (was_packet) first.length = 0;  // the rest of a packet is lost
    if (first.length == 0) {
      spare_ = std::move(first.page);
      head_ = (head_ + 1) & (slots_.size() - 1);
      used_.fetch_sub(1, std::memory_order_relaxed);
    }
    if (was_packet) break;
  }
  return done;
}

// True if `length` bytes can be written as a whole. Under lock_.
bool Pipe::can_take(size_t length) {
  size_t used = used_.load(std::memory_order_relaxed);
  size_t room = (slots_.size() - used) * page_size;
  if (used > 0) {
    Slot& last = slot(used - 1);
    if (!last.is_packet && last.offset + last.length + length <= page_size) return true;
  }
  return room >= length;
}

Result<size_t> Pipe::write_some(Source& in, bool as_packet) {
  size_t done = 0;
  while (in.remaining() > 0) {
    size_t used = used_.load(std::memory_order_relaxed);
    Slot* target = used > 0 ? &slot(used - 1) : nullptr;
    // As on Linux, a write first puts what is beyond its whole pages behind the last one's bytes, if that fits.
    size_t tail = in.remaining() & page_mask;
    bool fills_up =
        target && tail > 0 && !target->is_packet && !as_packet && done == 0 && target->offset + target->length + tail <= page_size;
    if (!fills_up) {
      if (used == slots_.size()) break;
      auto page = take_page();
      if (!page) return moved_or(done, page.error());
      target = &slot(used);
      *target = Slot{.page = std::move(*page), .is_packet = as_packet};
    }
    size_t at = target->offset + target->length;
    size_t count = fills_up ? tail : std::min<size_t>(page_size - at, in.remaining());
    auto copied = in.read({target->page.data() + at, count});
    size_t got = copied ? *copied : 0;
    // As on Linux, a page whose bytes cannot all be had stays out.
    if (got > 0 && got < count) {
      copied = in.read({target->page.data() + at + got, count - got});
      got = copied ? got + *copied : 0;
    }
    target->length += static_cast<uint32_t>(got);
    if (!fills_up) {
      if (got > 0) used_.fetch_add(1, std::memory_order_relaxed);
      else spare_ = std::move(target->page);
    }
    done += got;
    if (!copied) return moved_or(done, copied.error());
    if (got < count) break;
  }
  return done;
}

Result<size_t> Pipe::read(Sink& out, bool is_nonblocking) {
  if (out.remaining() == 0) return 0;
  for (bool has_waited = false;; has_waited = true) {
    Result<size_t> result = 0;
    bool was_full;
    bool has_more;
    {
      LockGuard guard(lock_);
      was_full = used_.load(std::memory_order_relaxed) == slots_.size();
      result = read_some(out);
      has_more = used_.load(std::memory_order_relaxed) > 0;
    }
    if (!result || *result > 0) {
      if (was_full) writable_.wake_one();
      if (has_waited && has_more) readable_.wake_one();  // the wake that this thread had is for the next reader, too
      return result;
    }
    if (writers_.load() == 0) {
      if (used_.load() == 0) return 0;
      continue;
    }
    if (is_nonblocking) return err::again;
    if (!readable_.wait_until([&] { return used_.load() > 0 || writers_.load() == 0; })) return err::restart;
  }
}

Result<size_t> Pipe::write(Source& in, bool is_nonblocking, bool as_packet) {
  size_t total = in.remaining();
  if (total == 0) return 0;
  size_t done = 0;
  for (bool has_waited = false;; has_waited = true) {
    if (readers_.load() == 0) {
      send_to_self(current_thread(), sig::pipe);
      return moved_or(done, Errno::pipe);
    }
    Result<size_t> result = 0;
    {
      LockGuard guard(lock_);
      // Up to pipe_buf bytes go in as a whole or not at all.
      if (total > pipe_buf || can_take(total)) result = write_some(in, as_packet);
    }
    if (!result) return moved_or(done, result.error());
    if (*result > 0) readable_.wake_one();
    done += *result;
    if (in.remaining() == 0 || (*result > 0 && total <= pipe_buf)) {
      if (has_waited) writable_.wake_one();
      return done;
    }
    if (is_nonblocking) return moved_or(done, Errno::again);
    auto has_room = [&] {
      if (readers_.load() == 0) return true;
      LockGuard guard(lock_);
      return total > pipe_buf ? used_.load(std::memory_order_relaxed) < slots_.size() : can_take(total);
    };
    if (!writable_.wait_until(has_room)) return moved_or(done, Errno::restart);
  }
}

void Pipe::watch(PollTable& table, bool reads, bool writes) {
  if (reads) table.watch(readable_);
  if (writes) table.watch(writable_);
}

uint32_t Pipe::poll(bool reads, bool writes) const {
  uint32_t events = 0;
  size_t used = used_.load(std::memory_order_acquire);
  if (reads) {
    if (used > 0) events |= poll::in | poll::rdnorm;
    if (writers_.load() == 0 && writer_opens_.load() != 0) events |= poll::hup;
  }
  if (writes) {
    if (used < slot_count_.load(std::memory_order_acquire)) events |= poll::out | poll::wrnorm;
    if (readers_.load() == 0) events |= poll::err;
  }
  return events;
}

size_t Pipe::bytes() {
  LockGuard guard(lock_);
  size_t total = 0;
  for (size_t index = 0; index < used_.load(std::memory_order_relaxed); ++index) total += slot(index).length;
  return total;
}

Ownership Pipe::ownership() { return {permissions_.load(), uid_.load(), gid_.load()}; }

Result<Attributes> Pipe::attributes() {
  Attributes attributes;
  attributes.device = make_device(0, 13);
  attributes.inode = id_;
  attributes.type = FileType::fifo;
  attributes.permissions = permissions_.load();
  attributes.uid = uid_.load();
  attributes.gid = gid_.load();
  attributes.accessed = accessed_.load();
  attributes.modified = modified_.load();
  attributes.changed = changed_.load();
  return attributes;
}

Result<> Pipe::change(const AttributeChange& change) {
  using Change = AttributeChange;
  if (change.what & Change::set_size) return err::inval;
  if (change.what & Change::set_permissions) permissions_ = change.permissions & mode::permissions;
  if (change.what & Change::set_uid) uid_ = change.uid;
  if (change.what & Change::set_gid) gid_ = change.gid;
  if (change.what & Change::set_accessed) accessed_ = change.accessed;
  if (change.what & Change::set_modified) modified_ = change.modified;
  changed_ = change.now;
  return {};
}

size_t Pipe::capacity() {
  LockGuard guard(lock_);
  return slots_.size() * page_size;
}

Result<size_t> Pipe::set_capacity(size_t size) {
  size = round_pipe_size(size);
  if (size == 0) return err::inval;
  size_t count = size / page_size;
  bool is_too_big = size > capacity() && size > kernel().max_pipe_size.load(std::memory_order_relaxed);
  if (is_too_big && !has_capability(current_thread().credentials(), capability::sys_resource)) return err::perm;
  Vec<Slot> slots;
  TRY(slots.resize(count));
  LockGuard guard(lock_);
  size_t used = used_.load(std::memory_order_relaxed);
  if (used > count) return err::busy;
  for (size_t index = 0; index < used; ++index) slots[index] = std::move(slot(index));
  std::swap(slots_, slots);
  slot_count_.store(count, std::memory_order_release);
  head_ = 0;
  writable_.wake_all();
  return count * page_size;
}

}  // namespace halcyon
