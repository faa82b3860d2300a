// Unwinding a guest's stack on the host. libdw follows the unwind information of the guest's files; where there is none, or where it stops,
// frame pointers lead on.
#include <fmt/format.h>

#include <span>

#include "cli/death/guest_symbols.h"
#include "hal/isa/isa.h"

namespace halcyon::cli {
namespace {

constexpr size_t most_frames = 64;

class Unwinder {
 public:
  Unwinder(const GuestDeath& death, const GuestSymbols& symbols)
      : death_(death), isa_(hal::description(death.isa).unwinding), symbols_(symbols) {
    for (size_t number = 0; number < isa_.dwarf_registers.size(); ++number)
      registers_.push_back(death.registers[isa_.dwarf_registers[number]]);
    pc_ = death.pc;
  }

  std::string run() {
    if (!is_code(pc_)) leave_nothing();
    follow_unwind_information();
    follow_frame_pointers();
    return std::move(text_);
  }

 private:
  bool is_code(uint64_t address) const {
    const GuestMapping* mapping = death_.mapping_at(address);
    return mapping && mapping->is_executable;
  }

  void add(uint64_t address, bool is_return) {
    text_ += fmt::format("  #{:<2} {:#014x} {}\n", count_++, address, symbols_.describe(address, is_return));
  }

  // A call into nothing: its frame is there, and nothing else happened.
  void leave_nothing() {
    add(pc_, false);
    if (!isa_.call_pushes) {
      pc_ = registers_[isa_.dwarf_return_address];
    } else if (auto pushed = death_.word(death_.sp)) {
      pc_ = *pushed;
      registers_[7] += sizeof(uint64_t);
    }
    after_call_ = true;
  }

  void follow_unwind_information() {
    static constexpr Dwfl_Thread_Callbacks callbacks = {next_thread, nullptr, read_memory, set_registers, nullptr, nullptr};
    frame_pointer_ = registers_[isa_.dwarf_frame_pointer];
    Dwfl* dwfl = symbols_.dwfl();
    if (dwfl && dwfl_attach_state(dwfl, nullptr, death_.pid, &callbacks, this)) dwfl_getthread_frames(dwfl, death_.pid, take_frame, this);
    if (frames_ == 0) add(pc_, after_call_);
  }

  void follow_frame_pointers() {
    uint64_t frame = frame_pointer_;
    while (count_ < most_frames) {
      auto next = death_.word(frame + static_cast<uint64_t>(isa_.saved_frame_pointer));
      auto address = death_.word(frame + static_cast<uint64_t>(isa_.saved_return_address));
      if (!next || !address || !is_code(*address)) return;
      if (*address != last_ || frames_ <= 1) add(*address, true);
      if (*next <= frame) return;
      frame = *next;
    }
  }

  static pid_t next_thread(Dwfl*, void* self, void** thread) {
    if (*thread) return 0;
    *thread = self;
    return static_cast<Unwinder*>(self)->death_.pid;
  }

  static bool read_memory(Dwfl*, Dwarf_Addr address, Dwarf_Word* result, void* self) {
    auto word = static_cast<Unwinder*>(self)->death_.word(address);
    if (word) *result = *word;
    return word.has_value();
  }

  static bool set_registers(Dwfl_Thread* thread, void* argument) {
    auto& self = *static_cast<Unwinder*>(argument);
    if (!dwfl_thread_state_registers(thread, 0, static_cast<unsigned>(self.registers_.size()), self.registers_.data())) return false;
    if (self.isa_.call_pushes && !dwfl_thread_state_registers(thread, static_cast<int>(self.isa_.dwarf_return_address), 1, &self.pc_))
      return false;
    dwfl_thread_state_register_pc(thread, self.pc_);
    return true;
  }

  static int take_frame(Dwfl_Frame* frame, void* argument) {
    auto& self = *static_cast<Unwinder*>(argument);
    Dwarf_Addr pc = 0;
    bool is_activation = false;
    if (!dwfl_frame_pc(frame, &pc, &is_activation) || pc == 0) return DWARF_CB_ABORT;
    // libdw's first frame is always one that was interrupted.
    bool is_return = self.frames_++ == 0 ? self.after_call_ : !is_activation;
    self.add(pc, is_return);
    self.last_ = pc;
    Dwarf_Word pointer = 0;
    if (dwfl_frame_reg(frame, self.isa_.dwarf_frame_pointer, &pointer) == 0) self.frame_pointer_ = pointer;
    return self.count_ < most_frames ? DWARF_CB_OK : DWARF_CB_ABORT;
  }

  const GuestDeath& death_;
  const hal::Unwinding& isa_;
  const GuestSymbols& symbols_;
  std::vector<Dwarf_Word> registers_;  // by DWARF number
  uint64_t pc_ = 0, frame_pointer_ = 0, last_ = 0;
  bool after_call_ = false;
  size_t count_ = 0, frames_ = 0;
  std::string text_;
};

}  // namespace

std::string describe_backtrace(const GuestDeath& death) {
  GuestSymbols symbols(death);
  return Unwinder(death, symbols).run();
}

}  // namespace halcyon::cli
