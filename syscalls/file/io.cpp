// Moving bytes: read(2), write(2) and their kin.
#include "core/file/inode.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "fs/files/notify.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

Result<FdTable::Borrowed> readable(Thread& self, Fd fd) {
  FdTable::Borrowed file = TRY(self.files().borrow(fd));
  if (!file->is_readable()) return err::badf;
  return file;
}

Result<FdTable::Borrowed> writable(Thread& self, Fd fd) {
  FdTable::Borrowed file = TRY(self.files().borrow(fd));
  if (!file->is_writable()) return err::badf;
  return file;
}

// The same for pread(2) and pwrite(2), which first look whether the file has offsets at all.
Result<FdTable::Borrowed> positioned(Thread& self, Fd fd, bool writes) {
  FdTable::Borrowed file = TRY(self.files().borrow(fd));
  if (writes ? file->is_writable() : file->is_readable()) return file;
  if (file->is_path()) return err::badf;
  if (!file->inode()) return err::spipe;
  auto place = file->seek(0, Whence::current);
  return !place && place.error() == Errno::spipe ? err::spipe : err::badf;
}

// What a transfer of `length` bytes comes to: the whole buffer is checked once, as access_ok does, so that one beyond user memory fails
// before anything moves; then it is cut to what one call moves. EFAULT; EINVAL if it would end beyond the largest offset.
Result<size_t> check_transfer(Thread& self, UserAddr address, size_t length, int64_t offset = 0) {
  if (!self.memory().is_valid_range(address, length)) return err::fault;
  if (length > static_cast<size_t>(INT64_MAX - offset)) return err::inval;
  return std::min(length, max_io);
}

// The same for pread(2) and pwrite(2): that a file has no offsets is said before anything of the buffer.
Result<size_t> check_positioned(Thread& self, File& file, UserAddr address, size_t length, int64_t offset) {
  auto checked = check_transfer(self, address, length, offset);
  if (checked || checked.error() != Errno::fault) return checked;
  auto place = file.seek(0, Whence::current);
  return !place && place.error() == Errno::spipe ? err::spipe : checked;
}

// The result of a call, about which those hear who watch the file.
Result<uint64_t> has_read(File& file, Result<size_t> done) {
  if (Notifications::wants(event::access) && done && *done > 0) fs::tell(file, event::access);
  return as_result(done);
}
Result<uint64_t> has_written(File& file, Result<size_t> done) {
  if (Notifications::wants(event::modify) && done && *done > 0) fs::tell(file, event::modify);
  return as_result(done);
}

}  // namespace

Result<uint64_t> sys_read(Thread& self, Fd fd, UserPtr<std::byte> buffer, size_t length) {
  FdTable::Borrowed file = TRY(readable(self, fd));
  length = TRY(check_transfer(self, buffer.address(), length));
  UserSink out{self.memory(), buffer, length};
  return has_read(*file, file->read(out));
}

Result<uint64_t> sys_write(Thread& self, Fd fd, UserPtr<const std::byte> buffer, size_t length) {
  FdTable::Borrowed file = TRY(writable(self, fd));
  length = TRY(check_transfer(self, buffer.address(), length));
  UserSource in{self.memory(), buffer, length};
  return has_written(*file, file->write(in));
}

Result<uint64_t> sys_readv(Thread& self, Fd fd, UserPtr<const Iovec> vectors, int count) {
  FdTable::Borrowed file = TRY(readable(self, fd));
  VectorArgument buffers;
  TRY(buffers.fetch(self, vectors, count));
  UserSink out{self.memory(), buffers.vectors(), buffers.total()};
  return has_read(*file, file->read(out));
}

Result<uint64_t> sys_writev(Thread& self, Fd fd, UserPtr<const Iovec> vectors, int count) {
  FdTable::Borrowed file = TRY(writable(self, fd));
  VectorArgument buffers;
  TRY(buffers.fetch(self, vectors, count));
  UserSource in{self.memory(), buffers.vectors(), buffers.total()};
  return has_written(*file, file->write(in));
}

