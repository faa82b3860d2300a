// The one Unicorn engine of a machine, and what it holds at the moment: which context's registers, which root's translations.
//
// Everything is lazy. A context's registers stay in the engine after a trap until another context runs. What makes translations or
// translated code stale is only noted, and made good once before user code runs next: nobody else can run in between.
#pragma once

#include <unicorn/unicorn.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hal-unicorn/inside.h"
#include "hal-unicorn/saved_tlbs.h"
#include "hal/trap.h"

namespace halcyon::hal {

class Target;
class UnicornContext;

// Where the machine keeps what it needs of the bottom of RAM. The boot root maps all of RAM at linear_map, for user mode, executable.
namespace boot {
inline constexpr uint64_t root = 0x1000, table = 0x2000, code = 0x3000, end = 0x4000;
}  // namespace boot

// Why Engine::run came back.
struct Stop {
  enum class Kind : uint8_t { slice, syscall, interrupt, error };
  Kind kind = Kind::slice;
  uint32_t number = 0;  // interrupt
  uc_err error = UC_ERR_OK;
};

class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  // Returns why not, or nothing. `syscall_interrupt`: the interrupt number that is a system call, if it comes that way.
  std::string open(uc_arch arch, uc_mode mode, uint64_t memory, uint32_t syscall_interrupt);
  void set_target(Target& target) { target_ = &target; }

  uc_engine* handle() const { return engine_; }
  std::byte* memory() const { return memory_; }
  uint64_t memory_size() const { return memory_size_; }

  uint64_t read(int id) const {
    uint64_t value = 0;
    uc_reg_read(engine_, id, &value);
    return value;
  }
  void write(int id, uint64_t value) { uc_reg_write(engine_, id, &value); }

  // Runs user code from `pc`, at most `blocks` blocks; leaves in `blocks` how many are left.
  Stop run(uint64_t pc, uint64_t& blocks);

  Inside& inside() { return inside_; }
  // A program has unmasked floating-point exceptions.
  void trap_floating() {
    if (!inside_.traps_floating) inside_.traps_floating = all_code_changed_ = true;
  }

  // Saved register files.
  uc_context* new_copy() const;  // null when memory is short
  size_t copy_size() const { return copy_size_; }
  void save_to(uc_context* copy);
  void restore_from(uc_context* copy);

  // Makes the engine hold `context` over `root`, with no stale translation.
  void enter(UnicornContext& context, Root root);
  // The first half of that: for registers that Unicorn can only reach in the engine.
  void hold(UnicornContext& context);
  bool holds(const UnicornContext& context) const { return live_ == &context; }
  // Brings a live context's copy up to date; the engine still holds it.
  void save(UnicornContext& context);
  void detach(UnicornContext& context) {
    if (live_ == &context) live_ = nullptr;
  }
  // An exception left traces in the engine that the target's repair() removes.
  void needs_repair() { must_repair_ = true; }

  // The next run finds no translation of `root` made before.
  void forget_translations(Root root) {
    if (loaded_root_ == root) loaded_root_ = no_root;
    saved_tlbs_.forget(root);
  }
  // The same of the root that is loaded.
  void forget_translations() { loaded_root_ = no_root; }
  // The next run finds no translated code of the frame.
  void code_changed(uint64_t frame);

 private:
  static void on_interrupt(uc_engine*, uint32_t number, void* engine);
  Stop run_translated(uint64_t pc, uint64_t& blocks);
  void load_root(Root root);
  void discard_code();
  void forget_all_code();

  static constexpr Root no_root = SavedTlbs::none;
  static constexpr size_t most_frames = 256;  // from here on forgetting all code is cheaper

  uc_engine* engine_ = nullptr;
  std::byte* memory_ = nullptr;
  uint64_t memory_size_ = 0;
  size_t copy_size_ = 0;
  Target* target_ = nullptr;

  UnicornContext* live_ = nullptr;
  bool must_repair_ = false;
  Root loaded_root_ = no_root;    // what the translations that the engine remembers belong to
  Root register_root_ = no_root;  // what its root register says: restoring a context changes it without forgetting translations

  Stop stop_;
  uint32_t syscall_interrupt_ = ~0u;
  SavedTlbs saved_tlbs_;
  Inside inside_;
  std::vector<uint64_t> changed_frames_;
  bool all_code_changed_ = false;
};

}  // namespace halcyon::hal
