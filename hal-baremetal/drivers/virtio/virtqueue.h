// Virtqueue: the ring through which a driver hands buffers to a virtio device and gets them back (Virtual I/O Device
// specification 1.2, 2.7, "Split Virtqueues", without indirect descriptors and event indices).
//
// The driver chains descriptors of a table and writes the chain's head into the ring of what is available; the device writes the head into
// the ring of what is used. The table and the rings are shared with the device, which may scribble over all of it: so what the driver must
// be able to rely on, which entries are free and how long chains are, is kept beside it, and what the device says is held against it. A
// device that lies makes the queue broken: it gives nothing back any more.
//
// Not locked: the driver does.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "hal-baremetal/drivers/dma_memory.h"
#include "hal-baremetal/drivers/virtio/transport.h"

namespace halcyon::hal {

class Virtqueue {
 public:
  static constexpr uint16_t most_entries = 64;

  struct Part {
    uint64_t address;  // the device's
    uint32_t size;
    bool is_for_device_to_write;
  };
  // A chain that came back: its number, and how many bytes the device says it wrote, which are not more than there is room for.
  struct Finished {
    uint16_t chain;
    uint32_t written;
  };

  // `size` is a power of two, at most most_entries. False: no memory.
  bool initialize(DmaMemory& memory, uint16_t size);
  uint16_t size() const { return size_; }
  VirtioTransport::QueuePlace place() const { return place_; }

  // Makes a chain available; all that the device is to read comes before what it is to write. Returns the chain's number, which is below
  // size(); nothing if there are not so many entries free. The device then has to be notified, if wants_notification().
  std::optional<uint16_t> offer(std::span<const Part> parts);
  bool wants_notification() const;
  // A chain that the device is done with; nothing if there is none, or the queue is broken.
  std::optional<Finished> take();
  bool is_broken() const { return is_broken_; }
  // The device need not interrupt for what it finishes.
  void silence();

  unsigned free_entries() const { return free_entries_; }
  unsigned offered_chains() const { return offered_chains_; }

 private:
  struct Descriptor {
    uint64_t address;
    uint32_t size;
    uint16_t flags;
    uint16_t next;
  };
  struct UsedEntry {
    uint32_t chain;
    uint32_t written;
  };
  // The rings: two numbers of 16 bits, then the entries.
  struct Available {
    uint16_t flags, next;
    uint16_t chains[];
  };
  struct Used {
    uint16_t flags, next;
    UsedEntry entries[];
  };

  uint16_t size_ = 0;
  bool is_broken_ = false;
  Descriptor* descriptors_ = nullptr;
  Available* available_ = nullptr;
  Used* used_ = nullptr;
  VirtioTransport::QueuePlace place_{};

  uint16_t offered_ = 0;  // how many chains were made available, and taken: modulo 2^16, as the rings count
  uint16_t taken_ = 0;
  uint16_t free_entries_ = 0, offered_chains_ = 0;
  uint16_t first_free_ = 0;
  std::array<uint16_t, most_entries> next_{};     // of an entry in its chain, or among the free ones
  std::array<uint16_t, most_entries> lengths_{};  // of the chain that begins there; 0: none does
  std::array<uint32_t, most_entries> room_{};     // what the device may write into that chain
};

}  // namespace halcyon::hal
