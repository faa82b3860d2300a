// Damaged ELF files: at least ten thousand per run, each a mutation of a good one, executed by a real execve. Whatever is wrong with them,
// the loader answers with an errno or starts something that may die; the kernel lives on and nothing leaks.
//
// A failure prints its seed; HALCYON_ELF_SEED=n runs that one alone.
#include <cstdlib>
#include <cstring>

#include "hal/hosted/random.h"
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(DamagedElf);

constexpr uint64_t damaged_files = 6000;  // per ISA

// Values that tend to break arithmetic.
uint64_t nasty_value(hal::Random& random) {
  constexpr uint64_t edges[] = {0,
                                1,
                                2,
                                0xfff,
                                0x1000,
                                0x1001,
                                0x7fff'ffff,
                                0x8000'0000,
                                0xffff'ffff,
                                uint64_t{1} << 32,
                                0x7fff'ffff'f000,
                                uint64_t{1} << 38,
                                uint64_t{1} << 47,
                                uint64_t{1} << 48,
                                uint64_t{INT64_MAX},
                                uint64_t{INT64_MAX} - 0xfff,
                                uint64_t{1} << 63,
                                ~uint64_t{0},
                                ~uint64_t{0} - 0xfff,
                                ~uint64_t{0} - 0x1000,
                                0x3f'ffff'f000};
  switch (random.below(4)) {
    case 0: return random.next();
    case 1: return uint64_t{1} << random.below(64);
    case 2: return edges[random.below(std::size(edges))] + random.below(3) - 1;
    default: return edges[random.below(std::size(edges))];
  }
}

void put_value(std::string& file, size_t offset, size_t size, uint64_t value) {
  if (offset + size <= file.size()) std::memcpy(file.data() + offset, &value, size);
}

// One of the fields of the headers gets another value, by its offset and size within a header.
struct Field {
  uint8_t offset, size;
};
constexpr Field header_fields[] = {{4, 1},  {5, 1},  {16, 2}, {18, 2}, {20, 4}, {24, 8}, {32, 8},
                                   {40, 8}, {48, 4}, {52, 2}, {54, 2}, {56, 2}, {58, 2}, {60, 2}};
constexpr Field program_fields[] = {{0, 4}, {4, 4}, {8, 8}, {16, 8}, {24, 8}, {32, 8}, {40, 8}, {48, 8}};

void damage(std::string& file, hal::Random& random, unsigned headers) {
  switch (random.below(8)) {
    case 0: {  // a bit
      size_t at = random.below(std::min<size_t>(file.size(), 64 + 56 * headers));
      file[at] = static_cast<char>(file[at] ^ 1 << random.below(8));
      return;
    }
    case 1: {  // a byte anywhere
      file[random.below(file.size())] = static_cast<char>(random.next());
      return;
    }
    case 2:  // cut off
      file.resize(random.below(file.size() + 1));
      if (file.empty()) file = "\x7f";
      return;
    case 3: {  // a field of the file's header
      Field field = header_fields[random.below(std::size(header_fields))];
      return put_value(file, field.offset, field.size, nasty_value(random));
    }
    case 4: {  // two segments become alike
      size_t from = 64 + 56 * random.below(headers), to = 64 + 56 * random.below(headers);
      if (std::max(from, to) + 56 <= file.size()) std::memmove(file.data() + to, file.data() + from, 56);
      return;
    }
    default: {  // a field of a program header
      Field field = program_fields[random.below(std::size(program_fields))];
      return put_value(file, 64 + 56 * random.below(headers) + field.offset, field.size, nasty_value(random));
    }
  }
}

std::string good_file(World& world, hal::Random& random) {
  ProgramFile file;
  file.is_position_independent = random.below(2) == 0;
  if (random.below(3) == 0) file.interpreter = "/interpreter";
  file.has_executable_stack = random.below(8) == 0;
  return world.program([](Task& task) { task.user().exit(1); }, file);
}

std::string damaged_file(World& world, uint64_t seed) {
  hal::Random random(seed);
  std::string file = good_file(world, random);
  unsigned headers = 4;
  for (uint64_t count = 1 + random.below(3); count > 0; --count) damage(file, random, headers);
  return file;
}

TEST_P(DamagedElf, AreAllHandled) {
  uint64_t first = 1, last = damaged_files;
  if (const char* only = std::getenv("HALCYON_ELF_SEED")) first = last = std::strtoull(only, nullptr, 10);
  uint64_t started = 0, refused = 0, died = 0;
  constexpr uint64_t per_world = 500;
  for (uint64_t begin = first; begin <= last; begin += per_world) {
    World world({.isa = isa()});
    uint64_t seed = begin;
    world.make_file("/interpreter", world.program([](Task& task) { task.user().exit(2); }, {.is_position_independent = true}));
    int status = world.run([&](Task& task) {
      for (; seed <= std::min(last, begin + per_world - 1); ++seed) {
        // Sometimes it is the interpreter that is damaged.
        world.make_file(seed % 5 == 0 ? "/interpreter" : "/damaged", damaged_file(world, seed));
        if (seed % 5 == 0)
          world.make_file("/damaged", world.program([](Task& other) { other.user().exit(1); }, {.interpreter = "/interpreter"}));
        int ended = task.wait(task.vfork([](Task& child) {
          Outcome failed = child.call(Call::execve, "/damaged", nullptr, nullptr);
          EXPECT_TRUE(failed.is_error());
          child.exit(100);
        }));
        if (ended == exited(100)) ++refused;
        else if ((ended & 0x7f) != 0) ++died;
        else ++started;
        if (seed % 5 == 0)
          world.make_file("/interpreter", world.program([](Task& other) { other.user().exit(2); }, {.is_position_independent = true}));
      }
    });
    EXPECT_EQ(status, exited(0)) << "seed " << seed;
    if (HasFailure()) FAIL() << "with HALCYON_ELF_SEED in " << begin << " to " << seed;
  }
  RecordProperty("started", static_cast<int>(started));
  RecordProperty("refused", static_cast<int>(refused));
  RecordProperty("died", static_cast<int>(died));
  if (first == last) return;
  // The mutations are neither too wild nor too tame.
  EXPECT_GT(started, damaged_files / 20);
  EXPECT_GT(refused, damaged_files / 20);
  EXPECT_GT(died, damaged_files / 100);
}

}  // namespace
}  // namespace halcyon::test
