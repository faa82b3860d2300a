#include "core/file/file.h"

#include "core/file/inode.h"
#include "core/task/kernel.h"

namespace halcyon {

File::~File() {
  if (has_locks_.load(std::memory_order_relaxed)) kernel().file_locks().drop_description(*this);
}

void File::forget_async() const {
  if (has_lease_.load(std::memory_order_relaxed)) kernel().leases().forget(*this);
  kernel().async_files().forget(*this);
}

Result<Attributes> File::attributes() {
  if (Inode* behind = inode()) return behind->attributes();
  return err::badf;
}

}  // namespace halcyon
