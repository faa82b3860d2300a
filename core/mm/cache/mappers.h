// Mappers: who maps the pages of one cache, and who may write to it through a mapping. What is truncated or written back has to leave the
// tables of whoever maps it; what is sealed has no writers.
//
// Lock: state_ (rank page_cache, a spin lock). Nothing here blocks.
#pragma once

#include <boost/intrusive/list.hpp>

#include "core/base/ref.h"
#include "core/base/result.h"
#include "core/sync/guarded.h"
#include "core/sync/spin_lock.h"

namespace halcyon {

class AddressSpace;
class Mappers;

// A mapping's place among them. The list holds no reference to the address space; a mapping leaves it before its address space goes.
struct Mapper : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
  AddressSpace* space = nullptr;
  Mappers* mappers = nullptr;  // null: not enlisted
  bool may_write = false;      // shared, and of a description for writing
};

class Mappers {
 public:
  // Enlists a mapping, or takes it out.
  void add(Mapper& mapper, AddressSpace& space);
  void remove(Mapper& mapper);

  // Before a mapping that may write is made, and when it is enlisted or was given up. EPERM once such mappings are denied.
  Result<> begin_writer();
  void end_writer();
  // No more of them (F_SEAL_WRITE). EBUSY if there are some.
  Result<> deny_writers();

  // Every address space that maps a part of the file, one by one, without the lock; perhaps one more than once. A marker keeps the place
  // in the list meanwhile.
  class Walk {
   public:
    explicit Walk(Mappers& mappers);
    ~Walk();
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;
    // Null: there are no more.
    Ref<AddressSpace> next();

   private:
    Mappers& mappers_;
    Mapper marker_;
    AddressSpace* last_ = nullptr;
  };

 private:
  struct State {
    boost::intrusive::list<Mapper, boost::intrusive::constant_time_size<false>> list;
    unsigned writers = 0;  // that may write, and those that are about to be made
    bool denies_writers = false;
  };
  Guarded<State, SpinLock> state_{Rank::page_cache};
};

}  // namespace halcyon
