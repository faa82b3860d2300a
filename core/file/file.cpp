#include "core/file/file.h"

#include "core/file/inode.h"
#include "core/file/watch/directory_notices.h"
#include "core/task/kernel.h"

namespace halcyon {

File::~File() {
  if (place_) place_->closed(*this);
  if (has_locks_.load(std::memory_order_relaxed)) kernel().file_locks().drop_description(*this);
}

void File::forget_async() const {
  if (has_lease_.load(std::memory_order_relaxed)) kernel().leases().forget(*this);
  if (has_notices()) end_directory_notices(*this, nullptr);
  kernel().async_files().forget(*this);
}

Result<Attributes> File::attributes() {
  if (Inode* behind = inode()) return behind->attributes();
  return err::badf;
}

}  // namespace halcyon
