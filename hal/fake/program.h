// A user program of the machine without a CPU: a C++ function that runs on a fiber of its own and does everything that touches its process
// through its User (hal/fake/user.h).
#pragma once

#include <cstdint>
#include <functional>

namespace halcyon::hal {

class User;
using Program = std::function<void(User&)>;

// What it means when the function returns.
enum class Ending : uint8_t {
  exit,  // exit(0)
  ret,   // the ISA's return instruction: a signal handler goes back to its restorer
};

}  // namespace halcyon::hal