Result<uint64_t> sys_pread64(Thread& self, Fd fd, UserPtr<std::byte> buffer, size_t length, int64_t offset) {
  if (offset < 0) return err::inval;
  FdTable::Borrowed file = TRY(positioned(self, fd, false));
  length = TRY(check_positioned(self, *file, buffer.address(), length, offset));
  UserSink out{self.memory(), buffer, length};
  return has_read(*file, file->read_at(static_cast<uint64_t>(offset), out));
}

Result<uint64_t> sys_pwrite64(Thread& self, Fd fd, UserPtr<const std::byte> buffer, size_t length, int64_t offset) {
  if (offset < 0) return err::inval;
  FdTable::Borrowed file = TRY(positioned(self, fd, true));
  length = TRY(check_positioned(self, *file, buffer.address(), length, offset));
  UserSource in{self.memory(), buffer, length};
  return has_written(*file, file->write_at(static_cast<uint64_t>(offset), in));
}

namespace {

namespace io_flag {  // RWF_*: what one read or write asks for besides the description's flags
constexpr uint32_t high_priority = 1, data_sync = 2, sync = 4, append = 0x10;
constexpr uint32_t known = high_priority | data_sync | sync | append;
}  // namespace io_flag

constexpr int64_t own_offset = -1;

Result<uint64_t> read_vectors(Thread& self, Fd fd, UserPtr<const Iovec> vectors, int count, int64_t offset, uint32_t flags) {
  if (offset < own_offset) return err::inval;
  FdTable::Borrowed file = offset == own_offset ? TRY(readable(self, fd)) : TRY(positioned(self, fd, false));
  VectorArgument buffers;
  TRY(buffers.fetch(self, vectors, count));
  if (flags & ~io_flag::known) return err::opnotsupp;
  UserSink out{self.memory(), buffers.vectors(), buffers.total()};
  return has_read(*file, offset == own_offset ? file->read(out) : file->read_at(static_cast<uint64_t>(offset), out));
}

Result<uint64_t> write_vectors(Thread& self, Fd fd, UserPtr<const Iovec> vectors, int count, int64_t offset, uint32_t flags) {
  if (offset < own_offset) return err::inval;
  FdTable::Borrowed file = offset == own_offset ? TRY(writable(self, fd)) : TRY(positioned(self, fd, true));
  VectorArgument buffers;
  TRY(buffers.fetch(self, vectors, count));
  if (flags & ~io_flag::known) return err::opnotsupp;
  UserSource in{self.memory(), buffers.vectors(), buffers.total()};
  Result<size_t> done = (flags & io_flag::append) ? file->append(in, offset == own_offset)
                        : offset == own_offset    ? file->write(in)
                                                  : file->write_at(static_cast<uint64_t>(offset), in);
  if (done && *done > 0) fs::note(*file, event::modify);
  if (done && *done > 0 && (flags & (io_flag::sync | io_flag::data_sync))) {
    if (auto synced = file->sync(); !synced && synced.error() != Errno::inval) return std::unexpected(synced.error());
  }
  return as_result(done);
}

}  // namespace

Result<uint64_t> sys_preadv(Thread& self, Fd fd, UserPtr<const Iovec> vectors, int count, int64_t offset) {
  if (offset < 0) return err::inval;
  return read_vectors(self, fd, vectors, count, offset, 0);
}

Result<uint64_t> sys_pwritev(Thread& self, Fd fd, UserPtr<const Iovec> vectors, int count, int64_t offset) {
  if (offset < 0) return err::inval;
  return write_vectors(self, fd, vectors, count, offset, 0);
}

// The high half of the offset belongs to machines whose registers cannot hold it whole.
Result<uint64_t> sys_preadv2(Thread& self, Fd fd, UserPtr<const Iovec> vectors, int count, int64_t offset, uint64_t, IoFlags flags) {
  return read_vectors(self, fd, vectors, count, offset, flags);
}

