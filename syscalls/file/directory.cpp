// getdents: directory entries in the two layouts of user memory.
#include "core/file/inode.h"
#include "fs/files/notify.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

// Packs entries into a user buffer. A record: inode, position of the next, length, then (64-bit form) type and name, or (old form) name ...
// type.
class EntryWriter final : public DirectoryVisitor {
 public:
  EntryWriter(Thread& self, UserAddr buffer, uint32_t size, bool is_old)
      : self_(self), at_(buffer), left_(size > INT32_MAX ? 0 : size), is_old_(is_old) {}

  bool entry(std::string_view name, uint64_t inode, FileType type, uint64_t next) override {
    constexpr size_t header = 18;
    size_t name_at = is_old_ ? header : header + 1;
    size_t length = align_up(name_at + name.size() + 1 + (is_old_ ? 1 : 0), 8);
    if (length > left_) {
      if (done_ == 0) error_ = Errno::inval;
      return false;
    }
    std::array<std::byte, 288> record{};
    auto put = [&](size_t at, auto value) { std::memcpy(record.data() + at, &value, sizeof value); };
    auto kind = static_cast<uint8_t>(static_cast<uint32_t>(type) >> 12);
    put(0, inode);
    put(8, next);
    put(16, static_cast<uint16_t>(length));
    if (is_old_) put(length - 1, kind);
    else put(header, kind);
    std::memcpy(record.data() + name_at, name.data(), name.size());
    if (copy_to_user(self_.memory(), at_, std::span(record).first(length)) != length) {
      if (done_ == 0) error_ = Errno::fault;
      return false;
    }
    at_ += length;
    left_ -= length;
    done_ += length;
    return true;
  }

  Result<uint64_t> result(const Result<>& listed) const {
    if (error_ != Errno{}) return std::unexpected(error_);
    if (!listed && done_ == 0) return std::unexpected(listed.error());
    return done_;
  }

 private:
  Thread& self_;
  UserAddr at_;
  size_t left_;
  size_t done_ = 0;
  bool is_old_;
  Errno error_{};
};

Result<uint64_t> get_entries(Thread& self, Fd fd, UserPtr<std::byte> entries, uint32_t size, bool is_old) {
  Ref<File> file = TRY(self.files().get(fd));
  if (file->is_path()) return err::badf;
  EntryWriter writer(self, entries.address(), size, is_old);
  auto listed = file->list(writer);
  if (listed) fs::note(*file, event::access);
  return writer.result(listed);
}

}  // namespace

Result<uint64_t> sys_getdents64(Thread& self, Fd fd, UserPtr<std::byte> entries, uint32_t size) {
  return get_entries(self, fd, entries, size, false);
}
Result<uint64_t> sys_getdents(Thread& self, Fd fd, UserPtr<std::byte> entries, uint32_t size) {
  return get_entries(self, fd, entries, size, true);
}

}  // namespace halcyon
