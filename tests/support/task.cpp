#include "tests/support/task.h"

namespace halcyon::test {
namespace {

constexpr size_t arena_size = 16 << 10;

}  // namespace

Task::Task(World& world, hal::User& user)
    : world_(world), user_(user), arena_(program_layout::base + program_layout::scratch + world.next_arena() * arena_size) {}

uint64_t Task::number(Call call) const {
  constexpr uint64_t not_there = 100'000;
  int number = syscall_number(syscall_entries()[static_cast<size_t>(call)], user_.isa());
  return number == no_number ? not_there : static_cast<uint64_t>(number);
}

bool Task::has(Call call) const { return syscall_number(syscall_entries()[static_cast<size_t>(call)], user_.isa()) != no_number; }

UserAddr Task::room(size_t size) {
  size = align_up(size, 16);
  if (size > arena_size) return map(size);
  if (used_ + size > arena_size) used_ = 0;
  UserAddr place = arena_ + used_;
  used_ += size;
  return place;
}

UserAddr Task::put_string(std::string_view text) {
  UserAddr place = room(text.size() + 1);
  user_.write(place, std::as_bytes(std::span(text)));
  user_.store(place + text.size(), '\0');
  return place;
}

UserAddr Task::put_strings(const std::vector<std::string>& strings) {
  UserAddr array = room((strings.size() + 1) * sizeof(UserAddr));
  for (size_t index = 0; index < strings.size(); ++index) set(array + index * sizeof(UserAddr), put_string(strings[index]));
  set(array + strings.size() * sizeof(UserAddr), UserAddr{0});
  return array;
}

std::string Task::get_text(UserAddr address, size_t size) {
  std::string text(size, '\0');
  user_.read(address, std::as_writable_bytes(std::span(text)));
  return text;
}

std::string Task::get_string(UserAddr address) {
  std::string text;
  while (char c = get<char>(address++)) text += c;
  return text;
}

UserAddr Task::map(size_t length, uint32_t protection, UserAddr at) {
  Outcome mapped = call(Call::mmap, at, length, protection, map_anon_private | (at ? map_fixed : 0), -1, 0);
  EXPECT_FALSE(mapped.is_error()) << mapped;
  return mapped;
}

UserAddr Task::timespec(Nanoseconds time) { return put(Timespec{time / second, time % second}); }

void Task::sleep(Nanoseconds time) { call(Call::nanosleep, timespec(time), nullptr); }

Nanoseconds Task::now(int clock) {
  UserAddr place = room(sizeof(Timespec));
  EXPECT_EQ(call(Call::clock_gettime, clock, place), ok);
  auto time = get<Timespec>(place);
  return time.seconds * second + time.nanoseconds;
}

}  // namespace halcyon::test
