// Bringing the x86_64 CPU into user mode, and finding what its interface does not show.
#include <algorithm>
#include <array>
#include <iterator>

#include "core/base/types.h"
#include "hal-unicorn/context.h"
#include "hal-unicorn/floating_x86_64.h"
#include "hal-unicorn/snapshot.h"
#include "hal-unicorn/x86_64.h"
#include "hal/hosted/host/host_clock.h"
#include "hal/isa/x86_64/floating_point.h"

namespace halcyon::hal {
namespace {

// What the boot code frame holds. The data access goes to address 8, where the boot root maps nothing.
constexpr uint64_t sysret_at = 0x00, syscall_at = 0x10, load_at = 0x20, store_at = 0x30, int3_at = 0x40, cpuid_at = 0x50, rdtsc_at = 0x58,
                   divide_at = 0x60;
struct {
  uint64_t offset;
  uint8_t code[8];
} constexpr boot_code[] = {
    {sysret_at, {0x48, 0x0f, 0x07}},
    {syscall_at, {0x0f, 0x05}},
    {load_at, {0x48, 0x8b, 0x04, 0x25, 0x08}},
    {store_at, {0x48, 0x89, 0x04, 0x25, 0x08}},
    {int3_at, {0xcc}},
    {cpuid_at, {0x0f, 0xa2, 0x0f, 0x05}},
    {divide_at, {0xf2, 0x0f, 0x5e, 0xc1, 0x0f, 0x05}},  // divsd %xmm1, %xmm0
    {rdtsc_at, {0x0f, 0x31, 0x0f, 0x05}},
};

constexpr uint64_t cr0_value = 0x8001'0033;  // PG WP NE ET MP PE
constexpr uint64_t cr4_value = 0x5'0620;     // PAE OSFXSR OSXMMEXCPT FSGSBASE OSXSAVE
constexpr uint32_t efer = 0xc000'0080, star = 0xc000'0081;
constexpr uint64_t efer_value = 0xd01;  // NXE LMA LME SCE
constexpr uint64_t star_value = uint64_t{0x23} << 48 | uint64_t{0x10} << 32;

}  // namespace

std::string X86Target::start(uint64_t memory, bool is_deterministic) {
  is_deterministic_ = is_deterministic;
  if (std::string failure = engine_.open(UC_ARCH_X86, UC_MODE_64, memory, ~0u); !failure.empty()) return failure;
  uc_hook hook;
  if (uc_hook_add(engine_.handle(), &hook, UC_HOOK_INSN, reinterpret_cast<void*>(on_cpuid), this, 1, 0, UC_X86_INS_CPUID))
    return "Unicorn: no cpuid hook";
  build_boot_tables();
  if (std::string failure = enter_user_mode(is_deterministic); !failure.empty()) return failure;
  if (std::string failure = calibrate(); !failure.empty()) return failure;
  if (std::string failure = calibrate_floating(); !failure.empty()) return failure;
  find_tlb_x86_64(engine_.inside());
  record_cpuid(is_deterministic);
  if (!is_deterministic && reads_host_counter()) counter_ = Counter::time_stamp;
  for (unsigned index = 0; index < 16; ++index) engine_.write(id(general(index)), 0);
  engine_.write(UC_X86_REG_CR2, 0);
  engine_.write(UC_X86_REG_RFLAGS, 0x202);
  // Unicorn starts with all three 0: programs would run and print wrong floats.
  engine_.write(UC_X86_REG_FPCW, x86_64::initial_x87_control);
  engine_.write(UC_X86_REG_FPTAG, 0xffff);
  engine_.write(UC_X86_REG_MXCSR, x86_64::initial_mxcsr);
  pristine_ = engine_.new_copy();
  if (!pristine_) return "no memory for a register file";
  engine_.save_to(pristine_);
  return {};
}

// One gibibyte per entry.
void X86Target::build_boot_tables() {
  constexpr uint64_t present_writable_user = 7, leaf = 0xe0;  // PS D A
  std::byte* memory = engine_.memory();
  uint64_t entry = boot::table | present_writable_user;
  std::memcpy(memory + boot::root + (linear_map() >> 39) * sizeof entry, &entry, sizeof entry);
  for (uint64_t address = 0; address < engine_.memory_size(); address += uint64_t{1} << 30) {
    entry = address | present_writable_user | leaf;
    std::memcpy(memory + boot::table + (address >> 30) * sizeof entry, &entry, sizeof entry);
  }
  for (const auto& piece : boot_code) std::memcpy(memory + boot::code + piece.offset, piece.code, sizeof piece.code);
}

Stop X86Target::run_boot_code(uint64_t offset) {
  uint64_t blocks = 16;
  return engine_.run(linear_map() + boot::code + offset, blocks);
}

// Without a GDT, IDT or TSS: nothing is ever delivered. Writing CS would change the selector but not the privilege level; SYSRET changes
// both.
std::string X86Target::enter_user_mode(bool is_deterministic) {
  control_ = cr4_value | (is_deterministic ? cr4_tsd : 0);
  engine_.write(UC_X86_REG_CR4, control_);
  engine_.write(UC_X86_REG_CR3, boot::root);
  for (uc_x86_msr msr : {uc_x86_msr{efer, efer_value}, uc_x86_msr{star, star_value}})
    if (uc_reg_write(engine_.handle(), UC_X86_REG_MSR, &msr)) return "Unicorn: cannot write a model specific register";
  engine_.write(UC_X86_REG_CR0, cr0_value);
  engine_.write(UC_X86_REG_RCX, linear_map() + boot::code + syscall_at);
  engine_.write(UC_X86_REG_R11, 0x202);
  if (run_boot_code(sysret_at).kind != Stop::Kind::syscall || (engine_.read(UC_X86_REG_CS) & 3) != 3)
    return "Unicorn: the CPU does not enter user mode";
  return {};
}

std::string X86Target::calibrate() {
  constexpr const char* failure = "Unicorn: cannot find the exception state of its CPU; this version is not supported";
  size_t size = engine_.copy_size();
  Snapshot before(engine_);
  run_boot_code(load_at);
  Snapshot fault(engine_);
  run_boot_code(store_at);
  Snapshot double_fault(engine_);
  long old_exception = find_offset<uint32_t>(0, size, [&](size_t at) {
    return before.word<uint32_t>(at) == ~0u && fault.word<uint32_t>(at) == 14 && double_fault.word<uint32_t>(at) == 8;
  });
  if (old_exception < 0) return failure;
  old_exception_ = static_cast<size_t>(old_exception);

  before.restore();
  if (run_boot_code(store_at).number != 14) return failure;
  Snapshot store_fault(engine_);
  // error_code lies shortly before old_exception in CPUX86State, with exception_is_int right behind it.
  size_t begin = old_exception_ > 200 ? old_exception_ - 200 : 0;
  long error_code = find_offset<uint32_t>(begin & ~size_t{3}, old_exception_,
                                          [&](size_t at) { return fault.word<uint32_t>(at) == 4 && store_fault.word<uint32_t>(at) == 6; });
  if (error_code < 0) return failure;
  error_code_ = static_cast<size_t>(error_code);
  is_software_interrupt_ = error_code_ + sizeof(uint32_t);

  before.restore();
  if (run_boot_code(int3_at).number != 3) return failure;
  Snapshot int3(engine_);
  if (int3.word<uint32_t>(is_software_interrupt_) != 1 || store_fault.word<uint32_t>(is_software_interrupt_) != 0) return failure;
  before.restore();
  return {};
}

// Gives each word that is sought a value that no other has. What is behind the pc in a copy lies as in the engine.
std::string X86Target::calibrate_floating() {
  constexpr uint64_t magic = 0x1357'9bdf'0246'8ace;
  constexpr uint32_t mxcsr = 0x7f80, status = 0x4100, control = 0x27f, top = 5;
  Snapshot before(engine_);
  engine_.write(UC_X86_REG_RAX, magic);
  engine_.write(UC_X86_REG_MXCSR, mxcsr);
  engine_.write(UC_X86_REG_FPSW, status | top << 11);
  engine_.write(UC_X86_REG_FPCW, control);
  for (uint64_t index : {uint64_t{0}, uint64_t{1}}) {
    uint64_t vector[2] = {magic + 1 + index, 0}, number[2] = {magic + 3, 0x3fff};
    uc_reg_write(engine_.handle(), UC_X86_REG_XMM0 + static_cast<int>(index), vector);
    uc_reg_write(engine_.handle(), UC_X86_REG_FP0, number);
  }
  Snapshot after(engine_);
  before.restore();
  size_t size = engine_.copy_size();
  auto place = [&](uint64_t value) { return find_offset<uint64_t>(0, size, [&](size_t at) { return after.word<uint64_t>(at) == value; }); };
  long registers = place(magic), first = place(magic + 1), second = place(magic + 2), numbers = place(magic + 3);
  long mxcsr_place = find_offset<uint32_t>(0, size, [&](size_t at) { return after.word<uint32_t>(at) == mxcsr; });
  long top_place = find_offset<uint32_t>(
      0, size - 8, [&](size_t at) { return after.word<uint32_t>(at) == top && after.word<uint32_t>(at + 4) == (status | control << 16); });

  for (int id : {UC_X86_REG_XMM0, UC_X86_REG_XMM1}) uc_reg_write(engine_.handle(), id, std::array<uint64_t, 2>{}.data());
  run_boot_code(divide_at);
  Snapshot divided(engine_);
  constexpr long near = 64;
  long flags = mxcsr_place < near ? -1
                                  : find_offset<uint8_t>(
                                        static_cast<size_t>(mxcsr_place - near), static_cast<size_t>(mxcsr_place),
                                        [&](size_t at) { return before.word<uint8_t>(at) == 0 && divided.word<uint8_t>(at) == 1; });
  before.restore();
  if (std::min({registers, first, second, numbers, mxcsr_place, top_place, flags}) < 0 || !engine_.inside().registers)
    return "Unicorn: cannot find the floating-point state of its CPU; this version is not supported";
  auto offset = [&](long at) { return static_cast<size_t>(at - registers); };
  copied_registers_ = static_cast<size_t>(registers);
  floating_layout = {.mxcsr = offset(mxcsr_place),
                     .flags = offset(flags),
                     .vectors = offset(first),
                     .vector_size = static_cast<size_t>(second - first),
                     .x87_top = offset(top_place),
                     .x87_registers = offset(numbers)};
  return {};
}

bool X86Target::reads_host_counter() {
  uint64_t before = read_host_counter();
  run_boot_code(rdtsc_at);
  uint64_t read = engine_.read(UC_X86_REG_RDX) << 32 | engine_.read(UC_X86_REG_RAX);
  return before != 0 && read >= before && read <= read_host_counter();
}

X86Target::CpuidLeaf X86Target::cpuid(uint64_t leaf) {
  engine_.write(UC_X86_REG_RAX, leaf);
  engine_.write(UC_X86_REG_RCX, 0);
  run_boot_code(cpuid_at);
  return {engine_.read(UC_X86_REG_RAX), engine_.read(UC_X86_REG_RBX), engine_.read(UC_X86_REG_RCX), engine_.read(UC_X86_REG_RDX)};
}

// Programs do not use what cpuid does not name. ERMS and FSRM promise a fast REP MOVSB and STOSB, which Unicorn executes byte by byte:
// glibc would fill memory at a twentieth of the speed. RDRAND and RDSEED return the host's random numbers and cannot be trapped.
void X86Target::record_cpuid(bool hides_random) {
  constexpr uint64_t rdrand = uint64_t{1} << 30, rdseed = uint64_t{1} << 18, erms = uint64_t{1} << 9, fsrm = uint64_t{1} << 4;
  auto low = [](uint64_t value) { return static_cast<uint32_t>(value); };
  CpuInfo::X86_64& info = cpu_info_.x86_64;
  CpuidLeaf leaf_0 = cpuid(0);
  for (size_t index = 0; uint64_t part : {leaf_0.rbx, leaf_0.rdx, leaf_0.rcx})
    for (int byte = 0; byte < 4; ++byte) info.vendor[index++] = static_cast<char>(part >> 8 * byte);
  info.highest_leaf = low(leaf_0.rax);
  leaf_1_ = cpuid(1);
  leaf_7_ = cpuid(7);
  leaf_7_.rbx &= ~erms;
  leaf_7_.rdx &= ~fsrm;
  if (hides_random) {
    leaf_1_.rcx &= ~rdrand;
    leaf_7_.rbx &= ~rdseed;
  }
  is_cpuid_recorded_ = true;
  info.signature = low(leaf_1_.rax);
  info.cache_line = (low(leaf_1_.rbx) >> 8 & 0xff) * 8;
  info.features_edx = low(leaf_1_.rdx), info.features_ecx = low(leaf_1_.rcx);
  info.structured_ebx = low(leaf_7_.rbx), info.structured_ecx = low(leaf_7_.rcx);
  CpuidLeaf extended = cpuid(0x8000'0001);
  info.extended_edx = low(extended.rdx), info.extended_ecx = low(extended.rcx);
  for (size_t index = 0; uint64_t leaf : {0x8000'0002, 0x8000'0003, 0x8000'0004}) {
    CpuidLeaf name = cpuid(leaf);
    for (uint64_t part : {name.rax, name.rbx, name.rcx, name.rdx})
      for (int byte = 0; byte < 4; ++byte) info.model_name[index++] = static_cast<char>(part >> 8 * byte);
  }
  CpuidLeaf sizes = cpuid(0x8000'0008);
  info.physical_bits = low(sizes.rax) & 0xff, info.virtual_bits = low(sizes.rax) >> 8 & 0xff;
}

// Returns 1 if it has done the instruction's work.
int X86Target::on_cpuid(uc_engine*, void* argument) {
  auto& target = *static_cast<X86Target*>(argument);
  if (!target.is_cpuid_recorded_) return 0;
  uint64_t leaf = target.engine_.read(UC_X86_REG_RAX) & 0xffff'ffff;
  bool is_leaf_7 = leaf == 7 && (target.engine_.read(UC_X86_REG_RCX) & 0xffff'ffff) == 0;
  if (leaf != 1 && !is_leaf_7) return 0;
  const CpuidLeaf& answer = is_leaf_7 ? target.leaf_7_ : target.leaf_1_;
  target.engine_.write(UC_X86_REG_RAX, answer.rax);
  target.engine_.write(UC_X86_REG_RBX, answer.rbx);
  target.engine_.write(UC_X86_REG_RCX, answer.rcx);
  target.engine_.write(UC_X86_REG_RDX, answer.rdx);
  return 1;
}

}  // namespace halcyon::hal
