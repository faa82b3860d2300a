// What stands in the options of a mount: "size=10m,mode=755". A type of file system says once which options it has (OptionSpec, Linux's
// fs_parameter_spec); their text is parsed here, with Linux's errors, and the type sees numbers.
#pragma once

#include <span>
#include <string_view>

#include "core/base/result.h"
#include "core/base/vec.h"

namespace halcyon::fs {

// What a value has to look like, and the number that it becomes. Numbers are written as in C: 10, 012, 0xa.
enum class OptionValue : uint8_t {
  none,   // there is no value
  octal,  // a mode
  id,     // a user or group, but not the one that means none
  count,  // a number, perhaps with a unit: k, m, g, t, p, e
  pages,  // bytes, as a count, or a part of RAM ("50%"): how many pages hold them
  word,   // one of the spec's words: its index
};

struct OptionSpec {
  std::string_view name;
  unsigned key;  // the type's own name for it
  OptionValue value = OptionValue::none;
  std::string_view words = {};  // with bars between them: "never|always"
};

class MountOptions {
 public:
  struct Option {
    unsigned key;
    uint64_t value;
  };
  enum class Unknown : uint8_t { refuse, ignore };

  // ro, rw and others that all file systems take, then those of `specs`. EINVAL: one that is unknown, lacks its value, has one that it does
  // not take, or whose value is none; ENOMEM.
  Result<> parse(std::string_view text, std::span<const OptionSpec> specs, Unknown unknown = Unknown::refuse);

  // In the order of the text: the last of a key counts.
  const Option* begin() const { return options_.data(); }
  const Option* end() const { return options_.data() + options_.size(); }
  // A mount's flags, with what the text says over them.
  uint32_t apply_to(uint32_t flags) const { return (flags & ~cleared_) | set_; }

 private:
  Result<> take(std::string_view option, std::span<const OptionSpec> specs, Unknown unknown);
  bool take_common(std::string_view option);

  Vec<Option> options_;
  uint32_t set_ = 0, cleared_ = 0;
};

}  // namespace halcyon::fs
