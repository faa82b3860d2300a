// Nodes without contents of their own: devices, FIFOs and sockets.
#pragma once

#include "core/ipc/pipe/pipe.h"
#include "fs/tree/node.h"

namespace halcyon::fs {

// A device, or a socket (device 0).
class SpecialNode : public Node {
 public:
  SpecialNode(FileSystem& file_system, const NodeStart& start, uint64_t device) : Node(file_system, start), device_(device) {}
  uint64_t special_device() override { return device_; }

 private:
  uint64_t device_;
};

class FifoNode : public Node {
 public:
  FifoNode(FileSystem& file_system, const NodeStart& start) : Node(file_system, start) {}
  FifoSlot* fifo_slot() override { return &slot_; }

 private:
  FifoSlot slot_;
};

}  // namespace halcyon::fs
