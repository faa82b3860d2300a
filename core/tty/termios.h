// Termios: a terminal's settings (termios(3)) in the kernel's generic layout, which x86_64 and riscv64 share, and the bits in them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace halcyon {

namespace tty_input {  // c_iflag
inline constexpr uint32_t ignore_break = 01, break_interrupt = 02, ignore_parity = 04, mark_parity = 010, check_parity = 020;
inline constexpr uint32_t strip = 040, nl_to_cr = 0100, ignore_cr = 0200, cr_to_nl = 0400, flow_output = 02000, any_restarts = 04000;
inline constexpr uint32_t flow_input = 010000, bell_when_full = 020000, utf8 = 040000;
}  // namespace tty_input

namespace tty_output {  // c_oflag
inline constexpr uint32_t process = 01, nl_to_crnl = 04, cr_to_nl = 010, no_cr_at_0 = 020, nl_returns = 040;
inline constexpr uint32_t tab_mask = 014000, expand_tabs = 014000;
}  // namespace tty_output

namespace tty_control {  // c_cflag
inline constexpr uint32_t baud_mask = 010017, baud_38400 = 017, size_8 = 060, enable_receiver = 0200, hang_up_on_close = 02000;
}  // namespace tty_control

namespace tty_local {  // c_lflag
inline constexpr uint32_t signals = 01, canonical = 02, echo = 010, echo_erase = 020, echo_kill = 040, echo_nl = 0100, no_flush = 0200;
inline constexpr uint32_t stop_background_output = 0400, echo_control = 01000, echo_print = 02000, echo_kill_erase = 04000,
                          extended = 0100000;
}  // namespace tty_local

namespace tty_char {  // indices into Termios::characters
inline constexpr size_t interrupt = 0, quit = 1, erase = 2, kill = 3, end_of_file = 4, time = 5, minimum = 6, start = 8, stop = 9,
                        suspend = 10;
inline constexpr size_t end_of_line = 11, reprint = 12, word_erase = 14, literal_next = 15, end_of_line2 = 16;
}  // namespace tty_char

struct Termios {  // struct termios of the system-call ABI: TCGETS, TCSETS
  uint32_t input = tty_input::cr_to_nl | tty_input::flow_output | tty_input::utf8;
  uint32_t output = tty_output::process | tty_output::nl_to_crnl;
  uint32_t control = tty_control::baud_38400 | tty_control::size_8 | tty_control::enable_receiver | tty_control::hang_up_on_close;
  uint32_t local = tty_local::signals | tty_local::canonical | tty_local::echo | tty_local::echo_erase | tty_local::echo_kill |
                   tty_local::echo_control | tty_local::echo_kill_erase | tty_local::extended;
  uint8_t line = 0;  // the line discipline: always N_TTY
  std::array<uint8_t, 19> characters = {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22};
  bool operator==(const Termios&) const = default;
};
static_assert(sizeof(Termios) == 36);

struct Termios2 {  // struct termios2: TCGETS2, TCSETS2
  Termios termios;
  uint32_t input_speed = 38400;
  uint32_t output_speed = 38400;
};
static_assert(sizeof(Termios2) == 44);

}  // namespace halcyon
