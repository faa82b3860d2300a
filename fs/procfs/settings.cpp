// /proc/sys: what the kernel's limits and names are. Names and some numbers can be changed.
#include <charconv>

#include "core/base/lock_guard.h"
#include "core/base/version.h"
#include "core/file/fd_table.h"
#include "core/ipc/pipe/pipe.h"
#include "core/mm/address_space.h"
#include "core/task/process/credentials.h"
#include "fs/procfs/proc_file_system.h"

namespace halcyon::fs {

namespace {

using Name = std::array<char, 65>;

Result<> write_name(Kernel& kernel, const Name& name, Writer& out) {
  Name copy;
  {
    LockGuard guard(kernel.names_lock);
    copy = name;
  }
  copy.back() = '\0';
  print(out, "{}\n", static_cast<const char*>(copy.data()));
  return {};
}

Result<> store_name(Kernel& kernel, Name& name, ChangeCounter& changes, std::string_view text) {
  if (!has_capability(current_thread().credentials(), capability::sys_admin)) return err::perm;
  {
    LockGuard guard(kernel.names_lock);
    name.fill('\0');
    text.copy(name.data(), name.size() - 1);
  }
  changes.count();
  return {};
}

Result<> write_host_name(const TextContext& context, Writer& out) { return write_name(context.kernel, context.kernel.host_name, out); }
Result<> store_host_name(const TextContext& context, std::string_view text) {
  return store_name(context.kernel, context.kernel.host_name, context.kernel.host_name_changes, text);
}
ChangeCounter* host_name_changes(const TextContext& context) { return &context.kernel.host_name_changes; }
Result<> write_domain_name(const TextContext& context, Writer& out) { return write_name(context.kernel, context.kernel.domain_name, out); }
Result<> store_domain_name(const TextContext& context, std::string_view text) {
  return store_name(context.kernel, context.kernel.domain_name, context.kernel.domain_name_changes, text);
}
ChangeCounter* domain_name_changes(const TextContext& context) { return &context.kernel.domain_name_changes; }

// Values that are known when the kernel is compiled.
template <auto value>
Result<> constant(const TextContext&, Writer& out) {
  if constexpr (std::is_pointer_v<decltype(value)>) print(out, "{}\n", *value);
  else print(out, "{}\n", value);
  return {};
}

template <class Number>
Result<Number> parse_number(std::string_view text) {
  Number value = 0;
  size_t start = std::min(text.find_first_not_of(" \t"), text.size());
  auto [end, error] = std::from_chars(text.data() + start, text.data() + text.size(), value);
  if (error != std::errc() || (end != text.data() + text.size() && *end != ' ' && *end != '\t')) return err::inval;
  return value;
}

Result<> write_pipe_size(const TextContext& context, Writer& out) {
  print(out, "{}\n", context.kernel.max_pipe_size.load(std::memory_order_relaxed));
  return {};
}
Result<> store_pipe_size(const TextContext& context, std::string_view text) {
  size_t size = round_pipe_size(TRY(parse_number<uint32_t>(text)));
  if (size == 0) return err::inval;
  context.kernel.max_pipe_size.store(static_cast<uint32_t>(size), std::memory_order_relaxed);
  return {};
}

// Numbers of an object of the kernel that can be changed.
template <auto object, auto member>
Result<> write_number(const TextContext& context, Writer& out) {
  print(out, "{}\n", ((context.kernel.*object)().*member).load(std::memory_order_relaxed));
  return {};
}
template <auto object, auto member, int least>
Result<> store_number(const TextContext& context, std::string_view text) {
  int value = TRY(parse_number<int>(text));
  if (value < least) return err::inval;
  ((context.kernel.*object)().*member).store(value, std::memory_order_relaxed);
  return {};
}
template <auto object, auto member, int least = INT32_MIN>
constexpr SystemText number(std::string_view name) {
  return {name, write_number<object, member>, store_number<object, member, least>};
}

Result<> write_thread_limit(const TextContext& context, Writer& out) {
  print(out, "{}\n", context.kernel.thread_limit());
  return {};
}

// Random bytes in the form of a version 4 UUID (RFC 9562).
void write_uuid(Writer& out, std::array<std::byte, 16> bytes) {
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  for (size_t index = 0; index < bytes.size(); ++index)
    print(out, "{}{:02x}", index == 4 || index == 6 || index == 8 || index == 10 ? "-" : "", static_cast<unsigned>(bytes[index]));
  out.write("\n");
}

Result<> write_new_uuid(const TextContext& context, Writer& out) {
  std::array<std::byte, 16> bytes;
  context.kernel.machine().random(bytes);
  write_uuid(out, bytes);
  return {};
}

Result<> write_boot_id(const TextContext& context, Writer& out) {
  write_uuid(out, context.kernel.boot_id());
  return {};
}

constexpr uint64_t entropy = 256, group_limit = 65536, no_limit = INT64_MAX, overflow_id = 65534;
constexpr int always = 1, never_random = 0, untainted = 0, unprotected = 0, is_protected = 1;

constexpr SystemText kernel_settings[] = {{"cap_last_cap", constant<capability::last>},
                                          {"domainname", write_domain_name, store_domain_name, domain_name_changes},
                                          {"hostname", write_host_name, store_host_name, host_name_changes},
                                          {"ngroups_max", constant<group_limit>},
                                          {"osrelease", constant<&os_release>},
                                          {"ostype", constant<&os_type>},
                                          {"overflowgid", constant<overflow_id>},
                                          {"overflowuid", constant<overflow_id>},
                                          {"pid_max", constant<Kernel::id_limit>},
                                          {"randomize_va_space", constant<never_random>},
                                          {"tainted", constant<untainted>},
                                          {"threads-max", write_thread_limit},
                                          {"version", constant<&os_version>}};
constexpr SystemText random_settings[] = {
    {"boot_id", write_boot_id}, {"entropy_avail", constant<entropy>}, {"poolsize", constant<entropy>}, {"uuid", write_new_uuid}};
// Memory is never refused because of what others were promised.
constexpr SystemText memory_settings[] = {{"max_map_count", constant<AddressSpace::max_map_count>},
                                          {"mmap_min_addr", constant<AddressLayout{}.min_address>},
                                          {"overcommit_memory", constant<always>}};
// Of the protections of names in shared directories only that of hard links is there (check_link).
constexpr SystemText inotify_settings[] = {number<&Kernel::notifications, &Notifications::max_queued_events, 0>("max_queued_events"),
                                           number<&Kernel::notifications, &Notifications::max_user_instances, 0>("max_user_instances"),
                                           number<&Kernel::notifications, &Notifications::max_user_watches, 0>("max_user_watches")};
constexpr SystemText file_settings[] = {number<&Kernel::notifications, &Notifications::directory_notices>("dir-notify-enable"),
                                        {"file-max", constant<no_limit>},
                                        number<&Kernel::leases, &Leases::break_time>("lease-break-time"),
                                        number<&Kernel::leases, &Leases::is_enabled>("leases-enable"),
                                        {"nr_open", constant<FdTable::hard_limit>},
                                        {"pipe-max-size", write_pipe_size, store_pipe_size},
                                        {"protected_fifos", constant<unprotected>},
                                        {"protected_hardlinks", constant<is_protected>},
                                        {"protected_regular", constant<unprotected>},
                                        {"protected_symlinks", constant<unprotected>}};

}  // namespace

Result<> add_settings(ProcFileSystem& file_system, FixedDirectory& sys) {
  auto add = [&](FixedDirectory& directory, std::span<const SystemText> texts) {
    return add_texts(file_system, directory, file_system.context(), TextKind::setting, texts);
  };
  Ref<FixedDirectory> kernel = TRY(sys.add_directory(file_system, "kernel"));
  TRY(add(*kernel, kernel_settings));
  Ref<FixedDirectory> random = TRY(kernel->add_directory(file_system, "random"));
  TRY(add(*random, random_settings));
  Ref<FixedDirectory> memory = TRY(sys.add_directory(file_system, "vm"));
  TRY(add(*memory, memory_settings));
  Ref<FixedDirectory> files = TRY(sys.add_directory(file_system, "fs"));
  TRY(add(*files, file_settings));
  Ref<FixedDirectory> inotify = TRY(files->add_directory(file_system, "inotify"));
  return add(*inotify, inotify_settings);
}

}  // namespace halcyon::fs
