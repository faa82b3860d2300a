// PlacedFile: an open description of something in the tree that it holds by its path.
#pragma once

#include "core/file/seekable_file.h"
#include "fs/files/notify.h"
#include "fs/vfs/path.h"

namespace halcyon::fs {

class PlacedFile : public SeekableFile {
 public:
  PlacedFile(Path path, uint32_t flags) : SeekableFile(flags), path_(std::move(path)) {}
  ~PlacedFile() override { note_close(*path_.dentry, *this); }

  Inode* inode() override { return path_.inode(); }
  const Path* location() const override { return &path_; }
  Result<Attributes> attributes() override { return path_.inode()->attributes(); }
  Result<> sync() override { return path_.inode()->sync(); }
  void describe(Writer& out) override {
    if (!write_path(out, path_)) out.write("?");
  }

 protected:
  const Path& path() const { return path_; }
  // A read happened; updates atime unless the mount or the description forbids it.
  void note_access();

 private:
  Path path_;
};

// O_PATH: a place and nothing else (open(2)).
class PathFile final : public PlacedFile {
 public:
  using PlacedFile::PlacedFile;
  Result<size_t> read(Sink&) override { return err::badf; }
  Result<size_t> write(Source&) override { return err::badf; }
  Result<size_t> read_at(uint64_t, Sink&) override { return err::badf; }
  Result<size_t> write_at(uint64_t, Source&) override { return err::badf; }
  Result<uint64_t> seek(int64_t, Whence) override { return err::badf; }
  Result<> truncate(uint64_t) override { return err::badf; }
  Result<> sync() override { return err::badf; }
  Result<> list(DirectoryVisitor&) override { return err::badf; }
  uint32_t poll(PollTable*) override { return poll::nval; }
};

}  // namespace halcyon::fs
