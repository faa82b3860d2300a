// /proc/cpuinfo, whose form differs between the ISAs.
#include "hal/cpu_info.h"
#include "fs/procfs/proc_file_system.h"

namespace halcyon::fs {

namespace {

// The names of feature bits, in the order of their numbers; empty for those without one.
using FeatureNames = std::array<std::string_view, 32>;
constexpr FeatureNames leaf_1_edx = {"fpu",  "vme",  "de",   "pse", "tsc",  "msr", "pae",   "mce", "cx8",     "apic", "",
                                     "sep",  "mtrr", "pge",  "mca", "cmov", "pat", "pse36", "pn",  "clflush", "",     "dts",
                                     "acpi", "mmx",  "fxsr", "sse", "sse2", "ss",  "ht",    "tm",  "ia64",    "pbe"};
constexpr FeatureNames extended_edx = {"",        "", "", "",         "",        "",       "", "",   "",         "",     "",
                                       "syscall", "", "", "",         "",        "",       "", "",   "mp",       "nx",   "",
                                       "mmxext",  "", "", "fxsr_opt", "pdpe1gb", "rdtscp", "", "lm", "3dnowext", "3dnow"};
constexpr FeatureNames leaf_1_ecx = {"pni",    "pclmulqdq", "dtes64", "monitor", "ds_cpl",
                                     "vmx",    "smx",       "est",    "tm2",     "ssse3",
                                     "cid",    "sdbg",      "fma",    "cx16",    "xtpr",
                                     "pdcm",   "",          "pcid",   "dca",     "sse4_1",
                                     "sse4_2", "x2apic",    "movbe",  "popcnt",  "tsc_deadline_timer",
                                     "aes",    "xsave",     "",       "avx",     "f16c",
                                     "rdrand", "hypervisor"};
constexpr FeatureNames extended_ecx = {"lahf_lm",
                                       "cmp_legacy",
                                       "svm",
                                       "extapic",
                                       "cr8_legacy",
                                       "abm",
                                       "sse4a",
                                       "misalignsse",
                                       "3dnowprefetch",
                                       "osvw",
                                       "ibs",
                                       "xop",
                                       "skinit",
                                       "wdt",
                                       "",
                                       "lwp",
                                       "fma4",
                                       "tce",
                                       "",
                                       "nodeid_msr",
                                       "",
                                       "tbm",
                                       "topoext",
                                       "perfctr_core",
                                       "perfctr_nb",
                                       "",
                                       "bpext",
                                       "ptsc",
                                       "perfctr_llc",
                                       "mwaitx"};
constexpr FeatureNames leaf_7_ebx = {"fsgsbase", "tsc_adjust", "sgx",      "bmi1",     "hle",      "avx2",       "",         "smep",
                                     "bmi2",     "erms",       "invpcid",  "rtm",      "cqm",      "",           "mpx",      "rdt_a",
                                     "avx512f",  "avx512dq",   "rdseed",   "adx",      "smap",     "avx512ifma", "",         "clflushopt",
                                     "clwb",     "intel_pt",   "avx512pf", "avx512er", "avx512cd", "sha_ni",     "avx512bw", "avx512vl"};
constexpr FeatureNames leaf_7_ecx = {"",
                                     "avx512vbmi",
                                     "umip",
                                     "pku",
                                     "ospke",
                                     "waitpkg",
                                     "avx512_vbmi2",
                                     "",
                                     "gfni",
                                     "vaes",
                                     "vpclmulqdq",
                                     "avx512_vnni",
                                     "avx512_bitalg",
                                     "tme",
                                     "avx512_vpopcntdq",
                                     "",
                                     "la57",
                                     "",
                                     "",
                                     "",
                                     "",
                                     "",
                                     "rdpid",
                                     "",
                                     "bus_lock_detect",
                                     "cldemote",
                                     "",
                                     "movdiri",
                                     "movdir64b",
                                     "enqcmd",
                                     "",
                                     ""};

void write_features(Writer& out, uint32_t bits, const FeatureNames& names) {
  for (unsigned bit = 0; bit < 32; ++bit)
    if ((bits >> bit & 1) != 0 && !names[bit].empty()) print(out, " {}", names[bit]);
}

template <size_t size>
std::string_view text_of(const std::array<char, size>& text) {
  std::string_view view(text.data(), size);
  view = view.substr(0, view.find('\0'));
  size_t start = std::min(view.find_first_not_of(' '), view.size());
  return view.substr(start);
}

void write_x86_64(Writer& out, const hal::CpuInfo::X86_64& cpu, unsigned id, unsigned count) {
  uint32_t family = cpu.signature >> 8 & 0xf;
  uint32_t model = cpu.signature >> 4 & 0xf;
  if (family >= 6) model |= cpu.signature >> 12 & 0xf0;
  if (family == 0xf) family += cpu.signature >> 20 & 0xff;
  print(out, "processor\t: {}\nvendor_id\t: {}\ncpu family\t: {}\nmodel\t\t: {}\nmodel name\t: {}\nstepping\t: {}\n", id,
        text_of(cpu.vendor), family, model, text_of(cpu.model_name), cpu.signature & 0xf);
  print(out, "physical id\t: 0\nsiblings\t: {}\ncore id\t\t: {}\ncpu cores\t: {}\napicid\t\t: {}\ninitial apicid\t: {}\n", count, id, count,
        id, id);
  print(out, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: {}\nwp\t\t: yes\nflags\t\t:", cpu.highest_leaf);
  write_features(out, cpu.features_edx, leaf_1_edx);
  write_features(out, cpu.extended_edx, extended_edx);
  write_features(out, cpu.features_ecx, leaf_1_ecx);
  write_features(out, cpu.extended_ecx, extended_ecx);
  write_features(out, cpu.structured_ebx, leaf_7_ebx);
  write_features(out, cpu.structured_ecx, leaf_7_ecx);
  print(out, "\nclflush size\t: {}\ncache_alignment\t: {}\naddress sizes\t: {} bits physical, {} bits virtual\npower management:\n\n",
        cpu.cache_line, cpu.cache_line, cpu.physical_bits, cpu.virtual_bits);
}

// The letters of the extensions that concern programs, in the order that the ISA manual gives them.
void write_riscv64(Writer& out, const hal::CpuInfo::Riscv64& cpu, unsigned id) {
  print(out, "processor\t: {}\nhart\t\t: {}\nisa\t\t: rv64", id, id);
  for (char letter : std::string_view("imafdqcbvh"))
    if ((cpu.misa >> (letter - 'a') & 1) != 0) out.write({&letter, 1});
  out.write("\nmmu\t\t: sv39\n\n");
}

}  // namespace

Result<> write_cpu_info(const TextContext& context, Writer& out) {
  hal::Machine& machine = context.kernel.machine();
  unsigned count = machine.cpu_count();
  for (unsigned id = 0; id < count; ++id) {
    switch (machine.isa()) {
      case hal::Isa::x86_64: write_x86_64(out, machine.cpu_info().x86_64, id, count); break;
      case hal::Isa::riscv64: write_riscv64(out, machine.cpu_info().riscv64, id); break;
    }
  }
  return {};
}

}  // namespace halcyon::fs
