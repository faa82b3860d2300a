// Flags and commands of calls on files.
#include "core/file/poll.h"
#include "syscalls/strace/names.h"

namespace halcyon::strace {

namespace {

constexpr Name access_modes[] = {{0, "O_RDONLY"}, {1, "O_WRONLY"}, {2, "O_RDWR"}, {3, "O_ACCMODE"}};
constexpr Name open_flags[] = {{0100, "O_CREAT"},        {0200, "O_EXCL"},        {0400, "O_NOCTTY"},       {01000, "O_TRUNC"},
                               {02000, "O_APPEND"},      {04000, "O_NONBLOCK"},   {04010000, "O_SYNC"},     {010000, "O_DSYNC"},
                               {020000, "O_ASYNC"},      {040000, "O_DIRECT"},    {0100000, "O_LARGEFILE"}, {020200000, "O_TMPFILE"},
                               {0200000, "O_DIRECTORY"}, {0400000, "O_NOFOLLOW"}, {01000000, "O_NOATIME"},  {02000000, "O_CLOEXEC"},
                               {010000000, "O_PATH"}};
constexpr Name access_bits[] = {{0, "F_OK"}, {4, "R_OK"}, {2, "W_OK"}, {1, "X_OK"}};
constexpr Name at_flags[] = {{0x100, "AT_SYMLINK_NOFOLLOW"},
                             {0x200, "AT_REMOVEDIR"},
                             {0x400, "AT_SYMLINK_FOLLOW"},
                             {0x800, "AT_NO_AUTOMOUNT"},
                             {0x1000, "AT_EMPTY_PATH"}};
constexpr Name rename_flags[] = {{1, "RENAME_NOREPLACE"}, {2, "RENAME_EXCHANGE"}, {4, "RENAME_WHITEOUT"}};
constexpr Name whences[] = {{0, "SEEK_SET"}, {1, "SEEK_CUR"}, {2, "SEEK_END"}, {3, "SEEK_DATA"}, {4, "SEEK_HOLE"}};
constexpr Name fcntl_commands[] = {{0, "F_DUPFD"},         {1, "F_GETFD"},          {2, "F_SETFD"},
                                   {3, "F_GETFL"},         {4, "F_SETFL"},          {5, "F_GETLK"},
                                   {6, "F_SETLK"},         {7, "F_SETLKW"},         {8, "F_SETOWN"},
                                   {9, "F_GETOWN"},        {10, "F_SETSIG"},        {11, "F_GETSIG"},
                                   {15, "F_SETOWN_EX"},    {16, "F_GETOWN_EX"},     {1026, "F_NOTIFY"},
                                   {36, "F_OFD_GETLK"},    {37, "F_OFD_SETLK"},     {38, "F_OFD_SETLKW"},
                                   {1024, "F_SETLEASE"},   {1025, "F_GETLEASE"},    {1030, "F_DUPFD_CLOEXEC"},
                                   {1031, "F_SETPIPE_SZ"}, {1032, "F_GETPIPE_SZ"},  {1033, "F_ADD_SEALS"},
                                   {1034, "F_GET_SEALS"},  {17, "F_GETOWNER_UIDS"}, {1035, "F_GET_RW_HINT"},
                                   {1036, "F_SET_RW_HINT"}};
constexpr Name ioctl_requests[] = {{0x5401, "TCGETS"},     {0x5402, "TCSETS"},    {0x5403, "TCSETSW"},  {0x5404, "TCSETSF"},
                                   {0x5409, "TCSBRK"},     {0x540a, "TCXONC"},    {0x540b, "TCFLSH"},   {0x540e, "TIOCSCTTY"},
                                   {0x540f, "TIOCGPGRP"},  {0x5410, "TIOCSPGRP"}, {0x5411, "TIOCOUTQ"}, {0x5413, "TIOCGWINSZ"},
                                   {0x5414, "TIOCSWINSZ"}, {0x541b, "FIONREAD"},  {0x5421, "FIONBIO"},  {0x5422, "TIOCNOTTY"},
                                   {0x5429, "TIOCGSID"},   {0x5450, "FIONCLEX"},  {0x5451, "FIOCLEX"},  {0x5452, "FIOASYNC"}};
constexpr Name mount_flags[] = {{1, "MS_RDONLY"},           {2, "MS_NOSUID"},           {4, "MS_NODEV"},       {8, "MS_NOEXEC"},
                                {16, "MS_SYNCHRONOUS"},     {32, "MS_REMOUNT"},         {1024, "MS_NOATIME"},  {2048, "MS_NODIRATIME"},
                                {4096, "MS_BIND"},          {8192, "MS_MOVE"},          {16384, "MS_REC"},     {32768, "MS_SILENT"},
                                {1 << 17, "MS_UNBINDABLE"}, {1 << 18, "MS_PRIVATE"},    {1 << 19, "MS_SLAVE"}, {1 << 20, "MS_SHARED"},
                                {1 << 21, "MS_RELATIME"},   {1 << 24, "MS_STRICTATIME"}};
constexpr Name statx_masks[] = {
    {0xfff, "STATX_ALL"}, {0x7ff, "STATX_BASIC_STATS"}, {1, "STATX_TYPE"},       {2, "STATX_MODE"},      {4, "STATX_NLINK"},
    {8, "STATX_UID"},     {0x10, "STATX_GID"},          {0x20, "STATX_ATIME"},   {0x40, "STATX_MTIME"},  {0x80, "STATX_CTIME"},
    {0x100, "STATX_INO"}, {0x200, "STATX_SIZE"},        {0x400, "STATX_BLOCKS"}, {0x800, "STATX_BTIME"}, {0x1000, "STATX_MNT_ID"}};
constexpr Name flock_operations[] = {{1, "LOCK_SH"}, {2, "LOCK_EX"}, {4, "LOCK_NB"}, {8, "LOCK_UN"}};
constexpr Name fallocate_modes[] = {{1, "FALLOC_FL_KEEP_SIZE"},
                                    {2, "FALLOC_FL_PUNCH_HOLE"},
                                    {8, "FALLOC_FL_COLLAPSE_RANGE"},
                                    {0x10, "FALLOC_FL_ZERO_RANGE"},
                                    {0x20, "FALLOC_FL_INSERT_RANGE"}};
constexpr Name memfd_flags[] = {{1, "MFD_CLOEXEC"}, {2, "MFD_ALLOW_SEALING"}, {4, "MFD_HUGETLB"}};
constexpr Name io_flags[] = {{1, "RWF_HIPRI"}, {2, "RWF_DSYNC"}, {4, "RWF_SYNC"}, {8, "RWF_NOWAIT"}, {0x10, "RWF_APPEND"}};
constexpr Name file_types[] = {{0010000, "S_IFIFO"}, {0020000, "S_IFCHR"}, {0040000, "S_IFDIR"}, {0060000, "S_IFBLK"},
                               {0100000, "S_IFREG"}, {0120000, "S_IFLNK"}, {0140000, "S_IFSOCK"}};
constexpr Name special_bits[] = {{04000, "S_ISUID"}, {02000, "S_ISGID"}, {01000, "S_ISVTX"}};
constexpr Name poll_events[] = {{poll::in, "POLLIN"},         {poll::pri, "POLLPRI"},       {poll::out, "POLLOUT"},
                                {poll::rdnorm, "POLLRDNORM"}, {poll::rdband, "POLLRDBAND"}, {poll::wrnorm, "POLLWRNORM"},
                                {poll::wrband, "POLLWRBAND"}, {poll::err, "POLLERR"},       {poll::hup, "POLLHUP"},
                                {poll::nval, "POLLNVAL"},     {poll::rdhup, "POLLRDHUP"}};
constexpr int at_cwd = -100;

// Octal with a leading 0, of at least three digits.
void show_octal(Writer& out, uint32_t value) {
  if (value < 0100) print(out, "0{:02o}", value);
  else print(out, "0{:o}", value);
}

}  // namespace

void show(Writer& out, DirFd value) {
  if (value == at_cwd) out.write("AT_FDCWD");
  else show(out, value.value);
}

void show(Writer& out, Mode value) {
  if (value & ~07777u) show_file_mode(out, value);
  else show_octal(out, value);
}

void show_file_mode(Writer& out, uint32_t mode) {
  show_choice(out, file_types, mode & 0170000, "S_IFMT");
  for (const Name& bit : special_bits)
    if (mode & bit.value) print(out, "|{}", bit.text);
  out.write("|");
  show_octal(out, mode & 0777);
}

void show(Writer& out, DeviceNumber value) {
  uint64_t major = (value >> 32 & 0xfffff000) | (value >> 8 & 0xfff);
  uint64_t minor = (value >> 12 & 0xffffff00) | (value & 0xff);
  print(out, "makedev({:#x}, {:#x})", major, minor);
}

void show(Writer& out, OpenFlags value) {
  show_choice(out, access_modes, value & 3, "O");
  if (uint32_t rest = value & ~3u) {
    out.write("|");
    show_flags(out, open_flags, rest, "O");
  }
}

void show(Writer& out, AccessMode value) { show_flags(out, access_bits, value, "?_OK"); }
void show(Writer& out, AtFlags value) { show_flags(out, at_flags, value, "AT"); }
void show(Writer& out, RenameFlags value) { show_flags(out, rename_flags, value, "RENAME"); }
void show(Writer& out, Seek value) { show_choice(out, whences, value, "SEEK"); }
void show(Writer& out, FcntlCommand value) { show_choice(out, fcntl_commands, value, "F"); }
void show(Writer& out, MountFlags value) { show_flags(out, mount_flags, value, "MS"); }
void show(Writer& out, StatxMask value) { show_flags(out, statx_masks, value, "STATX"); }
void show(Writer& out, FlockOperation value) { show_flags(out, flock_operations, value, "LOCK"); }
void show(Writer& out, IoFlags value) { show_flags(out, io_flags, value, "RWF"); }
void show(Writer& out, MemfdFlags value) { show_flags(out, memfd_flags, value, "MFD"); }
void show(Writer& out, FallocateMode value) { show_flags(out, fallocate_modes, value, "FALLOC_FL"); }
void show_poll_events(Writer& out, uint32_t events) { show_flags(out, poll_events, events, "POLL"); }

void show(Writer& out, IoctlRequest value) {
  for (const Name& name : ioctl_requests)
    if (name.value == value) return out.write(name.text);
  print(out, "{:#x}", value.value);
}

void show_fcntl_argument(Writer& out, uint32_t command, uint64_t argument) {
  constexpr uint32_t set_descriptor_flags = 2, set_status_flags = 4, duplicate = 0, duplicate_on_exec = 1030, set_pipe_size = 1031;
  constexpr uint32_t set_lease = 1024, notify = 1026, add_seals = 1033;
  constexpr Name descriptor_flags[] = {{1, "FD_CLOEXEC"}}, lease_types[] = {{0, "F_RDLCK"}, {1, "F_WRLCK"}, {2, "F_UNLCK"}};
  constexpr Name seals[] = {
      {1, "F_SEAL_SEAL"}, {2, "F_SEAL_SHRINK"}, {4, "F_SEAL_GROW"}, {8, "F_SEAL_WRITE"}, {0x10, "F_SEAL_FUTURE_WRITE"}};
  constexpr Name notices[] = {{1, "DN_ACCESS"},
                              {2, "DN_MODIFY"},
                              {4, "DN_CREATE"},
                              {8, "DN_DELETE"},
                              {0x10, "DN_RENAME"},
                              {0x20, "DN_ATTRIB"},
                              {0x80000000, "DN_MULTISHOT"}};
  if (command == set_descriptor_flags) show_flags(out, descriptor_flags, argument, "FD");
  else if (command == set_status_flags) show(out, OpenFlags{static_cast<uint32_t>(argument)});
  else if (command == notify) show_flags(out, notices, argument, "DN");
  else if (command == add_seals) show_flags(out, seals, argument, "F_SEAL");
  else if (command == set_lease) show_choice(out, lease_types, argument, "F");
  else if (command == duplicate || command == duplicate_on_exec || command == set_pipe_size) show(out, static_cast<int>(argument));
  else print(out, "{:#x}", argument);
}

}  // namespace halcyon::strace
