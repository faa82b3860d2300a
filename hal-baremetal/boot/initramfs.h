// Unpacks an initramfs into the tree of files.
#pragma once

#include <cstddef>
#include <span>

#include "core/base/print.h"
#include "fs/vfs/context.h"

namespace halcyon {

// Makes what the archive describes, as its owner, with its modes and times. False, with the reason written to `complaint`, if the archive
// is broken or does not fit.
bool unpack_initramfs(std::span<const std::byte> archive, const fs::Caller& caller, Writer& complaint);

}  // namespace halcyon
