// Frames: the machine's RAM in pages, and FrameRef, the counted handle by which anybody holds one. A frame is returned when its last handle
// goes, so it can neither be freed twice nor used after release. Page-table entries hold a reference each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/result.h"
#include "core/base/types.h"

namespace halcyon {

class FrameAllocator;

// The frame allocator of the kernel that this CPU runs (PerCpu); defined in core/mm/frames/frame_allocator.cpp.
FrameAllocator& frames();

class FrameRef {
 public:
  FrameRef() = default;
  FrameRef(const FrameRef& other) : address_(other.address_) {
    if (*this) retain(address_);
  }
  FrameRef(FrameRef&& other) noexcept : address_(std::exchange(other.address_, none)) {}
  FrameRef& operator=(FrameRef other) noexcept {
    std::swap(address_, other.address_);
    return *this;
  }
  ~FrameRef() {
    if (*this) drop(address_);
  }

  // A fresh frame: zeroed, or with whatever was in it. ENOMEM when there is none.
  static Result<FrameRef> allocate();
  static Result<FrameRef> allocate_uninitialized();
  // A zeroed frame, for which others have to give up theirs if there is none. No spin lock is held.
  static Result<FrameRef> allocate_or_reclaim();

  // Takes over a reference that an entry or a table held.
  static FrameRef adopt(PhysAddr address) { return FrameRef(address); }
  // A second reference to a frame that somebody else keeps during the call.
  static FrameRef share(PhysAddr address) {
    retain(address);
    return FrameRef(address);
  }
  // Gives the reference to whoever keeps the address.
  [[nodiscard]] PhysAddr release() { return std::exchange(address_, none); }

  explicit operator bool() const { return address_ != none; }
  PhysAddr address() const { return address_; }
  std::byte* data() const;  // the page in the direct map
  // True if this handle is the only one: nobody else can take another meanwhile.
  bool is_unique() const;

 private:
  static constexpr PhysAddr none = ~PhysAddr{0};
  explicit FrameRef(PhysAddr address) : address_(address) {}
  static void retain(PhysAddr address);
  static void drop(PhysAddr address);

  PhysAddr address_ = none;
};

}  // namespace halcyon
