// CpioReader: the "newc" archives of which an initramfs is made (cpio(5)): per file a header of hexadecimal numbers, the name, and the
// data, each padded to four bytes. Several archives may follow one another, with zero bytes between; each ends with the entry TRAILER!!!.
//
// Nothing is copied: entries point into the archive. Every number is held against the archive's size before it is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace halcyon {

struct CpioEntry {
  std::string_view path;            // as stored, "./bin/sh" or "bin/sh"
  std::span<const std::byte> data;  // contents, or a symlink's target
  uint32_t inode = 0;
  uint32_t mode = 0;  // with its type
  uint32_t uid = 0, gid = 0;
  uint32_t links = 0;
  uint32_t modified = 0;                          // seconds since 1970
  uint32_t device_major = 0, device_minor = 0;    // that it lay on: an inode number counts within it
  uint32_t special_major = 0, special_minor = 0;  // that it is
};

class CpioReader {
 public:
  explicit CpioReader(std::span<const std::byte> archive) : archive_(archive) {}

  enum class Status { entry, end, broken };
  // The next entry of any of the archives. After `broken`, failure() and offset() say what is wrong and where.
  Status next(CpioEntry* entry);
  std::string_view failure() const { return failure_; }
  size_t offset() const { return at_; }

 private:
  Status fail(std::string_view why) {
    failure_ = why;
    return Status::broken;
  }
  Status read_entry(CpioEntry* entry);

  std::span<const std::byte> archive_;
  size_t at_ = 0;
  bool has_ended_ = false;  // a trailer was read, and nothing since
  bool is_empty_ = true;
  std::string_view failure_;
};

}  // namespace halcyon
