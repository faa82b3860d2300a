// TestCpu: what a host's thread is to locks and counts: a CPU with a number.
#pragma once

#include <cstdlib>

#include "core/task/schedule/per_cpu.h"
#include "hal/hosted/this_cpu.h"

namespace halcyon::test {

class TestCpu final : public hal::Cpu {
 public:
  explicit TestCpu(unsigned id) : Cpu(id), previous_(hal::set_this_cpu(this)) { per_cpu = &data_; }
  ~TestCpu() override { hal::set_this_cpu(previous_); }
  hal::Trap run(hal::UserContext&, hal::Root) override { std::abort(); }
  void put_back(hal::UserContext&) override { std::abort(); }
  void flush_local(uint64_t) override { std::abort(); }
  void set_deadline(int64_t) override {}
  void kick() override {}

 private:
  PerCpu data_;
  hal::Cpu* previous_;
};

}  // namespace halcyon::test
