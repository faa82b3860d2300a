// What uname(2) and /proc say that this kernel is: the Linux ABI that it follows, and its own name.
#pragma once

#include <string_view>

namespace halcyon {

inline constexpr std::string_view os_type = "Linux";
inline constexpr std::string_view os_release = "6.1.0-halcyon";
inline constexpr std::string_view os_version = "#1 SMP Halcyon";

}  // namespace halcyon
