// What the ISA's start hands on: the machine, ready to run, and what the boot loader passed.
#pragma once

#include <string_view>

#include "hal-baremetal/common/machine.h"

namespace halcyon {

struct BootInfo {
  std::string_view command_line;
  hal::Machine::MemoryRange initramfs{};  // of physical memory, as a hole of Machine::memory(); size 0: none
};

// Composes the kernel and runs it to its end (boot/main.cpp). On CPU 0's first stack, interrupts on.
[[noreturn]] void boot(hal::BareMachine& machine, const BootInfo& info);

}  // namespace halcyon
