// How each parameter of each call prints: chosen by the parameter's type, from the same table as the calls themselves.
#include <cstddef>

#include "syscalls/calls.h"
#include "syscalls/strace/structs.h"
#include "syscalls/strace/text.h"
#include "syscalls/strace/vectors.h"

namespace halcyon::strace {

namespace {

constexpr size_t longest_path = 4096;

template <class T>
struct Show {
  static constexpr bool is_output = false;
  static void show(Writer& out, const Call& call, unsigned index) { strace::show(out, static_cast<T>(call.arguments[index])); }
};

template <class Tag, class T>
struct Show<Typed<Tag, T>> {
  static constexpr bool is_output = false;
  static void show(Writer& out, const Call& call, unsigned index) {
    strace::show(out, Typed<Tag, T>{static_cast<T>(call.arguments[index])});
  }
};

// A structure that the call reads.
template <class T>
struct Show<UserPtr<const T>> {
  static constexpr bool is_output = false;
  static void show(Writer& out, const Call& call, unsigned index) { show_at(out, call, UserPtr<const T>(call.arguments[index])); }
};

// A structure that the call fills in, unless it fails.
template <class T>
struct Show<UserPtr<T>> {
  static constexpr bool is_output = true;
  static void show(Writer& out, const Call& call, unsigned index) {
    if (call.has_failed()) show_address(out, call.arguments[index]);
    else show_at(out, call, UserPtr<const T>(call.arguments[index]));
  }
};

template <>
struct Show<UserPtr<const char>> {
  static constexpr bool is_output = false;
  static void show(Writer& out, const Call& call, unsigned index) { show_string(out, call.memory(), call.arguments[index], longest_path); }
};

// A buffer whose size is the next argument.
template <>
struct Show<UserPtr<const std::byte>> {
  static constexpr bool is_output = false;
  static void show(Writer& out, const Call& call, unsigned index) {
    show_bytes(out, call.memory(), call.arguments[index], call.arguments[index + 1]);
  }
};

// A buffer of which the call fills as much as it returns.
struct ShowFilled {
  static constexpr bool is_output = true;
  static void show(Writer& out, const Call& call, unsigned index) {
    if (call.has_failed()) show_address(out, call.arguments[index]);
    else show_bytes(out, call.memory(), call.arguments[index], call.moved());
  }
};
template <>
struct Show<UserPtr<std::byte>> : ShowFilled {};
template <>
struct Show<UserPtr<char>> : ShowFilled {};

template <>
struct Show<UserPtr<const Iovec>> {
  static constexpr bool is_output = false;
  static void show(Writer& out, const Call& call, unsigned index) { show_vectors(out, call, index); }
};

template <>
struct Show<UserPtr<PollFd>> {
  static constexpr bool is_output = false;
  static void show(Writer& out, const Call& call, unsigned index) { show_poll_fds(out, call, index); }
};

template <>
struct Show<UserPtr<HardwareProbe>> {
  static constexpr bool is_output = true;
  static void show(Writer& out, const Call& call, unsigned index) { show_hardware_probes(out, call, index); }
};

template <auto Body>
struct Parameters;
template <class... P, Result<uint64_t> (*Body)(Thread&, P...)>
struct Parameters<Body> {
  // One too many, so that a call without parameters has an array.
  static constexpr std::array<Parameter, sizeof...(P) + 1> all = {Parameter{Show<P>::show, Show<P>::is_output}..., Parameter{}};
  static constexpr std::span<const Parameter> span() { return std::span(all).first(sizeof...(P)); }
};

constexpr std::span<const Parameter> by_call[] = {
#define SYSCALL(name, x86_64, generic, parameters, ...) Parameters<sys_##name>::span(),
#include "syscalls/table.inc"
#undef SYSCALL
};

}  // namespace

std::span<const Parameter> parameters_of(const SyscallEntry& entry) { return by_call[&entry - syscall_entries().data()]; }

}  // namespace halcyon::strace
