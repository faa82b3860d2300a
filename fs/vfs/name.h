// Names: one component of a path, its hash, and the place where a directory entry or a dentry keeps its own copy.
#pragma once

#include <string_view>
#include <utility>

#include "core/base/assert.h"
#include "core/base/memory.h"
#include "core/base/result.h"

namespace halcyon::fs {

inline constexpr size_t name_max = 255;
inline constexpr size_t path_max = 4096;
inline constexpr unsigned symlink_max = 40;

inline constexpr uint32_t hash_start = 2166136261;  // FNV-1a
constexpr uint32_t hash_step(uint32_t hash, char c) { return (hash ^ static_cast<uint8_t>(c)) * 16777619; }
constexpr uint32_t hash_name(std::string_view text) {
  uint32_t hash = hash_start;
  for (char c : text) hash = hash_step(hash, c);
  return hash;
}

// A component with its hash, in somebody else's memory.
struct Name {
  Name(std::string_view component) : text(component), hash(hash_name(component)) {}
  Name(std::string_view component, uint32_t known) : text(component), hash(known) {}
  std::string_view text;
  uint32_t hash;
};

// A copy of a component; short ones need no memory of their own.
class NameText {
 public:
  NameText() = default;
  NameText(const NameText&) = delete;
  NameText& operator=(const NameText&) = delete;
  ~NameText() { deallocate(long_); }

  // Called once. ENOMEM.
  Result<> set(const Name& name) {
    ASSERT(name.text.size() <= name_max && !long_);
    char* place = short_;
    if (name.text.size() > sizeof short_) {
      long_ = static_cast<char*>(allocate(name.text.size(), 1));
      if (!long_) return err::nomem;
      place = long_;
    }
    name.text.copy(place, name.text.size());  // which may be nothing
    length_ = static_cast<uint8_t>(name.text.size());
    hash_ = name.hash;
    return {};
  }
  void swap(NameText& other) {
    std::swap(long_, other.long_);
    std::swap(hash_, other.hash_);
    std::swap(length_, other.length_);
    std::swap(short_, other.short_);
  }
  std::string_view view() const { return {long_ ? long_ : short_, length_}; }
  uint32_t hash() const { return hash_; }
  bool is(const Name& name) const { return hash_ == name.hash && view() == name.text; }

 private:
  char* long_ = nullptr;
  uint32_t hash_ = 0;
  uint8_t length_ = 0;
  char short_[35];
};

}  // namespace halcyon::fs
