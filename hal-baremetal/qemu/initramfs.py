"""Writes initramfs archives: cpio's newc format (cpio(5)), everything owned by root, in a fixed order."""
import os
import stat


class Archive:
    """Collects entries; bytes() is the archive."""

    def __init__(self):
        self.parts = []
        self.inode = 0

    def add(self, path, mode, data=b'', modified=0, special=(0, 0)):
        self.inode += 1
        name = path.encode() + b'\0'
        fields = [self.inode, mode, 0, 0, 1, modified, len(data), 0, 0, *special, len(name), 0]
        header = b'070701' + b''.join(b'%08x' % field for field in fields)
        self.parts += [self.padded(header + name), self.padded(data)]

    @staticmethod
    def padded(data):
        return data + bytes(-len(data) % 4)

    def add_tree(self, folder, where=''):
        """Everything below `folder` (which is no entry itself), symlinks as such."""
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            path = f'{where}/{entry.name}'.lstrip('/')
            status = entry.stat(follow_symlinks=False)
            modified = int(status.st_mtime)
            if entry.is_symlink():
                self.add(path, status.st_mode, os.readlink(entry.path).encode(), modified)
            elif entry.is_dir():
                self.add(path, status.st_mode, modified=modified)
                self.add_tree(entry.path, path)
            elif entry.is_file():
                with open(entry.path, 'rb') as file:
                    self.add(path, status.st_mode, file.read(), modified)
            else:
                device = (os.major(status.st_rdev), os.minor(status.st_rdev))
                self.add(path, status.st_mode, modified=modified, special=device)

    def add_file(self, path, data, permissions=0o644):
        self.add(path, stat.S_IFREG | permissions, data)

    def bytes(self):
        parts = list(self.parts)
        self.inode += 1
        self.add('TRAILER!!!', 0)
        parts, self.parts = self.parts, parts
        return b''.join(parts)


def of_tree(folder):
    archive = Archive()
    archive.add_tree(folder)
    return archive.bytes()
