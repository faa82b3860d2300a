#include "core/file/file.h"

#include "core/file/inode.h"

namespace halcyon {

Result<Attributes> File::attributes() {
  if (Inode* behind = inode()) return behind->attributes();
  return err::badf;
}

}  // namespace halcyon
