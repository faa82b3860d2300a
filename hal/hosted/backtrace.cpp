// Symbols come from libdw, which finds the debug information where the build left it. Frames come from the compiler's unwind information,
// which leads through signal frames and across a switched stack's beginning, but not out of a jump into nothing: there the frame pointers
// take over, which all our code keeps.
#include "hal/hosted/backtrace.h"

#include <cxxabi.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <execinfo.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace halcyon::hal {
namespace {

constexpr int most_frames = 64;

// This process's modules with their debug information.
class Symbols {
 public:
  Symbols() {
    callbacks_.find_elf = dwfl_linux_proc_find_elf;
    callbacks_.find_debuginfo = dwfl_standard_find_debuginfo;
    callbacks_.debuginfo_path = &debug_path_;
    dwfl_ = dwfl_begin(&callbacks_);
    if (!dwfl_) return;
    dwfl_report_begin(dwfl_);
    dwfl_linux_proc_report(dwfl_, getpid());
    dwfl_report_end(dwfl_, nullptr, nullptr);
  }
  Symbols(const Symbols&) = delete;
  Symbols& operator=(const Symbols&) = delete;
  ~Symbols() {
    if (dwfl_) dwfl_end(dwfl_);
  }

  // A return address may belong to the next line, or even function: the call lies before it.
  void print_frame(Writer& out, int number, uintptr_t address, bool is_return) {
    uintptr_t place = is_return ? address - 1 : address;
    Dwfl_Module* module = dwfl_ ? dwfl_addrmodule(dwfl_, place) : nullptr;
    const char* symbol = module ? dwfl_module_addrname(module, place) : nullptr;
    int status = 0;
    char* readable = symbol ? abi::__cxa_demangle(symbol, nullptr, nullptr, &status) : nullptr;
    print(out, "  #{:<2} {:#014x} {}", number, address, readable ? readable : symbol ? symbol : "?");
    std::free(readable);
    if (Dwarf_Line* line = module ? find_line(module, place) : nullptr) {
      int row = 0;
      dwarf_lineno(line, &row);
      if (const char* file = dwarf_linesrc(line, nullptr, nullptr)) print(out, " ({}:{})", file, row);
    }
    out.write("\n");
  }

 private:
  // dwfl_module_getsrc would do, but for an index of addresses that it needs and clang leaves out.
  static Dwarf_Line* find_line(Dwfl_Module* module, uintptr_t place) {
    Dwarf_Addr bias = 0;
    for (Dwarf_Die* unit = nullptr; (unit = dwfl_module_nextcu(module, unit, &bias));)
      if (dwarf_haspc(unit, place - bias) > 0) return dwarf_getsrc_die(unit, place - bias);
    return nullptr;
  }

  char* debug_path_ = nullptr;
  Dwfl_Callbacks callbacks_{};
  Dwfl* dwfl_ = nullptr;
};

// Frames by frame pointers, as long as they lead up the stack.
int follow_frame_pointers(const ucontext_t& from, uintptr_t* addresses, int room) {
  constexpr uintptr_t farthest = 1 << 20;
  auto sp = static_cast<uintptr_t>(from.uc_mcontext.gregs[REG_RSP]);
  auto frame = static_cast<uintptr_t>(from.uc_mcontext.gregs[REG_RBP]);
  int count = 0;
  // A call into nothing has pushed its return address and done no more.
  addresses[count++] = *reinterpret_cast<const uintptr_t*>(sp);
  while (count < room && frame % 8 == 0 && frame > sp && frame - sp < farthest) {
    auto* pair = reinterpret_cast<const uintptr_t*>(frame);
    addresses[count++] = pair[1];
    sp = frame;
    frame = pair[0];
  }
  return count;
}

}  // namespace

void print_backtrace(Writer& out, int skip) {
  void* frames[most_frames];
  int count = backtrace(frames, most_frames);
  Symbols symbols;
  for (int index = skip + 1; index < count; ++index)
    symbols.print_frame(out, index - skip - 1, reinterpret_cast<uintptr_t>(frames[index]), true);
}

void print_backtrace(Writer& out, const ucontext_t& interrupted) {
  void* frames[most_frames];
  int count = backtrace(frames, most_frames);
  auto pc = static_cast<uintptr_t>(interrupted.uc_mcontext.gregs[REG_RIP]);
  Symbols symbols;
  symbols.print_frame(out, 0, pc, false);
  int first = 0;
  while (first < count && reinterpret_cast<uintptr_t>(frames[first]) != pc) ++first;
  if (first + 1 < count) {
    for (int index = first + 1; index < count; ++index)
      symbols.print_frame(out, index - first, reinterpret_cast<uintptr_t>(frames[index]), true);
    return;
  }
  uintptr_t addresses[most_frames];
  count = follow_frame_pointers(interrupted, addresses, most_frames);
  for (int index = 0; index < count; ++index) symbols.print_frame(out, index + 1, addresses[index], true);
}

}  // namespace halcyon::hal
