// Directory notices (F_NOTIFY of fcntl(2), "dnotify"): a signal when something happens in a directory that the process has open. A notice
// belongs to a description together with the table of descriptors through which it was asked for.
#pragma once

#include "core/file/file.h"

namespace halcyon {

class FdTable;

namespace directory_notice {
inline constexpr uint32_t access = 1, modify = 2, create = 4, remove = 8, rename = 0x10, attributes = 0x20, many = 0x80000000;
}  // namespace directory_notice

// `what` of directory_notice::, which add up; without any, the notice ends. ENOTDIR, EINVAL (dir-notify-enable), ENOMEM.
Result<> set_directory_notice(File& file, const FdTable& table, int fd, uint32_t what, const void* file_system);
// The table has closed a descriptor of the file; null: the description goes.
void end_directory_notices(const File& file, const FdTable* table);

}  // namespace halcyon
