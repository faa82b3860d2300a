// The drivers behind device nodes. A node, in whatever file system it lies, is only a number; opening it asks the driver that is registered
// for that number for a File.
#pragma once

#include "core/file/file.h"

namespace halcyon::fs {

// Registered for the Vfs's lifetime.
class Device {
 public:
  Device(FileType type, uint64_t number) : type_(type), number_(number) {}
  virtual ~Device() = default;
  FileType type() const { return type_; }
  uint64_t number() const { return number_; }
  // What devfs calls the node that it makes for it, readable and writable by root; empty: it makes none, or has one anyway.
  virtual std::string_view node_name() const { return {}; }
  // A new open description with these flags (open_flag). The VFS then gives it its place. ENXIO, ENODEV; may block.
  virtual Result<Ref<File>> open(uint32_t flags) = 0;
  // What a file system on it reads and writes: an inode whose page cache is the device; null: it has no such contents.
  virtual Inode* contents() { return nullptr; }
  virtual bool is_read_only() const { return false; }
  // sync(2): a disk's cache; the rest keeps nothing back.
  virtual Result<> sync() { return {}; }

 private:
  friend class DeviceRegistry;
  FileType type_;
  uint64_t number_;
  Device* next_ = nullptr;
};

class CharDevice : public Device {
 public:
  explicit CharDevice(uint64_t number) : Device(FileType::character_device, number) {}
};

// Filled while the kernel is composed, then only read.
class DeviceRegistry {
 public:
  void add(Device& device) {
    device.next_ = first_;
    first_ = &device;
  }
  // The last added for that number; null if there is none.
  Device* find(FileType type, uint64_t number) const {
    Device* device = first_;
    while (device && (device->number_ != number || device->type_ != type)) device = device->next_;
    return device;
  }
  // The one after `device`, from null.
  Device* next(Device* device) const { return device ? device->next_ : first_; }

 private:
  Device* first_ = nullptr;
};

}  // namespace halcyon::fs
