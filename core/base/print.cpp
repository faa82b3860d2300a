// The back end of print(): parses the replacement fields that fmt checked at compile time and renders integers and strings. Arguments are
// visited by reference, so that no floating-point register is touched even though fmt's argument type could hold a double.
#include "core/base/print.h"

#include <bit>
#include <charconv>

namespace halcyon {
namespace {

struct Spec {
  char fill = ' ';
  char align = 0;
  char sign = 0;
  char type = 0;
  bool alternate = false;
  bool zero = false;
  unsigned width = 0;
  int precision = -1;
};

class Renderer {
 public:
  Renderer(Writer& out, const Spec& spec) : out_(out), spec_(spec) {}

  void pad(char fill, size_t count) {
    while (count-- > 0) out_.write({&fill, 1});
  }

  void text(std::string_view body) {
    if (spec_.precision >= 0) body = body.substr(0, static_cast<size_t>(spec_.precision));
    aligned({}, body, '<');
  }

  void integer(uint64_t magnitude, bool negative) {
    int base = 10;
    std::string_view radix;
    switch (spec_.type) {
      case 'x': base = 16, radix = "0x"; break;
      case 'X': base = 16, radix = "0X"; break;
      case 'o': base = 8, radix = "0"; break;
      case 'b': base = 2, radix = "0b"; break;
      default: break;
    }
    char digits[64];
    auto end = std::to_chars(digits, digits + sizeof digits, magnitude, base).ptr;
    if (spec_.type == 'X')
      for (char* digit = digits; digit < end; ++digit)
        if (*digit >= 'a') *digit -= 'a' - 'A';
    char prefix[3];
    size_t length = 0;
    if (negative) prefix[length++] = '-';
    else if (spec_.sign) prefix[length++] = spec_.sign;
    if (spec_.alternate)
      for (char c : radix) prefix[length++] = c;
    aligned({prefix, length}, {digits, static_cast<size_t>(end - digits)}, '>');
  }

 private:
  void aligned(std::string_view prefix, std::string_view body, char natural) {
    size_t length = prefix.size() + body.size();
    size_t missing = spec_.width > length ? spec_.width - length : 0;
    if (spec_.zero && !spec_.align) {
      out_.write(prefix);
      pad('0', missing);
      out_.write(body);
      return;
    }
    char align = spec_.align ? spec_.align : natural;
    size_t left = align == '>' ? missing : align == '^' ? missing / 2 : 0;
    pad(spec_.fill, left);
    out_.write(prefix);
    out_.write(body);
    pad(spec_.fill, missing - left);
  }

  Writer& out_;
  const Spec& spec_;
};

// A visitor of one argument.
struct Visit {
  Writer& out;
  const Spec& spec;

  template <class T>
  void operator()(const T& value) const {
    Renderer render(out, spec);
    if constexpr (std::is_same_v<T, bool>) {
      if (spec.type && spec.type != 's') render.integer(value, false);
      else render.text(value ? "true" : "false");
    } else if constexpr (std::is_same_v<T, char>) {
      if (spec.type && spec.type != 'c') render.integer(static_cast<uint64_t>(value), false);
      else render.text({&value, 1});
    } else if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
      if constexpr (std::is_signed_v<T>)
        render.integer(value < 0 ? -static_cast<uint64_t>(value) : static_cast<uint64_t>(value), value < 0);
      else render.integer(value, false);
    } else if constexpr (std::is_same_v<T, const char*>) {
      render.text(value ? std::string_view(value) : "(null)");
    } else if constexpr (std::is_same_v<T, fmt::string_view>) {
      render.text({value.data(), value.size()});
    } else if constexpr (std::is_same_v<T, const void*>) {
      Spec pointer = spec;
      pointer.type = 'x';
      pointer.alternate = true;
      Renderer(out, pointer).integer(std::bit_cast<uintptr_t>(value), false);
    } else {
      render.text("?");
    }
  }
};

class Parser {
 public:
  Parser(fmt::string_view format, fmt::format_args arguments) : at_(format.begin()), end_(format.end()), arguments_(arguments) {}

  void run(Writer& out) {
    while (at_ != end_) {
      const char* start = at_;
      while (at_ != end_ && *at_ != '{' && *at_ != '}') ++at_;
      if (at_ != start) out.write({start, static_cast<size_t>(at_ - start)});
      if (at_ == end_) return;
      char brace = *at_++;
      if (brace == '}' || (at_ != end_ && *at_ == '{')) {
        ++at_;
        out.write({&brace, 1});
        continue;
      }
      field(out);
    }
  }

 private:
  bool is_digit() const { return at_ != end_ && *at_ >= '0' && *at_ <= '9'; }
  int number() {
    int value = 0;
    while (is_digit()) value = value * 10 + (*at_++ - '0');
    return value;
  }
  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  static bool is_align(char c) { return c == '<' || c == '>' || c == '^'; }

  // A literal count, or one that an argument gives: `{:{}}`.
  int count(int otherwise) {
    if (take('{')) {
      int index = is_digit() ? number() : next_++;
      take('}');
      return fmt::visit_format_arg(
          [](const auto& value) -> int {
            if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(value)>>) return static_cast<int>(value);
            else return 0;
          },
          arguments_.get(index));
    }
    return is_digit() ? number() : otherwise;
  }

  void field(Writer& out) {
    int index = is_digit() ? number() : next_++;
    Spec spec;
    if (take(':')) {
      if (end_ - at_ > 1 && is_align(at_[1])) {
        spec.fill = at_[0];
        spec.align = at_[1];
        at_ += 2;
      } else if (at_ != end_ && is_align(*at_)) {
        spec.align = *at_++;
      }
      if (take('+')) spec.sign = '+';
      else if (take(' ')) spec.sign = ' ';
      else take('-');
      spec.alternate = take('#');
      spec.zero = take('0');
      spec.width = static_cast<unsigned>(count(0));
      if (take('.')) spec.precision = count(-1);
      if (at_ != end_ && *at_ != '}') spec.type = *at_++;
    }
    take('}');
    fmt::visit_format_arg(Visit{out, spec}, arguments_.get(index));
  }

  const char* at_;
  const char* end_;
  fmt::format_args arguments_;
  int next_ = 0;
};

}  // namespace

void vprint(Writer& out, fmt::string_view format, fmt::format_args arguments) { Parser(format, arguments).run(out); }

}  // namespace halcyon