Result<uint64_t> sys_pwritev2(Thread& self, Fd fd, UserPtr<const Iovec> vectors, int count, int64_t offset, uint64_t, IoFlags flags) {
  return write_vectors(self, fd, vectors, count, offset, flags);
}

Result<uint64_t> sys_lseek(Thread& self, Fd fd, int64_t offset, Seek whence) {
  Ref<File> file = TRY(self.files().get(fd));
  if (whence > static_cast<uint32_t>(Whence::hole)) return err::inval;
  if (file->is_path()) return err::badf;
  return file->seek(offset, static_cast<Whence>(whence.value));
}

namespace {

// One side of a copy inside the kernel: a file with its own offset, or with one in user memory.
struct CopySide {
  FdTable::Borrowed file;
  bool has_offset = false;
  uint64_t offset = 0;
};

Result<> get_offset(Thread& self, UserPtr<int64_t> from, CopySide& side) {
  if (!from) return {};
  int64_t offset = TRY(get_user(self.memory(), from));
  side.has_offset = true;
  side.offset = static_cast<uint64_t>(offset);
  return {};
}

Result<> put_offset(Thread& self, UserPtr<int64_t> to, const CopySide& side) {
  if (!side.has_offset) return {};
  return put_user(self.memory(), to, static_cast<int64_t>(side.offset));
}

// Copies by way of a kernel buffer until `count` bytes are done, the input ends, or either side fails; what moved counts.
Result<size_t> copy_pages(CopySide& in, CopySide& out, size_t count) {
  FrameRef page = TRY(FrameRef::allocate_uninitialized());
  size_t done = 0;
  while (done < count) {
    size_t piece = std::min(page_size, count - done);
    KernelSink sink({page.data(), piece});
    auto got = in.has_offset ? in.file->read_at(in.offset, sink) : in.file->read(sink);
    if (!got) return moved_or(done, got.error());
    if (*got == 0) break;
    KernelSource source({page.data(), *got});
    auto put = out.has_offset ? out.file->write_at(out.offset, source) : out.file->write(source);
    size_t moved = put ? *put : 0;
    // What was read from a seekable file but not written is not consumed.
    if (!in.has_offset && moved < *got) static_cast<void>(in.file->seek(-static_cast<int64_t>(*got - moved), Whence::current));
    in.offset += moved;
    out.offset += moved;
    done += moved;
    if (!put) return moved_or(done, put.error());
    if (moved < *got) break;
  }
  return done;
}

Result<size_t> copy_bytes(CopySide& in, CopySide& out, size_t count) {
  size_t moved = TRY(copy_pages(in, out, count));
  if (moved > 0) fs::note(*in.file, event::access), fs::note(*out.file, event::modify);
  return moved;
}

}  // namespace

Result<uint64_t> sys_sendfile(Thread& self, Fd out_fd, Fd in_fd, UserPtr<int64_t> offset, size_t count) {
  CopySide in;
  CopySide out;
  TRY(get_offset(self, offset, in));
  in.file = TRY(readable(self, in_fd));
  auto start = in.has_offset ? Result<uint64_t>(in.offset) : in.file->seek(0, Whence::current);
  if (start && (*start > INT64_MAX || count > INT64_MAX - *start)) return err::inval;
  out.file = TRY(writable(self, out_fd));
  if (!in.file->mappable() || (out.file->flags() & open_flag::append)) return err::inval;
  auto moved = copy_bytes(in, out, std::min(count, max_io));
  TRY(put_offset(self, offset, in));
  return as_result(moved);
}

