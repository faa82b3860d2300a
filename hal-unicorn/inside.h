// What of Unicorn's own code this machine puts something else in place of. Unicorn is linked from its archive, and the linker gives every
// call from one of its object files to another that is named in cmake/hosted.cmake to a function here (--wrap): no line of Unicorn is
// changed or copied. docs/unicorn.md says what each is for.
//
// The functions run inside Engine::run, on the thread that called it, and find the engine by `running`.
#pragma once

#include <unicorn/unicorn.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "core/base/types.h"
#include "hal/trap.h"

namespace halcyon::hal {

// A bit for each frame of RAM.
class FrameSet {
 public:
  // False when memory is short.
  bool resize(uint64_t frames) {
    words_.reset(static_cast<uint64_t*>(std::calloc(frames / 64 + 1, sizeof(uint64_t))));
    frames_ = frames;
    return words_ != nullptr;
  }
  bool contains(uint64_t frame) const { return frame < frames_ && (words_[frame / 64] >> frame % 64 & 1); }
  void insert(uint64_t frame) {
    if (frame < frames_) words_[frame / 64] |= uint64_t{1} << frame % 64;
  }
  void erase(uint64_t frame) {
    if (frame < frames_) words_[frame / 64] &= ~(uint64_t{1} << frame % 64);
  }

 private:
  struct Free {
    void operator()(uint64_t* words) const { std::free(words); }
  };
  std::unique_ptr<uint64_t[], Free> words_;
  uint64_t frames_ = 0;
};

// Unicorn's own types, which nobody here looks into.
struct Translator;    // TCGContext
struct Temporary;     // TCGTemp
struct CpuState;      // CPUState
struct CpuRegisters;  // CPUX86State, CPURISCVState
struct Pages;         // page_collection
struct MemorySection;

class SavedTlbs;

inline constexpr size_t vector_count = 16;  // XMM0..XMM15

// What the functions inside know of the engine that runs.
struct Inside {
  uc_engine* engine = nullptr;
  uint64_t blocks_left = 0;  // of the slice
  std::byte* memory = nullptr;
  uint64_t memory_size = 0;
  Root root = 0;                     // of the user's tables; 0: none, or the boot root
  MemorySection* section = nullptr;  // all of memory, as Unicorn sees it
  bool keeps_tlb = false;            // a change of root empties no TLB
  SavedTlbs* saved_tlbs = nullptr;
  // No translation that Unicorn remembers permits a store to these frames without looking for code in them.
  FrameSet watched_frames;
  // The last pages that code was looked up in: a block lies in at most two.
  struct Page {
    uint64_t address = ~uint64_t{0};
    uint64_t place = ~uint64_t{0};  // in RAM
  };
  Page pages[2];
  unsigned next_page = 0;
  bool is_block_start = false;  // the next check for a stop that is translated is the one at the start of a block
  bool is_syscall = false;      // why the run ended
  CpuState* cpu = nullptr;      // the engine's
  CpuRegisters* registers = nullptr;

  // x86_64 alone (floating_x86_64.h).
  Temporary* registers_argument = nullptr;  // how the translator says that
  bool traps_floating = false;              // some program has unmasked floating-point exceptions
  bool must_translate_anew = false;
  std::byte vectors[vector_count][16] = {};  // before an instruction that may trap
};

// One engine of a thread runs at a time.
inline constinit thread_local Inside* running = nullptr;

// Unicorn's translator puts a check for a stop at the start of each block, and another behind every load and store, each a call. A stop
// here comes at the start of a block, or with the end of one: the others would only cost time, half of a program's.
bool is_wanted_check();

// True if the slice is over: one block more than it holds would start.
inline bool count_block() {
  if (running->blocks_left-- != 0) [[likely]]
    return false;
  running->blocks_left = 0;
  return true;
}

void note_page(CpuRegisters* registers, uint64_t address, uint64_t place);

// Once a block was translated, which tells where the CPU is.
void find_tlb_x86_64(Inside& inside);
void find_tlb_riscv64(Inside& inside);

// A store looks for code in its page only if the translation that it goes by says so. Unicorn makes it say so for the page that a new block
// was found by; a store by another mapping of the frame would change the code unseen. So all translations of the frame are told, unless
// they have been, and no store has come since.
void watch_code(CpuState* cpu, uint64_t start, uint64_t length, void (*watch)(CpuState*, uint64_t, uint64_t));

// A store to `place` has looked for code; from here on its translation may permit the fast way. Unicorn looks in the 64 bytes that the
// store begins in and forgets those that it ends in.
template <class Forget>
void forget_code(uint64_t place, int length, Forget forget) {
  if (running) running->watched_frames.erase(place >> page_shift);
  constexpr uint64_t looked_at = 64;
  int first = static_cast<int>(looked_at - place % looked_at);
  if (first >= length) return forget(place, length);
  forget(place, first);
  forget(place + static_cast<unsigned>(first), length - first);
}

}  // namespace halcyon::hal
