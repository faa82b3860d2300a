#include "hal-unicorn/engine.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/mman.h>

#include <cstdlib>
#include <utility>

#include "core/base/assert.h"
#include "core/base/types.h"
#include "hal-unicorn/context.h"
#include "hal-unicorn/target.h"

namespace halcyon::hal {
namespace {

// A failure here is no program's doing: the engine itself is broken.
void must(uc_err error, int line) {
  if (error != UC_ERR_OK) [[unlikely]]
    panic(uc_strerror(error), __FILE__, line);
}

constexpr size_t huge_page = 2 << 20;
constexpr uint32_t code_buffer = 256 << 20;

// In a virtual machine the first touch of a host page can cost 10 to 20 us, of a huge page 300: 512 pages' worth for the price of 25.
std::byte* map_memory(size_t size) {
  size_t room = size + huge_page;
  void* mapping = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) return nullptr;
  auto* start = static_cast<std::byte*>(mapping);
  auto* aligned = reinterpret_cast<std::byte*>(align_up(reinterpret_cast<uintptr_t>(mapping), huge_page));
  if (aligned != start) munmap(start, static_cast<size_t>(aligned - start));
  if (size_t rest = static_cast<size_t>(start + room - (aligned + size)); rest != 0) munmap(aligned + size, rest);
  madvise(aligned, size, MADV_HUGEPAGE);
  return aligned;
}

// An engine allocates and touches about a megabyte, half of it in one piece, which malloc would map afresh each time. Keeping it in the
// heap and having the host fill that in at one go brings an engine's first start from 6 ms to 3, the later ones to 1.
void warm_heap() {
  constexpr size_t size = 1'280 << 10;
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
  mallopt(M_TOP_PAD, 256 << 10);
  void* block = std::malloc(size);
  if (!block) return;
  uintptr_t start = page_ceil(reinterpret_cast<uintptr_t>(block));
  // Since Linux 5.14; only speed is lost without.
  madvise(reinterpret_cast<void*>(start), page_floor(reinterpret_cast<uintptr_t>(block) + size - start), 23 /* MADV_POPULATE_WRITE */);
  std::free(block);
}

}  // namespace

Engine::~Engine() {
  if (engine_) uc_close(engine_);
  if (memory_) munmap(memory_, memory_size_);
}

std::string Engine::open(uc_arch arch, uc_mode mode, uint64_t memory, uint32_t syscall_interrupt) {
  unsigned major, minor;
  unsigned version = uc_version(&major, &minor);
  // 2.0 has no paging for x86; 2.1.1 cannot set the privilege level of riscv and forgets code 2,000 times slower.
  if (version < UC_MAKE_VERSION(2, 1) || (major == 2 && minor == 1 && (version >> 8 & 0xff) < 2))
    return fmt::format("Unicorn {}.{}.{} is too old: 2.1.2 or later is needed", major, minor, version >> 8 & 0xff);
  memory_size_ = page_floor(memory);
  if (memory_size_ < boot::end + page_size) return "the machine needs more memory";
  memory_ = map_memory(memory_size_);
  if (!memory_) return fmt::format("cannot reserve {} bytes of memory for the machine", memory_size_);
  static const bool is_warm = (warm_heap(), true);
  static_cast<void>(is_warm);
  syscall_interrupt_ = syscall_interrupt;

  auto failed = [](const char* what, uc_err error) { return fmt::format("Unicorn: {}: {}", what, uc_strerror(error)); };
  if (uc_err error = uc_open(arch, mode, &engine_)) return failed("cannot open an engine", error);
  // The default, a gibibyte, is more address space than a limited host may grant; when it is full, Unicorn starts anew.
  if (uc_err error = uc_ctl_set_tcg_buffer_size(engine_, code_buffer)) return failed("cannot size the code buffer", error);
  if (uc_err error = uc_ctl_tlb_mode(engine_, UC_TLB_CPU)) return failed("no MMU", error);
  if (uc_err error = uc_mem_map_ptr(engine_, 0, memory_size_, UC_PROT_ALL, memory_)) return failed("cannot map memory", error);
  // With the empty list of exits `until` means nothing; else every return would look it up through the guest's tables.
  if (uc_err error = uc_ctl_exits_enable(engine_)) return failed("cannot switch exits off", error);
  // Hooks only take effect in code translated later.
  uc_hook hook;
  if (uc_err error = uc_hook_add(engine_, &hook, UC_HOOK_INTR, reinterpret_cast<void*>(on_interrupt), this, 1, 0))
    return failed("no interrupt hook", error);
  inside_.engine = engine_;
  inside_.memory = memory_;
  inside_.memory_size = memory_size_;
  inside_.saved_tlbs = &saved_tlbs_;
  if (!inside_.watched_frames.resize(memory_size_ >> page_shift)) return "no memory for the machine";
  copy_size_ = uc_context_size(engine_);
  return {};
}