Result<uint64_t> sys_copy_file_range(Thread& self, Fd in_fd, UserPtr<int64_t> in_offset, Fd out_fd, UserPtr<int64_t> out_offset,
                                     size_t length, uint32_t flags) {
  CopySide in;
  CopySide out;
  in.file = TRY(self.files().borrow(in_fd));
  out.file = TRY(self.files().borrow(out_fd));
  if (in.file->is_path() || out.file->is_path()) return err::badf;
  TRY(get_offset(self, in_offset, in));
  TRY(get_offset(self, out_offset, out));
  if (flags != 0) return err::inval;
  // What the two are comes before what they were opened for.
  Inode* from = in.file->inode();
  Inode* to = out.file->inode();
  if ((from && from->type() == FileType::directory) || (to && to->type() == FileType::directory)) return err::isdir;
  if (!from || !to || from->type() != FileType::regular || to->type() != FileType::regular) return err::inval;
  if (!in.file->is_readable() || !out.file->is_writable() || (out.file->flags() & open_flag::append)) return err::badf;
  uint64_t in_at = in.has_offset ? in.offset : TRY(in.file->seek(0, Whence::current));
  uint64_t out_at = out.has_offset ? out.offset : TRY(out.file->seek(0, Whence::current));
  if (in_at + length < in_at || out_at + length < out_at) return err::overflow;
  if (out_at >= INT64_MAX) return err::fbig;
  Attributes source = TRY(from->attributes());
  length = std::min({length, max_io, in_at < source.size ? source.size - in_at : 0});
  if (from == to && in_at < out_at + length && out_at < in_at + length) return err::inval;
  auto moved = copy_bytes(in, out, length);
  TRY(put_offset(self, in_offset, in));
  TRY(put_offset(self, out_offset, out));
  return as_result(moved);
}

Result<uint64_t> sys_fsync(Thread& self, Fd fd) {
  Ref<File> file = TRY(self.files().get(fd));
  if (file->is_path()) return err::badf;
  return as_result(file->sync());
}

Result<uint64_t> sys_fdatasync(Thread& self, Fd fd) { return sys_fsync(self, fd); }

Result<uint64_t> sys_sync_file_range(Thread& self, Fd fd, int64_t offset, int64_t length, uint32_t flags) {
  constexpr uint32_t wait_before = 1, start_writing = 2, wait_after = 4;
  Ref<File> file = TRY(self.files().get(fd));
  if (file->is_path()) return err::badf;
  int64_t end;
  if ((flags & ~(wait_before | start_writing | wait_after)) || offset < 0 || length < 0) return err::inval;
  if (__builtin_add_overflow(offset, length, &end)) return err::inval;
  Inode* inode = file->inode();
  bool has_contents =
      inode && (inode->type() == FileType::regular || inode->type() == FileType::directory || inode->type() == FileType::block_device);
  if (!has_contents) return err::spipe;
  if (!(flags & start_writing)) return 0;
  return as_result(file->sync());
}

// Advice: what is cached stays cached, so there is nothing to do but to check.
Result<uint64_t> sys_fadvise64(Thread& self, Fd fd, int64_t, int64_t length, int advice) {
  Ref<File> file = TRY(self.files().get(fd));
  if (file->is_path()) return err::badf;
  if (file->kind() == FileKind::pipe) return err::spipe;
  if (length < 0 || advice < 0 || advice > 5) return err::inval;
  return 0;
}

Result<uint64_t> sys_readahead(Thread& self, Fd fd, int64_t offset, size_t count) {
  FdTable::Borrowed file = TRY(readable(self, fd));
  Inode* inode = file->mappable();
  PageCache* cache = inode ? inode->page_cache() : nullptr;
  if (!cache || offset < 0) return err::inval;
  uint64_t end = std::min<uint64_t>(static_cast<uint64_t>(offset) + std::min(count, size_t{2} << 20), cache->size());
  for (uint64_t at = page_floor(static_cast<uint64_t>(offset)); at < end; at += page_size)
    if (!cache->get(at >> page_shift)) break;
  return 0;
}

}  // namespace halcyon
