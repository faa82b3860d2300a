// What /proc says about the system as a whole, except memory.
#include "core/base/version.h"
#include "fs/procfs/proc_file_system.h"

namespace halcyon::fs {

namespace {

constexpr Nanoseconds second = 1'000'000'000;
constexpr Nanoseconds tick = 10'000'000;  // 100 Hz

// With what the present halt has lasted so far.
Nanoseconds idle_time(Kernel& kernel, unsigned id) {
  PerCpu& cpu = kernel.per_cpu(id);
  Nanoseconds since = cpu.idle_since;
  return cpu.idle_time + (since >= 0 ? kernel.clock().monotonic() - since : 0);
}

void write_seconds(Writer& out, Nanoseconds time) { print(out, "{}.{:02}", time / second, time % second / tick); }

Result<> write_uptime(const TextContext& context, Writer& out) {
  Nanoseconds idle = 0;
  for (unsigned id = 0; id < context.kernel.cpu_count(); ++id) idle += idle_time(context.kernel, id);
  write_seconds(out, context.kernel.clock().monotonic());
  out.write(" ");
  write_seconds(out, idle);
  out.write("\n");
  return {};
}

struct CpuTimes {
  Nanoseconds user = 0, nice = 0, system = 0, idle = 0;
};

void write_cpu_times(Writer& out, const CpuTimes& times) {
  print(out, " {} {} {} {} 0 0 0 0 0 0\n", times.user / tick, times.nice / tick, times.system / tick, times.idle / tick);
}

Result<> write_system_stat(const TextContext& context, Writer& out) {
  Kernel& kernel = context.kernel;
  current_thread().account();
  auto times_of = [&](unsigned id) {
    PerCpu& cpu = kernel.per_cpu(id);
    return CpuTimes{cpu.user_time, cpu.nice_time, cpu.system_time, idle_time(kernel, id)};
  };
  CpuTimes all;
  for (unsigned id = 0; id < kernel.cpu_count(); ++id) {
    CpuTimes one = times_of(id);
    all.user += one.user, all.nice += one.nice, all.system += one.system, all.idle += one.idle;
  }
  out.write("cpu ");
  write_cpu_times(out, all);
  for (unsigned id = 0; id < kernel.cpu_count(); ++id) {
    print(out, "cpu{}", id);
    write_cpu_times(out, times_of(id));
  }
  KernelStatistics statistics = kernel.statistics();
  Nanoseconds booted = kernel.clock().realtime() - kernel.clock().monotonic();
  print(out, "intr {}\nctxt {}\nbtime {}\nprocesses {}\nprocs_running {}\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n",
        statistics.interrupts, statistics.switches, booted / second, kernel.forks.load(), kernel.running_count());
  return {};
}

Result<> write_load(const TextContext& context, Writer& out) {
  Kernel& kernel = context.kernel;
  for (uint64_t load : kernel.load_averages()) {
    load += 65536 / 200;  // rounds to hundredths
    print(out, "{}.{:02} ", load >> 16, (load & 0xffff) * 100 >> 16);
  }
  print(out, "{}/{} {}\n", kernel.running_count(), kernel.thread_count.load(), kernel.last_id());
  return {};
}

Result<> write_version(const TextContext&, Writer& out) {
  print(out, "{} version {} (halcyon@halcyon) ({}) {}\n", os_type, os_release, __VERSION__, os_version);
  return {};
}

Result<> write_kernel_command_line(const TextContext& context, Writer& out) {
  print(out, "{}\n", context.kernel.options().command_line);
  return {};
}

Result<> write_file_systems(const TextContext& context, Writer& out) {
  for (FileSystemType* type = context.vfs.next_type(nullptr); type; type = context.vfs.next_type(type))
    print(out, "{}\t{}\n", type->needs_device() ? "" : "nodev", type->name());
  return {};
}

// There is nothing to swap to.
Result<> write_swaps(const TextContext&, Writer& out) {
  out.write("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
  return {};
}

constexpr SystemText texts[] = {{"cmdline", write_kernel_command_line},
                                {"config.gz", write_configuration},
                                {"filesystems", write_file_systems},
                                {"loadavg", write_load},
                                {"stat", write_system_stat},
                                {"swaps", write_swaps},
                                {"uptime", write_uptime},
                                {"version", write_version}};

}  // namespace

const std::span<const SystemText> system_texts = texts;

}  // namespace halcyon::fs
