// User: what a program of the fake machine can do. Each call is one instruction: it costs a fixed time, may be preempted before, and may
// trap into the kernel, as often as the kernel lets it fault again.
//
// A program that is killed, or whose process executes another, is unwound by an exception: let it pass, and do not call User from
// destructors that may run otherwise. Program functions given to fork and clone must capture by value: they run in another address space,
// and perhaps later.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>

#include "hal/fake/program.h"
#include "hal/trap.h"

namespace halcyon::hal {

class FakeMachine;
class Fiber;

class User {
 public:
  explicit User(Fiber& fiber) : fiber_(fiber) {}
  User(const User&) = delete;
  User& operator=(const User&) = delete;

  FakeMachine& machine() const;
  Isa isa() const;

  // Returns what the result register holds: the result, or minus an errno.
  template <class... T>
  int64_t syscall(uint64_t number, T... arguments) {
    static_assert(sizeof...(T) <= 6);
    return trap_syscall(number, {static_cast<uint64_t>(arguments)...});
  }
  // The same for a call of the clone family: whoever is made by it runs `child`.
  template <class... T>
  int64_t clone(Program child, uint64_t number, T... arguments) {
    set_child(std::move(child));
    return syscall(number, arguments...);
  }
  int64_t fork(Program child);
  [[noreturn]] void exit(int status);

  template <class T>
  T load(uint64_t address) {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    read(address, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  template <class T>
  void store(uint64_t address, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    write(address, std::as_bytes(std::span(&value, 1)));
  }
  void read(uint64_t address, std::span<std::byte> bytes);
  void write(uint64_t address, std::span<const std::byte> bytes);
  // Atomic instructions on aligned words; all return the old value.
  uint32_t exchange(uint64_t address, uint32_t value);
  uint32_t compare_exchange(uint64_t address, uint32_t expected, uint32_t value);
  uint32_t fetch_add(uint64_t address, uint32_t value);

  // Computes for a while; preemptible.
  void work(uint64_t nanoseconds);
  // Goes on at another pc, and leaves the program for good.
  [[noreturn]] void jump(uint64_t address);
  // The return instruction.
  [[noreturn]] void ret();
  // An instruction that cannot be executed. Returns if a signal handler returned here.
  void raise(Exception exception, uint8_t vector = 0, uint16_t error_code = 0);
  // riscv64: makes what was written to code visible to the instruction fetch.
  void fence_instructions();

  uint64_t get(Reg reg) const;
  void set(Reg reg, uint64_t value);
  // The floating-point registers, in the layout of the ISA's signal frame.
  std::span<std::byte> floating_point();

 private:
  int64_t trap_syscall(uint64_t number, const std::array<uint64_t, 6>& arguments);
  void set_child(Program child);
  void spend();
  std::byte* reach(uint64_t address, Access access);
  uint32_t* word(uint64_t address);

  Fiber& fiber_;
};

}  // namespace halcyon::hal
