// Entries are made one by one through the calls that programs use, so that they come out as cpio(1) would leave them. Files with several
// names are archived once per name, with the same inode number; whichever of the entries has the data fills them all.
#include "hal-baremetal/boot/initramfs.h"

#include "core/base/vec.h"
#include "fs/calls/attributes.h"
#include "fs/calls/names.h"
#include "fs/calls/open.h"
#include "hal-baremetal/boot/cpio.h"

namespace halcyon {
namespace {

constexpr uint32_t type_mask = 0170000, type_directory = 0040000, type_regular = 0100000, type_symlink = 0120000;
constexpr Nanoseconds second = 1'000'000'000;

uint32_t type_of(const CpioEntry& entry) { return entry.mode & type_mask; }

class Unpacker {
 public:
  Unpacker(const fs::Caller& caller, Writer& complaint) : caller_(caller), complaint_(complaint) {}

  bool run(std::span<const std::byte> archive);

 private:
  // A name under which a file with several is already there.
  struct FirstName {
    uint32_t inode, device_major, device_minor;
    std::string_view path;
  };

  Result<> unpack(const CpioEntry& entry);
  Result<> make(const CpioEntry& entry);
  Result<> make_directory(const CpioEntry& entry);
  Result<> fill(const CpioEntry& entry);
  Result<> set_attributes(const CpioEntry& entry);
  Result<> set_time(const CpioEntry& entry);
  std::string_view first_name(const CpioEntry& entry) const;
  static fs::Start start() { return {}; }

  const fs::Caller& caller_;
  Writer& complaint_;
  Vec<FirstName> names_;
};

// The root's own name in an archive, "." or "", is "/"; relative paths begin at the root, which is the working directory.
std::string_view path_of(const CpioEntry& entry) { return entry.path.empty() || entry.path == "." ? "/" : entry.path; }

std::string_view Unpacker::first_name(const CpioEntry& entry) const {
  for (const FirstName& name : names_)
    if (name.inode == entry.inode && name.device_major == entry.device_major && name.device_minor == entry.device_minor) return name.path;
  return {};
}

Result<> Unpacker::make_directory(const CpioEntry& entry) {
  auto made = fs::mkdir(caller_, start(), path_of(entry), entry.mode & ~type_mask);
  if (made || made.error() != Errno::exist) return made;
  auto old = fs::stat(caller_, start(), path_of(entry), 0);
  return old && old->type == FileType::directory ? Result<>() : made;
}

Result<> Unpacker::make(const CpioEntry& entry) {
  if (type_of(entry) == type_directory) return make_directory(entry);
  if (type_of(entry) == type_symlink) {
    std::string_view target(static_cast<const char*>(static_cast<const void*>(entry.data.data())), entry.data.size());
    return fs::symlink(caller_, target, start(), path_of(entry));
  }
  if (entry.links > 1) {
    std::string_view other = first_name(entry);
    if (!other.empty()) return fs::link(caller_, start(), other, start(), path_of(entry), 0);
    TRY(names_.push({entry.inode, entry.device_major, entry.device_minor, path_of(entry)}));
  }
  return fs::mknod(caller_, start(), path_of(entry), entry.mode, make_device(entry.special_major, entry.special_minor));
}

Result<> Unpacker::fill(const CpioEntry& entry) {
  Ref<File> file = TRY(fs::open(caller_, start(), path_of(entry), open_flag::write_only | open_flag::no_follow | open_flag::truncate, 0));
  KernelSource source(entry.data);
  while (source.remaining() > 0) {
    static_cast<void>(TRY(file->write(source)));
  }
  return {};
}

Result<> Unpacker::set_time(const CpioEntry& entry) {
  fs::TimeChange time{fs::TimeChange::Kind::set, entry.modified * second};
  return fs::utimens(caller_, start(), path_of(entry), time, time, 0);
}

Result<> Unpacker::set_attributes(const CpioEntry& entry) {
  TRY(fs::chown(caller_, start(), path_of(entry), entry.uid, entry.gid, 0));
  // After chown(2), which clears the set-id bits.
  if (type_of(entry) != type_symlink) {
    TRY(fs::chmod(caller_, start(), path_of(entry), entry.mode & ~type_mask, 0));
  }
  return set_time(entry);
}

Result<> Unpacker::unpack(const CpioEntry& entry) {
  Result<> made = make(entry);
  if (!made && made.error() == Errno::exist) {
    // A later archive may replace what an earlier one made.
    TRY(fs::unlink(caller_, start(), path_of(entry)));
    made = make(entry);
  }
  if (!made) return made;
  if (type_of(entry) == type_regular && !entry.data.empty()) {
    TRY(fill(entry));
  }
  return set_attributes(entry);
}

bool Unpacker::run(std::span<const std::byte> archive) {
  CpioReader reader(archive);
  CpioEntry entry;
  for (;;) {
    auto status = reader.next(&entry);
    if (status == CpioReader::Status::end) break;
    if (status == CpioReader::Status::broken) {
      print(complaint_, "the initramfs {} (at byte {} of {})", reader.failure(), reader.offset(), archive.size());
      return false;
    }
    if (auto unpacked = unpack(entry); !unpacked) {
      print(complaint_, "the initramfs cannot be unpacked: '{}': {}", entry.path, errno_text(unpacked.error()));
      return false;
    }
  }
  // Directories once more: their times changed with every entry in them.
  CpioReader again(archive);
  while (again.next(&entry) == CpioReader::Status::entry)
    if (type_of(entry) == type_directory) static_cast<void>(set_time(entry));
  return true;
}

}  // namespace

bool unpack_initramfs(std::span<const std::byte> archive, const fs::Caller& caller, Writer& complaint) {
  uint32_t umask = caller.context.set_umask(0);
  bool is_done = Unpacker(caller, complaint).run(archive);
  caller.context.set_umask(umask);
  return is_done;
}

}  // namespace halcyon
