// EntryTable: the entries of a directory in memory, found by name and listed in the order of their making. An entry without an inode is a
// whiteout: in a layer it hides the name of the layer below.
//
// Two trees over the same entries, one by hash and name, one by position; nothing is ever rehashed, and 100,000 entries cost 17 steps. No
// lock of its own.
#pragma once

#include <boost/intrusive/set.hpp>

#include "core/base/own.h"
#include "core/file/inode.h"
#include "fs/vfs/name.h"

namespace halcyon::fs {

struct ByNameTag;
struct ByPositionTag;
using ByNameHook =
    boost::intrusive::set_base_hook<boost::intrusive::tag<ByNameTag>, boost::intrusive::link_mode<boost::intrusive::normal_link>,
                                    boost::intrusive::optimize_size<true>>;
using ByPositionHook =
    boost::intrusive::set_base_hook<boost::intrusive::tag<ByPositionTag>, boost::intrusive::link_mode<boost::intrusive::normal_link>,
                                    boost::intrusive::optimize_size<true>>;

struct Entry : ByNameHook, ByPositionHook {
  NameText name;
  uint64_t position = 0;
  Ref<Inode> inode;  // null: a whiteout
};

class EntryTable {
 public:
  EntryTable() = default;
  EntryTable(const EntryTable&) = delete;
  EntryTable& operator=(const EntryTable&) = delete;
  ~EntryTable();

  Entry* find(const Name& name);
  // An entry that is not in the table yet: what may fail about an insertion. ENOMEM.
  static Result<Own<Entry>> make(const Name& name, Ref<Inode> inode);
  // The name must not be there.
  void insert(Own<Entry> entry);
  // Takes it out; whoever drops it drops the inode.
  Own<Entry> remove(Entry& entry);
  // The first entry at or behind a position; null at the end.
  Entry* at(uint64_t position);
  Entry* after(Entry& entry);
  bool is_empty() const { return by_position_.empty(); }

 private:
  // Leaves them without names: on the way out.
  void take_over(EntryTable& other);
  struct NameLess {
    bool operator()(const Entry& a, const Entry& b) const { return less(a.name.hash(), a.name.view(), b.name.hash(), b.name.view()); }
    bool operator()(const Name& a, const Entry& b) const { return less(a.hash, a.text, b.name.hash(), b.name.view()); }
    bool operator()(const Entry& a, const Name& b) const { return less(a.name.hash(), a.name.view(), b.hash, b.text); }
    static bool less(uint32_t hash_a, std::string_view a, uint32_t hash_b, std::string_view b) {
      return hash_a != hash_b ? hash_a < hash_b : a < b;
    }
  };
  struct PositionOf {
    using type = uint64_t;
    type operator()(const Entry& entry) const { return entry.position; }
  };
  boost::intrusive::set<Entry, boost::intrusive::base_hook<ByNameHook>, boost::intrusive::compare<NameLess>,
                        boost::intrusive::constant_time_size<false>>
      by_name_;
  boost::intrusive::set<Entry, boost::intrusive::base_hook<ByPositionHook>, boost::intrusive::key_of_value<PositionOf>,
                        boost::intrusive::constant_time_size<false>>
      by_position_;
  uint64_t next_position_ = 0;
};

}  // namespace halcyon::fs
