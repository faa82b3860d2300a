#include "hal-baremetal/drivers/cmos_clock.h"

#include <chrono>

namespace halcyon::hal {
namespace {

enum : uint8_t { seconds = 0, minutes = 2, hours = 4, day = 7, month = 8, year = 9, status_a = 10, status_b = 11 };
constexpr uint8_t is_updating = 0x80, counts_24_hours = 2, is_binary = 4, afternoon = 0x80;

struct Reading {
  uint8_t seconds, minutes, hours, day, month, year, century;
  bool operator==(const Reading&) const = default;
};

class CmosClock {
 public:
  CmosClock(Registers& registers, uint8_t century) : registers_(registers), century_(century) {}

  uint8_t get(uint8_t number) {
    registers_.write8(0, number);
    return registers_.read8(1);
  }
  Reading get_all() {
    return {get(seconds), get(minutes), get(hours), get(day), get(month), get(year), century_ != 0 ? get(century_) : uint8_t{0}};
  }
  // Registers change while they are read; two readings that agree are one moment.
  bool read(Reading* reading) {
    constexpr int patience = 100'000;
    for (int tries = 0; tries < patience; ++tries) {
      if (get(status_a) & is_updating) continue;
      *reading = get_all();
      if (!(get(status_a) & is_updating) && *reading == get_all()) return true;
    }
    return false;
  }

 private:
  Registers& registers_;
  uint8_t century_;
};

}  // namespace

int64_t read_cmos_clock(Registers& registers, uint8_t century) {
  CmosClock clock(registers, century);
  Reading reading;
  if (!clock.read(&reading)) return 0;
  uint8_t format = clock.get(status_b);
  auto number = [&](uint8_t value) { return format & is_binary ? value : unsigned{value} / 16 * 10 + value % 16; };
  unsigned hour = number(format & counts_24_hours ? reading.hours : static_cast<uint8_t>(reading.hours & ~afternoon));
  if (!(format & counts_24_hours)) hour = hour % 12 + (reading.hours & afternoon ? 12 : 0);
  unsigned hundreds = century != 0 ? number(reading.century) : 0;
  if (hundreds == 0) hundreds = number(reading.year) < 70 ? 20 : 19;

  using namespace std::chrono;
  year_month_day date(std::chrono::year(static_cast<int>(hundreds * 100 + number(reading.year))), std::chrono::month(number(reading.month)),
                      std::chrono::day(number(reading.day)));
  if (!date.ok() || hour > 23 || number(reading.minutes) > 59 || number(reading.seconds) > 60) return 0;
  return int64_t{sys_days(date).time_since_epoch().count()} * 86400 + hour * 3600 + number(reading.minutes) * 60 + number(reading.seconds);
}

}  // namespace halcyon::hal
