#include "cli/death/guest_death.h"

#include <algorithm>
#include <cstring>

#include "core/mm/user_memory.h"
#include "core/task/process/process.h"
#include "core/task/thread.h"
#include "hal/isa/isa.h"

namespace halcyon::cli {
namespace {

constexpr size_t stack_limit = 512 << 10;

static_assert(std::ranges::all_of(hal::isas, [](hal::Isa isa) {
  return hal::description(isa).general_registers <= std::tuple_size_v<decltype(GuestDeath::registers)>;
}));

class StringWriter final : public Writer {
 public:
  void write(std::string_view part) override { text += part; }
  std::string text;
};

class Mappings final : public VmaVisitor {
 public:
  explicit Mappings(std::vector<GuestMapping>& mappings) : mappings_(mappings) {}
  bool vma(const Vma& vma, const PageTables&) override {
    bool is_executable = (vma.protection & prot::execute) != 0;
    if (!vma.file && !is_executable) return true;
    StringWriter name;
    if (vma.file) vma.file->describe(name);
    else if (vma.name) name.write(vma.name);
    mappings_.push_back({vma.start, vma.end, vma.offset, is_executable, std::move(name.text), vma.file});
    return true;
  }

 private:
  std::vector<GuestMapping>& mappings_;
};

}  // namespace

const GuestMapping* GuestDeath::mapping_at(uint64_t address) const {
  for (const GuestMapping& mapping : mappings)
    if (address >= mapping.start && address < mapping.end) return &mapping;
  return nullptr;
}

std::optional<uint64_t> GuestDeath::word(uint64_t address) const {
  uint64_t value;
  if (address < sp || stack.size() < sizeof value || address - sp > stack.size() - sizeof value) return std::nullopt;
  std::memcpy(&value, stack.data() + (address - sp), sizeof value);
  return value;
}

void DeathWatch::dies(Thread& thread, const SignalInfo& info) {
  if (death_) return;
  GuestDeath& death = death_.emplace();
  hal::UserContext& context = thread.context();
  death.isa = thread.kernel().machine().isa();
  death.info = info;
  death.name = thread.name.data();
  death.pid = thread.process().pid();
  death.pc = context.get(hal::Reg::pc);
  death.sp = context.get(hal::Reg::sp);
  for (unsigned number = 0; number < hal::description(death.isa).general_registers; ++number)
    death.registers[number] = context.get(hal::general(number));
  Mappings mappings(death.mappings);
  thread.memory().visit(mappings);
  // A page that was never touched would need memory, which may be what is short.
  if (info.number == sig::kill) return;
  death.stack.resize(stack_limit);
  death.stack.resize(copy_from_user(thread.memory(), death.stack, death.sp));
}

}  // namespace halcyon::cli
