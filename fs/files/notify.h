// Telling those who watch (core/file/watch) what happened to objects in the tree: the directory that holds the name, with the name, and
// then the object itself. Where nobody watches anything for such events, that costs a look at one word.
#pragma once

#include <string_view>

#include "core/file/watch/notifications.h"
#include "core/task/kernel.h"

namespace halcyon::fs {

class Dentry;
class FileSystem;

// The out-of-line parts of what follows.
void tell(const Dentry& dentry, uint32_t events, bool through_file);
void tell(File& file, uint32_t events);
void tell_closed(const Dentry& dentry, const File& file);
void tell_of_entry(Inode& directory, uint32_t events, std::string_view name, bool is_directory, uint32_t cookie);

// `events` of event::, of what has this name.
inline void note(const Dentry& dentry, uint32_t events) {
  if (Notifications::wants(events)) tell(dentry, events, false);
}
// Of what is open.
inline void note(File& file, uint32_t events) {
  if (Notifications::wants(events)) tell(file, events);
}
// A description is made, or goes; not one that is only a place.
inline void note_open(File& file) {
  if (Notifications::wants(event::open)) tell(file, event::open);
}
inline void note_close(const Dentry& dentry, const File& file) {
  if (Notifications::wants(event::close_write | event::close_nowrite)) tell_closed(dentry, file);
}
// Of a name in a directory.
inline void note_entry(Inode& directory, uint32_t events, std::string_view name, bool is_directory, uint32_t cookie = 0) {
  if (directory.is_watched()) tell_of_entry(directory, events, name, is_directory, cookie);
}
// Of an object, whatever its names.
void note_inode(Inode& inode, uint32_t events);
// A dentry whose name is gone is used no more: if that was the object's last name, the object is gone.
void note_end(const Dentry& dentry);
// The last mount goes.
void note_unmount(const FileSystem& file_system);

}  // namespace halcyon::fs
