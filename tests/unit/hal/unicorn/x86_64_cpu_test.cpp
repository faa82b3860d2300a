// What the x86_64 CPU computes and says of itself, where Unicorn's own differs from a real one.
#include <sys/mman.h>

#include <array>
#include <cstring>
#include <string>

#include "tests/unit/hal/unicorn/guest.h"

namespace halcyon::hal {
namespace {

using namespace std::literals;

class X86Cpu : public ::testing::Test {
 protected:
  Guest guest{Isa::x86_64};
};

TEST_F(X86Cpu, CpuidPromisesNoFastStringInstructions) {
  guest.put(0, "\x0f\xa2\x0f\x05"sv);  // cpuid; syscall
  guest.set(general(0), 7);
  guest.set(general(1), 0);
  guest.run();
  EXPECT_EQ(guest.get(general(3)) >> 9 & 1, 0u);  // ERMS
  EXPECT_EQ(guest.get(general(2)) >> 4 & 1, 0u);  // FSRM
  EXPECT_EQ(guest.get(general(3)) >> 8 & 1, 1u);  // BMI2
  EXPECT_EQ(guest.machine->cpu_info().x86_64.structured_ebx >> 9 & 1, 0u);
}

TEST_F(X86Cpu, PortsAreProtected) {
  for (std::string_view code : {"\xe4\x80"sv, "\xe5\x80"sv, "\x66\xed"sv, "\xe6\x80"sv, "\xe7\x80"sv, "\x66\xef"sv, "\x6c"sv, "\x6e"sv}) {
    guest.put(0, code);
    guest.machine->sync_code(guest.code);
    guest.set(general(6), data_at);
    guest.set(general(7), data_at);
    Trap trap = guest.run_at(0);
    expect_exception(trap, Exception::protection);
    EXPECT_EQ(trap.vector, 13);
    EXPECT_EQ(guest.pc(), 0u);
  }
}

TEST_F(X86Cpu, Int1TrapsBehindTheInstruction) {
  guest.put(0, "\xf1\x0f\x05"sv);
  Trap trap = guest.run();
  expect_exception(trap, Exception::breakpoint);
  EXPECT_EQ(trap.vector, 1);
  EXPECT_EQ(guest.pc(), 1u);
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
  // By the two bytes of INT it is one more vector that user code may not use.
  guest.put(16, "\xcd\x01"sv);
  expect_exception(guest.run_at(16), Exception::protection);
  EXPECT_EQ(guest.pc(), 16u);
}

TEST_F(X86Cpu, TrapFlagLetsASystemCallBe) {
  constexpr uint64_t trap_flag = 0x100;
  guest.put(0, "\x0f\x05\x90\x90"sv);
  guest.set(Reg::flags, guest.get(Reg::flags) | trap_flag);
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.pc(), 2u);
  guest.context->finish_syscall(7);
  EXPECT_EQ(guest.get(general(11)) & trap_flag, trap_flag);
  expect_exception(guest.run(), Exception::single_step);
  EXPECT_EQ(guest.pc(), 3u);
  EXPECT_EQ(guest.get(Reg::result), 7u);
}

class X86Vector : public X86Cpu {
 protected:
  static constexpr uint32_t invalid = 1, divide = 4, inexact = 0x20;

  // Runs `code`, which may use xmm0 and xmm1 (the two numbers given) and must not change rdi, and then stores MXCSR.
  Trap run(std::string_view code, double first, double second) {
    guest.store(guest.data + 64, first);
    guest.store(guest.data + 80, second);
    guest.set(general(7), data_at);
    // ldmxcsr (%rdi); movsd 64(%rdi),%xmm0; movsd 80(%rdi),%xmm1
    std::string all = "\x0f\xae\x17\xf2\x0f\x10\x47\x40\xf2\x0f\x10\x4f\x50" + std::string(code);
    at = all.size() - code.size();
    all += "\x0f\xae\x5f\x04\x0f\x05"sv;  // stmxcsr 4(%rdi); syscall
    guest.put(0, all);
    guest.machine->sync_code(guest.code);
    return guest.run_at(0);
  }
  uint32_t flags_after(std::string_view code, double first, double second, uint32_t mxcsr = 0x1f80) {
    guest.store(guest.data, mxcsr);
    EXPECT_EQ(run(code, first, second).kind, Trap::Kind::syscall);
    uint32_t after = guest.load<uint32_t>(guest.data + 4);
    EXPECT_EQ(after & ~0x3fu, mxcsr & ~0x3fu);
    EXPECT_EQ(image<uint32_t>(24), after);
    return after & 0x3f;
  }
  template <class T>
  T image(size_t offset) {
    std::array<std::byte, 512> bytes;
    guest.context->save_floating_point(bytes);
    T value;
    std::memcpy(&value, &bytes[offset], sizeof value);
    return value;
  }

