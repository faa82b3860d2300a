// The riscv64 CPU under Unicorn.
#pragma once

#include "hal-unicorn/target.h"

namespace halcyon::hal {

class RiscvTarget final : public Target {
 public:
  explicit RiscvTarget(Engine& engine);

  std::string start(uint64_t memory, bool is_deterministic) override;
  uint64_t linear_map() const override { return uint64_t{1} << 37; }
  void load_root(Root root) override;
  bool decode(UnicornContext& context, const Stop& stop, Trap& trap) override;
  void supply_time(UnicornContext& context, int64_t nanoseconds) override;
  void finish_syscall(UnicornContext& context, uint64_t result) override;
  unsigned trap_size() const override { return 4; }
  size_t floating_point_size() const override { return 264; }
  uint32_t engine_flags() override;
  void set_engine_flags(uint32_t flags) override;
  void save_floating_point(UnicornContext& context, std::span<std::byte> image) override;
  bool load_floating_point(UnicornContext& context, std::span<const std::byte> image) override;
  void reset_floating_point(UnicornContext& context) override;

 private:
  void build_boot_tables();
  std::string calibrate();
  bool reads_host_counter();
  uint32_t instruction(uint64_t pc);

  size_t fault_address_ = 0;    // where a copy keeps CPURISCVState::badaddr: Unicorn sets neither stval nor scause
  unsigned time_register_ = 0;  // destination of the time read to be emulated
  Root root_ = boot::root;
};

}  // namespace halcyon::hal
