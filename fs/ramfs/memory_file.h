// Files that only their descriptors know (memfd_create(2)): in a RamFileSystem that is mounted nowhere, made when the first is asked for.
#pragma once

#include "fs/vfs/context.h"

namespace halcyon::fs {

// A new empty file, open for reading and writing; /proc shows it as "/memfd:NAME (deleted)". ENOMEM, ENAMETOOLONG.
Result<Ref<File>> open_memory_file(const Caller& caller, std::string_view name, bool can_be_sealed);

}  // namespace halcyon::fs