  uint64_t at = 0;
  static constexpr std::string_view divsd = "\xf2\x0f\x5e\xc1"sv, addsd = "\xf2\x0f\x58\xc1"sv, rcpps = "\x0f\x53\xc1"sv,
                                    nearest = "\x66\x0f\x3a\x0b\xc1\x0c"sv, rounded = "\x66\x0f\x3a\x0b\xc1\x04"sv;
};

TEST_F(X86Vector, ArithmeticSetsFlags) {
  EXPECT_EQ(flags_after(divsd, 1, 0), divide);
  EXPECT_EQ(flags_after(divsd, 0, 0), invalid);
  EXPECT_EQ(flags_after(divsd, 1, 3), inexact);
  EXPECT_EQ(flags_after(divsd, 1e308, 1e-308), inexact | 8);   // overflow
  EXPECT_EQ(flags_after(divsd, 1e-308, 1e308), inexact | 16);  // underflow
  EXPECT_EQ(flags_after(addsd, 1, 2), 0u);
  EXPECT_EQ(flags_after(addsd, 1, 2, 0x1f80 | divide), divide) << "flags stay";
  EXPECT_EQ(flags_after(rcpps, 1, 3), 0u);
  EXPECT_EQ(flags_after(nearest, 1, 2.5), 0u);
  EXPECT_EQ(flags_after(rounded, 1, 2.5), inexact);
}

TEST_F(X86Vector, FlagsBelongToTheContext) {
  EXPECT_EQ(flags_after(divsd, 1, 0), divide);
  auto other = guest.new_context();
  other->set(Reg::pc, code_at + at + divsd.size());
  other->set(general(7), data_at);
  EXPECT_EQ(guest.cpu().run(*other, guest.root).kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.load<uint32_t>(guest.data + 4), 0x1f80u);
  EXPECT_EQ(image<uint32_t>(24), 0x1f80 | divide);
  auto child = guest.new_context();
  child->copy_from(*guest.context);
  std::array<std::byte, 512> bytes;
  child->save_floating_point(bytes);
  ASSERT_TRUE(child->load_floating_point(bytes));
  EXPECT_EQ(std::to_integer<int>(bytes[24]) & 0x3f, static_cast<int>(divide));
}

TEST_F(X86Vector, UnmaskedExceptionsTrapAtTheInstruction) {
  constexpr uint32_t unmask_divide = 0x1f80 & ~(divide << 7);
  for (int round = 0; round < 3; ++round) {
    guest.store(guest.data, unmask_divide);
    Trap trap = run(divsd, 1, 0);
    expect_exception(trap, Exception::floating_point);
    EXPECT_EQ(trap.vector, 19);
    EXPECT_EQ(trap.floating_fault, FloatingFault::divide);
    EXPECT_EQ(guest.pc(), at);
    EXPECT_EQ(image<double>(160), 1.0) << "xmm0 as it was";
    EXPECT_EQ(image<uint32_t>(24), unmask_divide | divide);
    EXPECT_EQ(flags_after(divsd, 1, 3, unmask_divide), inexact) << "masked ones do not trap";
    EXPECT_EQ(flags_after(divsd, 1, 0), divide);
  }
}

TEST_F(X86Vector, ExceptionsUnmaskedByTheKernelTrapToo) {
  EXPECT_EQ(flags_after(divsd, 1, 3), inexact);  // translated without checks
  std::array<std::byte, 512> bytes;
  guest.context->save_floating_point(bytes);
  uint32_t mxcsr = 0x1f80 & ~(divide << 7);
  std::memcpy(&bytes[24], &mxcsr, sizeof mxcsr);
  double one = 1, zero = 0;
  std::memcpy(&bytes[160], &one, sizeof one);
  std::memcpy(&bytes[176], &zero, sizeof zero);
  ASSERT_TRUE(guest.context->load_floating_point(bytes));
  expect_exception(guest.run_at(at), Exception::floating_point);
  EXPECT_EQ(guest.pc(), at);
}

// x87 against the host's own: fldl 64(%rdi) twice, the instruction, fstpt (%rsi).
TEST_F(X86Cpu, X87HasAllItsBits) {
  struct {
    std::string_view code;
    const char* name;
  } instructions[] = {{"\xd9\xf0"sv, "f2xm1"},  {"\xd9\xf1"sv, "fyl2x"}, {"\xd9\xf2"sv, "fptan"},   {"\xd9\xf3"sv, "fpatan"},
                      {"\xd9\xf5"sv, "fprem1"}, {"\xd9\xf8"sv, "fprem"}, {"\xd9\xf9"sv, "fyl2xp1"}, {"\xd9\xfb"sv, "fsincos"},
                      {"\xd9\xfe"sv, "fsin"},   {"\xd9\xff"sv, "fcos"}};
  for (const auto& each : instructions) {
    guest.store(guest.data, 3.7L);
    guest.store(guest.data + 16, 0.3L);
    std::string code = "\xdb\x2f\xdb\x6f\x10" + std::string(each.code) + "\xdd\x7f\x40\xdb\x7f\x20\xdb\x7f\x30\xdb\xe3\xc3";
    // fldt (%rdi); fldt 16(%rdi); it; fnstsw 64(%rdi); fstpt 32(%rdi); fstpt 48(%rdi); fninit; ret
    code.back() = '\x0f';
    code += '\x05';
    guest.put(0, code);
    guest.machine->sync_code(guest.code);
    guest.set(general(7), data_at);
    ASSERT_EQ(guest.run_at(0).kind, Trap::Kind::syscall) << each.name;
    code.resize(code.size() - 2);
    code += '\xc3';
    void* native = mmap(nullptr, page_size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(native, MAP_FAILED);
    auto* entry = static_cast<std::byte*>(native) + 64;  // the sanitizers read before a function that is called by a pointer
    std::memcpy(entry, code.data(), code.size());
    alignas(16) std::byte data[80] = {};
    long double first = 3.7L, second = 0.3L;
    std::memcpy(data, &first, sizeof first);
    std::memcpy(data + 16, &second, sizeof second);
    reinterpret_cast<void (*)(void*)>(entry)(data);
    munmap(native, page_size);
    for (size_t offset : {size_t{32}, size_t{40}, size_t{64}})
      EXPECT_EQ(std::memcmp(data + offset, guest.memory(guest.data + offset), offset == 32 ? 8 : 2), 0) << each.name << " " << offset;
    if (each.name == "fptan"sv || each.name == "fsincos"sv)
      EXPECT_EQ(std::memcmp(data + 48, guest.memory(guest.data + 48), 10), 0) << each.name;
  }
}

}  // namespace
}  // namespace halcyon::hal
