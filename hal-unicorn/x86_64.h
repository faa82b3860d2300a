// The x86_64 CPU under Unicorn.
#pragma once

#include "hal-unicorn/target.h"

namespace halcyon::hal {

class X86Target final : public Target {
 public:
  explicit X86Target(Engine& engine);

  std::string start(uint64_t memory, bool is_deterministic) override;
  uint64_t linear_map() const override { return uint64_t{1} << 39; }
  void load_root(Root root) override;
  void repair(uc_context* copy) override;
  bool decode(UnicornContext& context, const Stop& stop, Trap& trap) override;
  void supply_time(UnicornContext& context, int64_t nanoseconds) override;
  void finish_syscall(UnicornContext& context, uint64_t result) override;
  unsigned trap_size() const override { return 2; }
  void write_flags(UnicornContext& context, uint64_t flags) override;
  size_t floating_point_size() const override { return 512; }
  void apply_time_stamps(UnicornContext& context) override;
  void save_floating_point(UnicornContext& context, std::span<std::byte> image) override;
  bool load_floating_point(UnicornContext& context, std::span<const std::byte> image) override;
  void reset_floating_point(UnicornContext& context) override;

 private:
  static constexpr uint64_t cr4_tsd = 4;  // RDTSC faults

  struct CpuidLeaf {
    uint64_t rax, rbx, rcx, rdx;
  };

  void build_boot_tables();
  std::string enter_user_mode(bool is_deterministic);
  std::string calibrate();
  std::string calibrate_floating();
  uint32_t mxcsr(UnicornContext& context);
  void set_mxcsr(UnicornContext& context, uint32_t value);
  void record_cpuid(bool hides_random);
  CpuidLeaf cpuid(uint64_t leaf);
  Stop run_boot_code(uint64_t offset);
  bool reads_host_counter();
  static int on_cpuid(uc_engine*, void* target);
  bool reads(UnicornContext& context, std::span<const uint8_t> code);
  bool is_time_read(UnicornContext& context);

  // Where a copy keeps the words of CPUX86State that Unicorn's interface leaves out.
  size_t error_code_ = 0;
  size_t is_software_interrupt_ = 0;
  size_t old_exception_ = 0;
  size_t copied_registers_ = 0;  // CPUX86State itself

  uint64_t control_ = 0;  // CR4, without what one context changes
  bool is_deterministic_ = false;
  bool is_cpuid_recorded_ = false;  // cpuid answers for leaves 1 and 7 come from here
  CpuidLeaf leaf_1_{}, leaf_7_{};
  bool reads_processor_ = false;  // the time read to be emulated is rdtscp
};

}  // namespace halcyon::hal
