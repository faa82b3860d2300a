#include "core/mm/cache/mappers.h"

#include "core/mm/address_space.h"

namespace halcyon {

void Mappers::add(Mapper& mapper, AddressSpace& space) {
  mapper.space = &space;
  mapper.mappers = this;
  state_.with([&](State& state) {
    state.list.push_back(mapper);
    state.writers += mapper.may_write ? 1 : 0;
  });
}

void Mappers::remove(Mapper& mapper) {
  state_.with([&](State& state) {
    state.list.erase(state.list.iterator_to(mapper));
    state.writers -= mapper.may_write ? 1 : 0;
  });
  mapper.mappers = nullptr;
}

Result<> Mappers::begin_writer() {
  return state_.with([](State& state) -> Result<> {
    if (state.denies_writers) return err::perm;
    ++state.writers;
    return {};
  });
}

void Mappers::end_writer() {
  state_.with([](State& state) { --state.writers; });
}

Result<> Mappers::deny_writers() {
  return state_.with([](State& state) -> Result<> {
    if (state.writers > 0) return err::busy;
    state.denies_writers = true;
    return {};
  });
}

Mappers::Walk::Walk(Mappers& mappers) : mappers_(mappers) {
  mappers_.state_.with([&](State& state) { state.list.push_front(marker_); });
}

Mappers::Walk::~Walk() {
  mappers_.state_.with([&](State& state) { state.list.erase(state.list.iterator_to(marker_)); });
}

// Markers of others have no address space, and a space on its way out is passed by.
Ref<AddressSpace> Mappers::Walk::next() {
  Ref<AddressSpace> space;
  mappers_.state_.with([&](State& state) {
    auto next = std::next(state.list.iterator_to(marker_));
    while (next != state.list.end() && (!next->space || next->space == last_ || !next->space->retain_if_alive())) ++next;
    if (next != state.list.end()) space = Ref<AddressSpace>::adopt(next->space), ++next;
    state.list.erase(state.list.iterator_to(marker_));
    state.list.insert(next, marker_);
  });
  last_ = space.get();
  return space;
}

}  // namespace halcyon
