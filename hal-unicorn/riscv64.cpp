#include "hal-unicorn/riscv64.h"

#include "core/base/types.h"
#include "hal-unicorn/context.h"
#include "hal-unicorn/guest_code.h"
#include "hal-unicorn/snapshot.h"
#include "hal/hosted/host/host_clock.h"
#include "hal/isa/riscv64/page_format.h"

namespace halcyon::hal {
namespace {

// Exception codes (RISC-V privileged specification, table 3.6).
enum Cause : uint32_t {
  misaligned_fetch = 0,
  illegal_instruction = 2,
  breakpoint = 3,
  misaligned_load = 4,
  misaligned_store = 6,
  environment_call = 8,
  fetch_page_fault = 12,
  load_page_fault = 13,
  store_page_fault = 15,
};

constexpr uint64_t user_privilege = 0, supervisor_privilege = 1;
constexpr uint64_t sv39 = uint64_t{8} << 60;
constexpr uint64_t floating_point_on = uint64_t{3} << 13;  // mstatus.FS
constexpr uint64_t all_counters = 7;                       // mcounteren, scounteren: cycle, time, instret

constexpr uint32_t ebreak_code = 0x0010'0073, c_ebreak_code = 0x9002;
constexpr uint32_t rdtime_code = 0xc010'2073, rdtime_mask = 0xffff'f07f;
constexpr uint32_t load_code = 0x0005'b503;                      // ld a0, 0(a1)
constexpr uint32_t rdcycle_code[] = {0xc000'2573, 0x0000'0073};  // rdcycle a0; ecall
constexpr uint64_t load_at = 0, rdcycle_at = 0x10;

// The time CSR counts at 10 MHz, as on QEMU's virt machine.
constexpr int64_t time_unit = 100;

Exception exception_of(uint32_t cause) {
  switch (cause) {
    case illegal_instruction: return Exception::illegal_instruction;
    case breakpoint: return Exception::breakpoint;
    case misaligned_fetch:
    case misaligned_load:
    case misaligned_store: return Exception::misaligned;
    default: return Exception::other;
  }
}

}  // namespace

RiscvTarget::RiscvTarget(Engine& engine) : Target(engine) {
  set_id(Reg::pc, UC_RISCV_REG_PC);
  set_id(Reg::sp, UC_RISCV_REG_SP);
  set_id(Reg::number, UC_RISCV_REG_A7);
  set_id(Reg::result, UC_RISCV_REG_A0);
  set_id(Reg::tls, UC_RISCV_REG_TP);
  for (unsigned index = 0; index < 6; ++index) set_id(argument(index), UC_RISCV_REG_A0 + static_cast<int>(index));
  for (unsigned index = 1; index < 32; ++index) set_id(general(index), UC_RISCV_REG_X0 + static_cast<int>(index));
}

std::string RiscvTarget::start(uint64_t memory, bool is_deterministic) {
  if (std::string failure = engine_.open(UC_ARCH_RISCV, UC_MODE_RISCV64, memory, environment_call); !failure.empty()) return failure;
  build_boot_tables();
  engine_.write(UC_RISCV_REG_MSTATUS, engine_.read(UC_RISCV_REG_MSTATUS) | floating_point_on);
  cpu_info_.riscv64.misa = engine_.read(UC_RISCV_REG_MISA);
  cpu_info_.riscv64.time_frequency = 1'000'000'000 / time_unit;
  engine_.write(UC_RISCV_REG_MCOUNTEREN, all_counters);
  engine_.write(UC_RISCV_REG_SCOUNTEREN, all_counters);
  load_root(boot::root);
  if (std::string failure = calibrate(); !failure.empty()) return failure;
  find_tlb_riscv64(engine_.inside());
  if (!is_deterministic && reads_host_counter()) counter_ = Counter::cycle;
  for (int index = 1; index < 32; ++index) engine_.write(UC_RISCV_REG_X0 + index, 0);
  pristine_ = engine_.new_copy();
  if (!pristine_) return "no memory for a register file";
  engine_.save_to(pristine_);
  return {};
}

// One gibibyte per entry of the root.
void RiscvTarget::build_boot_tables() {
  constexpr uint64_t all_bits = 0xdf;  // D A U X W R V
  std::byte* memory = engine_.memory();
  for (uint64_t address = 0; address < engine_.memory_size(); address += uint64_t{1} << 30) {
    uint64_t entry = riscv64::PageFormat::frame_number(address) | all_bits;
    std::memcpy(memory + boot::root + ((linear_map() + address) >> 30) * sizeof entry, &entry, sizeof entry);
  }
  std::memcpy(memory + boot::code + load_at, &load_code, sizeof load_code);
  std::memcpy(memory + boot::code + rdcycle_at, rdcycle_code, sizeof rdcycle_code);
}

bool RiscvTarget::reads_host_counter() {
  uint64_t before = read_host_counter(), blocks = 16;
  engine_.run(linear_map() + boot::code + rdcycle_at, blocks);
  uint64_t read = engine_.read(UC_RISCV_REG_A0);
  return before != 0 && read >= before && read <= read_host_counter();
}

std::string RiscvTarget::calibrate() {
  constexpr uint64_t nowhere = 0x1'3579'bdf0;
  engine_.write(UC_RISCV_REG_A1, nowhere);
  uint64_t blocks = 16;
  Stop stop = engine_.run(linear_map() + boot::code + load_at, blocks);
  engine_.write(UC_RISCV_REG_A1, 0);
  Snapshot fault(engine_);
  long offset = find_offset<uint64_t>(0, engine_.copy_size(), [&](size_t at) { return fault.word<uint64_t>(at) == nowhere; });
  if (stop.number != load_page_fault || offset < 0)
    return "Unicorn: cannot find the fault address in its CPU's state; this version is not supported";
  fault_address_ = static_cast<size_t>(offset);
  return {};
}

// Unicorn checks privileges here too; and satp flushes only when the ASID changes.
void RiscvTarget::load_root(Root root) {
  engine_.write(UC_RISCV_REG_PRIV, supervisor_privilege);
  engine_.write(UC_RISCV_REG_SATP, sv39 | root >> page_shift);
  engine_.write(UC_RISCV_REG_PRIV, user_privilege);
  uc_ctl_flush_tlb(engine_.handle());
  root_ = root;
}

// Zero, which is no instruction, if it is not readable.
uint32_t RiscvTarget::instruction(uint64_t pc) {
  uint32_t code = 0;
  if (!read_code<riscv64::PageFormat>(engine_.memory(), root_, pc, &code, 2)) return 0;
  if ((code & 3) == 3 && !read_code<riscv64::PageFormat>(engine_.memory(), root_, pc + 2, reinterpret_cast<std::byte*>(&code) + 2, 2))
    return 0;
  return code;
}

bool RiscvTarget::decode(UnicornContext& context, const Stop& stop, Trap& trap) {
  trap = {.kind = Trap::Kind::exception};
  if (stop.kind == Stop::Kind::error) {
    // ebreak comes this way, like encodings that the translator does not know.
    uint32_t code = stop.error == UC_ERR_INSN_INVALID ? instruction(context.pc()) : 0;
    bool is_breakpoint = code == ebreak_code || code == c_ebreak_code;
    trap.vector = is_breakpoint ? static_cast<uint8_t>(breakpoint) : static_cast<uint8_t>(illegal_instruction);
    trap.exception = exception_of(trap.vector);
    return true;
  }
  // Whatever the instruction's size, Unicorn reports its address plus 4.
  context.set_pc(context.pc() - 4);
  trap.vector = static_cast<uint8_t>(stop.number);
  trap.exception = exception_of(stop.number);
  switch (stop.number) {
    case fetch_page_fault: trap.access = Access::execute; break;
    case load_page_fault: trap.access = Access::read; break;
    case store_page_fault: trap.access = Access::write; break;
    case illegal_instruction: {
      uint32_t code = instruction(context.pc());
      time_register_ = code >> 7 & 31;
      return (code & rdtime_mask) != rdtime_code;
    }
    case misaligned_load:
    case misaligned_store: break;
    default: return true;
  }
  if (trap.exception == Exception::other) trap.kind = Trap::Kind::page_fault;
  engine_.save(context);
  trap.address = word_at<uint64_t>(context.copy(), fault_address_);
  if (stop.number == fetch_page_fault && page_floor(trap.address) < page_floor(context.pc())) {
    // After an illegal instruction at the start of a page Unicorn looks at the page before, and reports what it meets there.
    trap = {.kind = Trap::Kind::exception, .exception = Exception::illegal_instruction, .vector = illegal_instruction};
  }
  return true;
}

void RiscvTarget::supply_time(UnicornContext& context, int64_t nanoseconds) {
  if (time_register_ != 0)
    context.write(UC_RISCV_REG_X0 + static_cast<int>(time_register_), static_cast<uint64_t>(nanoseconds / time_unit));
  context.set_pc(context.pc() + 4);
}

void RiscvTarget::finish_syscall(UnicornContext& context, uint64_t result) { context.write(UC_RISCV_REG_A0, result); }

// f0..f31, then fcsr (Linux, struct __riscv_d_ext_state). Unicorn's access to a CSR looks at the CPU object around the register file, which
// a saved copy does not have: it would read wild memory.
namespace {
struct FloatingPoint {
  uint64_t registers[32];
  uint32_t fcsr;
  uint32_t padding;
};
static_assert(sizeof(FloatingPoint) == 264);
}  // namespace

// Arithmetic leaves its exception flags where no register file has them: they would pass from one thread to the next.
uint32_t RiscvTarget::engine_flags() { return static_cast<uint32_t>(engine_.read(UC_RISCV_REG_FFLAGS)); }
void RiscvTarget::set_engine_flags(uint32_t flags) { engine_.write(UC_RISCV_REG_FFLAGS, flags); }

void RiscvTarget::save_floating_point(UnicornContext& context, std::span<std::byte> bytes) {
  engine_.hold(context);
  FloatingPoint image{};
  for (int index = 0; index < 32; ++index) image.registers[index] = context.read(UC_RISCV_REG_F0 + index);
  image.fcsr = static_cast<uint32_t>(context.read(UC_RISCV_REG_FCSR));
  std::memcpy(bytes.data(), &image, sizeof image);
}

bool RiscvTarget::load_floating_point(UnicornContext& context, std::span<const std::byte> bytes) {
  FloatingPoint image;
  std::memcpy(&image, bytes.data(), sizeof image);
  if (image.fcsr & ~0xffu) return false;
  engine_.hold(context);
  for (int index = 0; index < 32; ++index) context.write(UC_RISCV_REG_F0 + index, image.registers[index]);
  context.write(UC_RISCV_REG_FCSR, uint64_t{image.fcsr});
  return true;
}

void RiscvTarget::reset_floating_point(UnicornContext& context) {
  constexpr FloatingPoint initial{};
  load_floating_point(context, std::as_bytes(std::span(&initial, 1)));
}

std::unique_ptr<Target> make_riscv64_target(Engine& engine) { return std::make_unique<RiscvTarget>(engine); }

}  // namespace halcyon::hal
