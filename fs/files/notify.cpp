#include "fs/files/notify.h"

#include "fs/vfs/path.h"
#include "fs/vfs/vfs.h"

namespace halcyon::fs {

namespace {

uint32_t of_type(uint32_t events, bool is_directory) { return events | (is_directory ? event::is_directory : 0); }

}  // namespace

void tell(const Dentry& dentry, uint32_t events, bool through_file) {
  Happening what;
  what.events = of_type(events, dentry.is_directory());
  what.by_removed_name = through_file && dentry.is_removed();
  Ref<Inode> directory;
  std::array<char, name_max> name;
  size_t length = 0;
  dentry.file_system().vfs().dentries().with_name(dentry, [&](std::string_view text, Dentry* parent) {
    if (!parent || !parent->inode()->is_watched()) return;
    directory = Ref<Inode>(*parent->inode());
    length = text.copy(name.data(), name.size());
  });
  Notifications& notifications = kernel().notifications();
  if (directory) {
    what.name = {name.data(), length};
    notifications.tell(*directory, what);
  }
  if (!dentry.inode()->is_watched()) return;
  what.name = {};
  notifications.tell(*dentry.inode(), what);
}

void tell(File& file, uint32_t events) {
  if (const Path* place = file.location(); place && !file.is_path()) tell(*place->dentry, events, true);
}

void tell_closed(const Dentry& dentry, const File& file) {
  if (!file.is_path()) tell(dentry, file.is_writable() ? event::close_write : event::close_nowrite, true);
}

void Place::closed(const File& file) { note_close(*path_.dentry, file); }

void tell_of_entry(Inode& directory, uint32_t events, std::string_view name, bool is_directory, uint32_t cookie) {
  kernel().notifications().tell(directory, {.events = of_type(events, is_directory), .name = name, .cookie = cookie});
}

void note_inode(Inode& inode, uint32_t events) {
  if (inode.is_watched()) kernel().notifications().tell(inode, {.events = of_type(events, inode.type() == FileType::directory)});
}

void note_end(const Dentry& dentry) {
  Inode* inode = dentry.inode();
  if (!dentry.is_removed() || !inode || !inode->is_watched()) return;
  auto attributes = inode->attributes();
  if (attributes && attributes->links == 0) kernel().notifications().tell_removed(*inode, dentry.is_directory());
}

void note_unmount(const FileSystem& file_system) {
  if (Kernel* kernel = per_cpu().kernel) kernel->notifications().tell_unmounted(&file_system);
}

}  // namespace halcyon::fs
