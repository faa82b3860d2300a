#include "fs/calls/mounts.h"

#include <bit>

#include "core/base/lock_guard.h"
#include "fs/calls/names.h"

namespace halcyon::fs {

namespace {

constexpr uint32_t propagation = mount_flag::shared | mount_flag::private_mount | mount_flag::slave | mount_flag::unbindable;

Result<> bind(const Caller& caller, const Path& from, const Path& target) {
  if (from.dentry->is_directory() != target.dentry->is_directory()) return err::notdir;
  if (from.dentry->is_removed()) return err::noent;
  Ref<FileSystem> file_system(from.mount->file_system());
  Ref<Mount> mount = TRY(Mount::create(std::move(file_system), from.dentry, from.mount->source(), from.mount->flags()));
  LockGuard guard(caller.vfs().tree());
  caller.vfs().mounts().attach(std::move(mount), target);
  return {};
}

Result<> move(const Caller& caller, std::string_view source, Path target) {
  Path from = TRY(resolve(caller, Start(), source, walk_flag::follow));
  MountTable& mounts = caller.vfs().mounts();
  LockGuard guard(caller.vfs().tree());
  if (from.dentry != from.mount->root() || mounts.place_of(*from.mount).is_empty()) return err::inval;
  if (from.dentry->is_directory() != target.dentry->is_directory()) return err::notdir;
  if (is_below(target, Path{from.mount, from.mount->root()})) return err::loop;
  mounts.move(*from.mount, target);
  return {};
}

// Spaces and the like in /proc/mounts are octal escapes (fstab(5)).
void write_escaped(Writer& out, std::string_view text) {
  for (char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\\') print(out, "\\{:03o}", static_cast<unsigned>(static_cast<uint8_t>(c)));
    else out.write({&c, 1});
  }
}

void write_flags(Writer& out, uint32_t flags) {
  out.write((flags & mount_flag::read_only) ? "ro" : "rw");
  if (flags & mount_flag::no_suid) out.write(",nosuid");
  if (flags & mount_flag::no_dev) out.write(",nodev");
  if (flags & mount_flag::no_exec) out.write(",noexec");
  if (flags & mount_flag::no_atime) out.write(",noatime");
  if (flags & mount_flag::no_dir_atime) out.write(",nodiratime");
  if (flags & mount_flag::relatime) out.write(",relatime");
  if (flags & mount_flag::no_symfollow) out.write(",nosymfollow");
}

// Calls line(mount, text of its place) for every mount that can be reached from `root`.
template <class Line>
Result<> for_each_mount(Vfs& vfs, const Path& root, Line line) {
  unsigned id = 0;
  while (Ref<Mount> mount = vfs.mounts().next(id)) {
    id = mount->id();
    Path top{mount, mount->root()};
    if (!is_below(top, root)) {
      if (top.mount != root.mount) continue;
      top = root;
    }
    TextBuffer place;
    TRY(write_path(place, top, root));
    if (place.has_failed()) return err::nomem;
    line(*mount, place.view());
  }
  return {};
}

}  // namespace

namespace {

// MS_REMOUNT: of the mount's flags, and, unless only this mount is meant, of the file system's options.
Result<> remount(const Caller& caller, const Path& at, uint32_t flags, std::string_view options) {
  if (at.dentry != at.mount->root()) return err::inval;
  uint32_t kept = mount_flag::kept_of(flags);
  // Who says nothing of atime leaves it as it is.
  if (!(flags & (mount_flag::atime_mask | mount_flag::strict_atime)))
    kept = (kept & ~mount_flag::atime_mask) | (at.mount->flags() & mount_flag::atime_mask);
  if (!(flags & mount_flag::bind)) {
    FileSystem& file_system = at.mount->file_system();
    FileSystemType* type = caller.vfs().find_type(file_system.type());
    MountOptions wanted;
    if (type) TRY(wanted.parse(options, type->options(), type->unknown_options()));
    else TRY(wanted.parse(options, {}, MountOptions::Unknown::ignore));  // one of the root's, which no program can mount
    TRY(file_system.reconfigure(wanted));
    kept = wanted.apply_to(kept);
  }
  at.mount->set_flags(kept);
  caller.vfs().mounts().changes().count();
  return {};
}

// The contents of the block device that `source` leads to. ENOTBLK: it leads to something else; ENXIO: no driver has such a device; EACCES:
// there may be no devices where the name is, or it can only be read.
Result<Ref<Inode>> device_at(const Caller& caller, std::string_view source, bool is_read_only) {
  if (source.empty()) return err::inval;
  Path at = TRY(resolve(caller, Start(), source, walk_flag::follow));
  if (at.inode()->type() != FileType::block_device) return err::notblk;
  if (at.mount->flags() & mount_flag::no_dev) return err::acces;
  Device* device = caller.vfs().devices().find(FileType::block_device, at.inode()->special_device());
  if (!device || !device->contents()) return err::nxio;
  if (device->is_read_only() && !is_read_only) return err::acces;
  return Ref<Inode>(*device->contents());
}

// There is one tree of mounts, so that what its parts tell each other makes no difference; but one thing is to be asked for, and nothing
// else.
Result<> change_propagation(const Path& at, uint32_t flags) {
  uint32_t wanted = flags & ~(mount_flag::recursive | mount_flag::silent);
  if (at.dentry != at.mount->root() || (wanted & ~propagation) || !std::has_single_bit(wanted)) return err::inval;
  return {};
}

}  // namespace

Result<> mount(const Caller& caller, std::string_view source, std::string_view target, std::string_view type, uint32_t flags,
               std::string_view options) {
  Path at = TRY(resolve(caller, Start(), target, walk_flag::follow | walk_flag::into_mounts));
  if ((flags & mount_flag::magic_mask) == mount_flag::magic) flags &= ~mount_flag::magic_mask;
  if (flags & mount_flag::no_user) return err::inval;
  if (!has_capability(caller.who, capability::sys_admin)) return err::perm;
  if (flags & mount_flag::remount) return remount(caller, at, flags, options);
  if (flags & mount_flag::bind) {
    if (source.empty()) return err::inval;
    Path from = TRY(resolve(caller, Start(), source, walk_flag::follow));
    return bind(caller, from, at);
  }
  if (flags & propagation) return change_propagation(at, flags);
  if (flags & mount_flag::move) return move(caller, source, std::move(at));
  if (type.empty()) return err::inval;
  FileSystemType* kind = caller.vfs().find_type(type);
  if (!kind) return err::nodev;
  Ref<FileSystem> file_system = TRY(make_file_system(caller, *kind, source, options, &flags));
  return caller.vfs().mount(std::move(file_system), at, source.empty() ? "none" : source, flags);
}

Result<Ref<FileSystem>> make_file_system(const Caller& caller, FileSystemType& type, std::string_view source, std::string_view text,
                                         uint32_t* flags) {
  MountOptions options;
  TRY(options.parse(text, type.options(), type.unknown_options()));
  *flags = options.apply_to(*flags);
  bool is_read_only = (*flags & mount_flag::read_only) != 0;
  Ref<Inode> device;
  if (type.needs_device()) device = TRY(device_at(caller, source, is_read_only));
  return type.create({caller.vfs(), source, options, is_read_only, std::move(device)});
}

Result<> mount_new(const Caller& caller, Ref<FileSystem> file_system, std::string_view source, std::string_view target, uint32_t flags) {
  auto made = mkdir(caller, Start(), target, 0755);
  if (!made && made.error() != Errno::exist) return made;
  Path at = TRY(resolve(caller, Start(), target, walk_flag::follow | walk_flag::directory));
  return caller.vfs().mount(std::move(file_system), at, source, flags);
}

Result<> bind_new(const Caller& caller, const Path& source, std::string_view target) {
  bool is_directory = source.dentry->is_directory();
  auto made = is_directory ? mkdir(caller, Start(), target, 0755) : mknod(caller, Start(), target, 0644, 0);
  if (!made && made.error() != Errno::exist) return made;
  Path at = TRY(resolve(caller, Start(), target, walk_flag::follow));
  return bind(caller, source, at);
}

Result<> umount(const Caller& caller, std::string_view target, uint32_t flags) {
  constexpr uint32_t known = umount_flag::force | umount_flag::detach | umount_flag::expire | umount_flag::no_follow;
  if (flags & ~known) return err::inval;
  if ((flags & umount_flag::expire) && (flags & (umount_flag::force | umount_flag::detach))) return err::inval;
  if (!has_capability(caller.who, capability::sys_admin)) return err::perm;
  // As umount2(".") after chdir(2): what is on top counts.
  Path at = TRY(resolve(caller, Start(), target, walk_flag::into_mounts | ((flags & umount_flag::no_follow) ? 0 : walk_flag::follow)));
  if (at.dentry != at.mount->root()) return err::inval;
  MountTable& mounts = caller.vfs().mounts();
  if (mounts.place_of(*at.mount).is_empty()) return err::inval;  // the root mount stays
  if (at == caller.context.root()) return err::inval;
  Ref<Mount> mount = std::move(at.mount);
  at.dentry = nullptr;
  {
    LockGuard guard(caller.vfs().tree());
    TRY(mounts.detach(*mount, 1, (flags & umount_flag::detach) != 0));
  }
  // As on Linux, nobody is told of what cannot be written now.
  static_cast<void>(mount->file_system().sync());
  return {};
}

Result<> write_mounts(Writer& out, Vfs& vfs, const Path& root) {
  return for_each_mount(vfs, root, [&](const Mount& mount, std::string_view place) {
    write_escaped(out, mount.source());
    out.write(" ");
    write_escaped(out, place);
    print(out, " {} ", mount.file_system().type());
    write_flags(out, mount.flags());
    mount.file_system().write_options(out);
    out.write(" 0 0\n");
  });
}

Result<> write_mountinfo(Writer& out, Vfs& vfs, const Path& root) {
  return for_each_mount(vfs, root, [&](const Mount& mount, std::string_view place) {
    Path above = vfs.mounts().place_of(mount);
    unsigned parent = above.is_empty() ? 0 : above.mount->id();
    print(out, "{} {} 0:{} ", mount.id(), parent, mount.file_system().device() & 0xff);
    TextBuffer inside;
    for (Ref<Dentry> at = mount.root(); at;) {
      Ref<Dentry> next = vfs.dentries().parent(*at);
      if (!next) break;
      TextBuffer longer;
      vfs.dentries().with_name(*at, [&](std::string_view name, const Dentry*) { print(longer, "/{}{}", name, inside.view()); });
      inside = std::move(longer);
      at = std::move(next);
    }
    write_escaped(out, inside.view().empty() ? "/" : inside.view());
    out.write(" ");
    write_escaped(out, place);
    out.write(" ");
    write_flags(out, mount.flags());
    print(out, " - {} ", mount.file_system().type());
    write_escaped(out, mount.source());
    out.write(mount.is_read_only() ? " ro" : " rw");
    mount.file_system().write_options(out);
    out.write("\n");
  });
}

}  // namespace halcyon::fs
