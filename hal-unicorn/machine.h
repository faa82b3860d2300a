// UnicornMachine: the hosted machine whose slices run in Unicorn.
#pragma once

#include <memory>
#include <vector>

#include "hal-unicorn/context.h"
#include "hal-unicorn/engine.h"
#include "hal-unicorn/target.h"
#include "hal-unicorn/unicorn_machine.h"
#include "hal/hosted/cpus.h"

namespace halcyon::hal {

class UnicornMachine;

class UnicornCpu final : public HostedCpu {
 public:
  UnicornCpu(UnicornMachine& machine, unsigned id);

  // The one engine serves all CPUs, and contexts know by themselves where their registers are.
  void put_back(UserContext&) override {}
  // Unicorn walks the tables again whenever what it remembers does not permit an access: added permission is never missed.
  void flush_local(uint64_t) override {}

 protected:
  Trap run_slice(UserContext& context, Root root, uint64_t& blocks) override;

 private:
  UnicornMachine& machine_;
};

// Swallows output, has no input.
class NullConsole final : public Console {
 public:
  size_t read(std::span<std::byte>) override { return 0; }
  size_t write(std::span<const std::byte> bytes) override { return bytes.size(); }
  bool can_read() override { return true; }
  bool can_write() override { return true; }
  bool at_end() override { return true; }
  bool is_broken() override { return false; }
  Event& event() override { return event_; }
  void want(bool, bool) override {}
  WindowSize window_size() override { return {}; }

 private:
  Event event_;
};

class UnicornMachine final : public HostedMachine {
 public:
  explicit UnicornMachine(const UnicornOptions& options);
  ~UnicornMachine() override;
  // Returns why the machine cannot be built, or nothing.
  std::string start(const UnicornOptions& options);

  Isa isa() const override { return isa_; }
  Memory memory() const override { return {.start = boot::end, .size = engine_.memory_size() - boot::end}; }
  std::byte* direct_map() const override { return engine_.memory(); }
  std::unique_ptr<UserContext> new_context() override;
  void init_root(Root) override {}
  void forget_root(Root root) override { engine_.forget_translations(root); }
  void shoot_down(Root root, uint64_t, uint64_t) override { engine_.forget_translations(root); }
  void sync_code(uint64_t address) override { engine_.code_changed(address); }
  Console& console() override { return *console_; }

  Trap run_slice(UnicornContext& context, Root root, uint64_t& blocks);

 protected:
  void slice_ended() override;

 private:
  Isa isa_;
  Engine engine_;
  std::unique_ptr<Target> target_;
  std::vector<std::unique_ptr<UnicornCpu>> cpus_;
  NullConsole null_console_;
  Console* console_;
  unsigned slices_ = 0;
  bool has_begun_ = false;
};

}  // namespace halcyon::hal