void Engine::on_interrupt(uc_engine*, uint32_t number, void* argument) {
  auto& engine = *static_cast<Engine*>(argument);
  if (engine.inside_.is_syscall) [[unlikely]] {
    // The trap flag: the system call comes first, and the instruction behind it traps.
    engine.must_repair_ = true;
    return;
  }
  engine.stop_.kind = number == engine.syscall_interrupt_ ? Stop::Kind::syscall : Stop::Kind::interrupt;
  engine.stop_.number = number;
  uc_emu_stop(engine.engine_);
}

Stop Engine::run(uint64_t pc, uint64_t& blocks) {
  Stop stop = run_translated(pc, blocks);
  while (inside_.must_translate_anew) [[unlikely]] {
    inside_.must_translate_anew = false;
    forget_all_code();
    if (stop.kind == Stop::Kind::slice && blocks != 0) stop = run_translated(read(target_->pc_id()), blocks);
  }
  return stop;
}

Stop Engine::run_translated(uint64_t pc, uint64_t& blocks) {
  stop_ = {};
  inside_.blocks_left = blocks;
  inside_.is_syscall = false;
  Inside* outer = std::exchange(running, &inside_);
  uc_err error = uc_emu_start(engine_, pc, ~uint64_t{0}, 0, 0);
  running = outer;
  blocks = inside_.blocks_left;
  if (inside_.is_syscall) stop_.kind = Stop::Kind::syscall;
  if (error != UC_ERR_OK && stop_.kind == Stop::Kind::slice) [[unlikely]] {
    stop_.kind = Stop::Kind::error;
    stop_.error = error;
  }
  return stop_;
}

uc_context* Engine::new_copy() const {
  uc_context* copy = nullptr;
  return uc_context_alloc(engine_, &copy) == UC_ERR_OK ? copy : nullptr;
}

void Engine::save_to(uc_context* copy) { must(uc_context_save(engine_, copy), __LINE__); }

void Engine::restore_from(uc_context* copy) { must(uc_context_restore(engine_, copy), __LINE__); }

void Engine::save(UnicornContext& context) {
  if (live_ != &context || context.is_copy_current_) return;
  context.pc();
  save_to(context.copy_);
  if (must_repair_) target_->repair(context.copy_);
  context.engine_flags_ = target_->engine_flags();
  context.copy_root_ = register_root_;
  context.is_copy_current_ = true;
}

void Engine::load_root(Root root) {
  inside_.keeps_tlb = true;
  Inside* outer = std::exchange(running, &inside_);
  target_->load_root(root);
  running = outer;
  inside_.keeps_tlb = false;
  saved_tlbs_.change(loaded_root_, root);
  loaded_root_ = register_root_ = root;
}

void Engine::hold(UnicornContext& context) {
  if (live_ == &context && !must_repair_) return;
  if (live_) save(*live_);
  restore_from(context.copy_);
  target_->set_engine_flags(context.engine_flags_);
  register_root_ = context.copy_root_;
  live_ = &context;
  must_repair_ = false;
}

void Engine::enter(UnicornContext& context, Root root) {
  if (!changed_frames_.empty() || all_code_changed_) [[unlikely]]
    discard_code();
  hold(context);
  if (loaded_root_ != root || register_root_ != root) load_root(root);
  inside_.root = root;
}

void Engine::code_changed(uint64_t frame) {
  if (all_code_changed_ || (!changed_frames_.empty() && changed_frames_.back() == frame)) return;
  if (changed_frames_.size() == most_frames) {
    all_code_changed_ = true;
    changed_frames_.clear();
  } else {
    changed_frames_.push_back(frame);
  }
}

void Engine::forget_all_code() {
  saved_tlbs_.forget_blocks();
  must(uc_ctl_flush_tb(engine_), __LINE__);
}

// uc_ctl_remove_cache goes by virtual address in the loaded root, so it works under the boot root, which maps all of RAM.
void Engine::discard_code() {
  if (all_code_changed_) {
    forget_all_code();
  } else {
    load_root(boot::root);
    for (uint64_t frame : changed_frames_) {
      uint64_t address = target_->linear_map() + frame;
      must(uc_ctl_remove_cache(engine_, address, address + page_size), __LINE__);
    }
  }
  changed_frames_.clear();
  all_code_changed_ = false;
}

}  // namespace halcyon::hal
