#include "fs/block/disk_file.h"

#include "core/mm/user_memory.h"
#include "core/task/process/process.h"
#include "core/task/thread.h"

namespace halcyon::fs {

namespace {

// Requests of linux/fs.h, and one of linux/hdreg.h.
namespace request {
inline constexpr uint32_t is_read_only = 0x125e, sectors = 0x1260, flush = 0x1261, read_ahead = 0x1263, block_size = 0x1268;
inline constexpr uint32_t least_transfer = 0x1278, best_transfer = 0x1279, misalignment = 0x127a, physical_block_size = 0x127b;
inline constexpr uint32_t is_rotational = 0x127e, cache_block_size = 0x8008'1270, size = 0x8008'1272, geometry = 0x301;
}  // namespace request

struct Geometry {
  uint8_t heads, sectors;
  uint16_t cylinders;
  uint64_t start;
};

template <class T>
Result<uint64_t> store(Thread& self, uint64_t address, T value) {
  auto stored = put_user(self.memory(), UserPtr<T>(address), value);
  return stored ? Result<uint64_t>(0) : std::unexpected(stored.error());
}

// Of no meaning, but asked for by tools that partition disks.
Geometry make_geometry(uint64_t size) {
  constexpr uint8_t heads = 16, sectors = 63;
  uint64_t cylinders = size / hal::BlockDevice::sector_size / (heads * sectors);
  return {heads, sectors, static_cast<uint16_t>(std::min<uint64_t>(cylinders, UINT16_MAX)), 0};
}

}  // namespace

Result<size_t> DiskFile::read_at(uint64_t offset, Sink& out) {
  if (is_misaligned(offset, out.remaining())) return err::inval;
  return disk_->page_cache()->read(offset, out);
}

Result<size_t> DiskFile::write_at(uint64_t offset, Source& in) {
  if (disk_->is_read_only()) return err::perm;
  if (in.remaining() == 0) return 0;
  uint64_t size = disk_->size();
  if ((flags() & open_flag::append) || offset >= size) return err::nospc;
  if (is_misaligned(offset, in.remaining())) return err::inval;
  in.truncate(std::min<uint64_t>(in.remaining(), size - offset));
  size_t done = TRY(disk_->write(offset, in));
  Result<> kept;
  if (flags() & (open_flag::sync | open_flag::dsync)) kept = disk_->sync();
  else if (flags() & open_flag::direct) kept = disk_->write_back();
  return kept ? Result<size_t>(done) : std::unexpected(kept.error());
}

Result<uint64_t> DiskFile::control(Thread& self, uint32_t number, uint64_t argument) {
  uint32_t block = disk_->block_size();
  switch (number) {
    case request::is_read_only: return store<int32_t>(self, argument, disk_->is_read_only());
    case request::sectors: return store<uint64_t>(self, argument, disk_->size() / hal::BlockDevice::sector_size);
    case request::size: return store<uint64_t>(self, argument, disk_->size());
    case request::block_size: return store<int32_t>(self, argument, static_cast<int32_t>(block));
    case request::cache_block_size: return store<int32_t>(self, argument, page_size);
    case request::physical_block_size:
    case request::least_transfer: return store<uint32_t>(self, argument, block);
    case request::best_transfer:
    case request::misalignment: return store<uint32_t>(self, argument, 0);
    case request::is_rotational: return store<uint16_t>(self, argument, 0);
    case request::read_ahead: return store<uint64_t>(self, argument, 0);
    case request::geometry: return store<Geometry>(self, argument, make_geometry(disk_->size()));
    case request::flush: {
      if (!has_capability(*self.resources().credentials, capability::sys_admin)) return err::acces;
      auto synced = disk_->sync();
      return synced ? Result<uint64_t>(0) : std::unexpected(synced.error());
    }
    default: return err::notty;
  }
}

}  // namespace halcyon::fs
