// A machine on Unicorn driven by hand: page tables and machine code without a kernel.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "core/base/types.h"
#include "hal-unicorn/unicorn_machine.h"
#include "hal/isa/isa.h"

namespace halcyon::hal {

inline constexpr uint64_t code_at = 0x40'0000, data_at = 0x60'0000, stack_at = 0x7f'0000, unmapped_at = 0x90'0000;

struct Permission {
  bool write = false;
  bool execute = false;
};
inline constexpr Permission read_only{}, read_write{true, false}, read_execute{false, true}, everything{true, true};

class Guest {
 public:
  explicit Guest(Isa isa, UnicornOptions options = {}) {
    options.isa = isa;
    if (options.memory == uint64_t{1} << 30) options.memory = 16 << 20;
    auto made = make_unicorn_machine(options);
    if (!made) {
      ADD_FAILURE() << made.error();
      std::abort();
    }
    machine = std::move(*made);
    next_frame_ = machine->memory().start;
    root = new_root();
    code = map(root, code_at, read_execute);
    data = map(root, data_at, read_write);
    map(root, stack_at, read_write);
    context = new_context();
  }

  Isa isa() const { return machine->isa(); }
  // The value for this ISA, of one for each in the order of hal::isas.
  template <class... T>
  auto by_isa(T... values) const {
    return choose(isa(), values...);
  }
  Cpu& cpu(unsigned id = 0) { return machine->cpu(id); }
  std::byte* memory(uint64_t address) { return machine->direct_map() + address; }
  template <class T = uint64_t>
  T load(uint64_t address) {
    T value;
    std::memcpy(&value, memory(address), sizeof value);
    return value;
  }
  template <class T>
  void store(uint64_t address, T value) {
    std::memcpy(memory(address), &value, sizeof value);
  }

  uint64_t new_frame() {
    next_frame_ += page_size;
    return next_frame_ - page_size;
  }
  Root new_root() {
    Root fresh = new_frame();
    machine->init_root(fresh);
    return fresh;
  }
  std::unique_ptr<UserContext> new_context() {
    auto fresh = machine->new_context();
    fresh->set(Reg::pc, code_at);
    fresh->set(Reg::sp, stack_at + page_size - 64);
    return fresh;
  }

  uint64_t map(Root tables, uint64_t address, Permission permission) {
    uint64_t frame = new_frame();
    map(tables, address, frame, permission);
    return frame;
  }
  void map(Root tables, uint64_t address, uint64_t frame, Permission permission) {
    store(slot(tables, address), with_traits(isa(), [&]<class Traits>(Traits) {
            return Traits::PageFormat::leaf(frame, true, permission.write, permission.execute, false);
          }));
  }
  void unmap(Root tables, uint64_t address) { store<uint64_t>(slot(tables, address), 0); }
  uint64_t entry(Root tables, uint64_t address) { return load(slot(tables, address)); }

  // Machine code as bytes (x86_64) or words (riscv64) at an offset of the code page.
  void put(uint64_t offset, std::string_view bytes) { std::memcpy(memory(code + offset), bytes.data(), bytes.size()); }
  void put(uint64_t offset, std::initializer_list<uint32_t> words) {
    for (uint32_t word : words) {
      store(code + offset, word);
      offset += sizeof word;
    }
  }

  Trap run() { return cpu().run(*context, root); }
  Trap run_at(uint64_t offset) {
    context->set(Reg::pc, code_at + offset);
    return run();
  }
  uint64_t get(Reg reg) { return context->get(reg); }
  void set(Reg reg, uint64_t value) { context->set(reg, value); }
  uint64_t pc() { return context->get(Reg::pc) - code_at; }

  std::unique_ptr<HostedMachine> machine;
  Root root = 0;
  uint64_t code = 0;  // the frame at code_at
  uint64_t data = 0;  // the frame at data_at
  std::unique_ptr<UserContext> context;

 private:
  uint64_t slot(Root tables, uint64_t address) {
    return with_traits(isa(), [&]<class Traits>(Traits) { return slot_as<typename Traits::PageFormat>(tables, address); });
  }
  template <class Format>
  uint64_t slot_as(Root tables, uint64_t address) {
    uint64_t table = tables;
    for (unsigned level = Format::levels - 1; level > 0; --level) {
      uint64_t at = table + (address >> (12 + 9 * level) & 511) * 8;
      if (load(at) == 0) {
        uint64_t fresh = new_frame();
        store(at, Format::table(fresh));
      }
      table = Format::address(load(at));
    }
    return table + (address >> 12 & 511) * 8;
  }

  uint64_t next_frame_ = 0;
};

inline void expect_fault(const Trap& trap, uint64_t address, Access access) {
  EXPECT_EQ(trap.kind, Trap::Kind::page_fault);
  EXPECT_EQ(trap.address, address);
  EXPECT_EQ(trap.access, access);
}

inline void expect_exception(const Trap& trap, Exception exception) {
  EXPECT_EQ(trap.kind, Trap::Kind::exception);
  EXPECT_EQ(trap.exception, exception);
}

}  // namespace halcyon::hal
