// ioctl(2): the requests that every file knows, or every regular one. The others are the file's own (File::control).
#include "core/file/inode.h"
#include "core/task/process/process.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"
#include "syscalls/file/file_flags.h"

namespace halcyon {

namespace {

struct CloneRange {  // struct file_clone_range of ioctl_ficlonerange(2)
  int64_t source;
  uint64_t source_offset, source_length, target_offset;
};

// No file system here shares blocks: what is wrong with the arguments, or EOPNOTSUPP.
Result<uint64_t> refuse_clone(Thread& self, File& target, int source) {
  Ref<File> from = TRY(self.files().get(source));
  if (from->is_path()) return err::badf;
  Attributes to_attributes = TRY(target.attributes());
  Attributes from_attributes = TRY(from->attributes());
  if (to_attributes.device != from_attributes.device) return err::xdev;
  if (to_attributes.type == FileType::directory || from_attributes.type == FileType::directory) return err::isdir;
  if (to_attributes.type != FileType::regular || from_attributes.type != FileType::regular) return err::inval;
  if (!from->is_readable() || !target.is_writable() || (target.flags() & open_flag::append)) return err::badf;
  return err::opnotsupp;
}

Result<uint64_t> control_any(Thread& self, File& file, uint32_t request, UserAddr argument) {
  constexpr uint32_t fionread = 0x541b, fioqsize = 0x5460, ficlone = 0x4004'9409, ficlonerange = 0x4020'940d;
  AddressSpace& memory = self.memory();
  switch (request) {
    case ficlone: return refuse_clone(self, file, static_cast<int>(argument));
    case ficlonerange: {
      CloneRange range = TRY(get_user(memory, UserPtr<const CloneRange>(argument)));
      return refuse_clone(self, file, static_cast<int>(range.source));
    }
    case fionread:
    case fioqsize: {
      Attributes attributes = TRY(file.attributes());
      bool is_regular = attributes.type == FileType::regular;
      if (request == fioqsize) {
        if (!is_regular && attributes.type != FileType::directory && attributes.type != FileType::symlink) return err::notty;
        return as_result(put_user(memory, UserPtr<uint64_t>(argument), attributes.blocks * 512));  // what it takes, not how long it is
      }
      if (!is_regular) return err::notty;
      uint64_t offset = TRY(file.seek(0, Whence::current));
      return as_result(put_user(memory, UserPtr<int>(argument), static_cast<int>(attributes.size - offset)));
    }
    default: return err::notty;
  }
}

}  // namespace

Result<uint64_t> sys_ioctl(Thread& self, Fd fd, IoctlRequest request, Hex argument) {
  constexpr uint32_t figetbsz = 2, fionbio = 0x5421, fioclex = 0x5451, fionclex = 0x5450, fioasync = 0x5452;
  Ref<File> file = TRY(self.files().get(fd));
  if (file->is_path()) return err::badf;
  switch (request) {
    case fioclex:
    case fionclex: return as_result(self.files().set_close_on_exec(fd, request == fioclex));
    case fionbio: {
      int on = TRY(get_user(self.memory(), UserPtr<const int>(argument)));
      uint32_t flags = file->flags();
      file->change_flags(on ? flags | open_flag::nonblock : flags & ~open_flag::nonblock);
      return 0;
    }
    case figetbsz: {
      Attributes attributes = TRY(file->attributes());
      return as_result(put_user(self.memory(), UserPtr<int>(argument), static_cast<int>(attributes.block_size)));
    }
    case fioasync: {
      int on = TRY(get_user(self.memory(), UserPtr<const int>(argument)));
      if (!file->has_async()) return err::notty;
      uint32_t flags = file->flags();
      return as_result(set_flags(self, *file, fd, on ? flags | open_flag::async : flags & ~open_flag::async));
    }
    default: break;
  }
  auto controlled = file->control(self, request, argument);
  if (controlled || controlled.error() != Errno::notty) return controlled;
  return control_any(self, *file, request, argument);
}

}  // namespace halcyon
