// What the kernel and its tools know about each ISA. Nobody above asks which ISA it is: they ask description(isa), or, where it is a type
// that differs, with_traits. A new ISA is an enumerator and a folder beside this file whose isa.h has what x86_64/isa.h has; the compiler
// names the rest (docs/adding-an-isa.md).
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "hal/isa/description.h"
#include "hal/isa/riscv64/isa.h"
#include "hal/isa/x86_64/isa.h"
#include "hal/trap.h"

namespace halcyon::hal {

// In the order of their numbers.
inline constexpr std::array isas = {Isa::x86_64, Isa::riscv64};

// use(Traits) of the ISA: for what is a type, as Traits::PageFormat.
template <class Use>
constexpr decltype(auto) with_traits(Isa isa, Use use) {
  switch (isa) {
    case Isa::x86_64: return use(x86_64::Traits{});
    case Isa::riscv64: return use(riscv64::Traits{});
  }
  std::unreachable();
}

template <class Traits>
inline constexpr IsaDescription description_of = describe<Traits>();

constexpr const IsaDescription& description(Isa isa) {
  return with_traits(isa, []<class Traits>(Traits) -> const IsaDescription& { return description_of<Traits>; });
}

// `isas` has every ISA: each is at its number, and none with the number after the last is known.
template <Isa isa>
concept IsDescribed = requires { typename std::integral_constant<uint16_t, description(isa).elf_machine>; };
static_assert([] {
  for (size_t number = 0; number < isas.size(); ++number)
    if (isas[number] != static_cast<Isa>(number)) return false;
  return true;
}());
static_assert(IsDescribed<isas.back()> && !IsDescribed<static_cast<Isa>(isas.size())>, "an ISA is missing in `isas`");

// One value for each ISA, in the order of `isas`: with a further ISA, each place that lacks its value no longer compiles.
template <class... T>
constexpr auto choose(Isa isa, T... values) {
  static_assert(sizeof...(T) == isas.size(), "one value for each ISA");
  return std::array{static_cast<std::common_type_t<T...>>(values)...}[static_cast<size_t>(isa)];
}

}  // namespace halcyon::hal
