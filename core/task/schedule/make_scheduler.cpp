#include "core/task/schedule/fair.h"
#include "core/task/schedule/round_robin.h"

namespace halcyon {

Result<Own<Scheduler>> make_scheduler(std::string_view name, unsigned cpu_count) {
  if (name == "round-robin") {
    Own<RoundRobin> scheduler = TRY(make<RoundRobin>(cpu_count));
    return Own<Scheduler>(std::move(scheduler));
  }
  if (name == "fair") {
    Own<Fair> scheduler = TRY(make<Fair>(cpu_count));
    return Own<Scheduler>(std::move(scheduler));
  }
  return err::inval;
}

}  // namespace halcyon
