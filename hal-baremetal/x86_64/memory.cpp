// Copying and filling: words by the string instructions, which emulators and CPUs both do fast; few bytes without, because they take long
// to begin. Compiled so that the loops stay loops.
#include <cstddef>
#include <cstdint>

namespace {

using Word = uint64_t;
constexpr size_t word_size = sizeof(Word);
constexpr size_t few_words = 8;
// What bytes are read as words through: it may alias everything, at any address.
typedef Word __attribute__((may_alias, aligned(1))) AnyWord;

// Upwards; where the sides overlap, `out` lies below `in`.
void copy_up(unsigned char* out, const unsigned char* in, size_t count) {
  size_t words = count / word_size;
  if (words > few_words) {
    __asm__ volatile("rep movsq" : "+D"(out), "+S"(in), "+c"(words) : : "memory");
  } else {
    for (; words > 0; --words, out += word_size, in += word_size) *reinterpret_cast<AnyWord*>(out) = *reinterpret_cast<const AnyWord*>(in);
  }
  for (count %= word_size; count > 0; --count) *out++ = *in++;
}

}  // namespace

extern "C" {

void* memcpy(void* __restrict to, const void* __restrict from, size_t count) {
  copy_up(static_cast<unsigned char*>(to), static_cast<const unsigned char*>(from), count);
  return to;
}

void* memmove(void* to, const void* from, size_t count) {
  auto* out = static_cast<unsigned char*>(to);
  auto* in = static_cast<const unsigned char*>(from);
  if (out <= in || out >= in + count) {
    copy_up(out, in, count);
    return to;
  }
  for (; count >= word_size; count -= word_size)
    *reinterpret_cast<AnyWord*>(out + count - word_size) = *reinterpret_cast<const AnyWord*>(in + count - word_size);
  while (count > 0) {
    --count;
    out[count] = in[count];
  }
  return to;
}

void* memset(void* to, int value, size_t count) {
  auto* out = static_cast<unsigned char*>(to);
  auto byte = static_cast<unsigned char>(value);
  Word word = byte * 0x0101010101010101u;
  size_t words = count / word_size;
  if (words > few_words) {
    __asm__ volatile("rep stosq" : "+D"(out), "+c"(words) : "a"(word) : "memory");
  } else {
    for (; words > 0; --words, out += word_size) *reinterpret_cast<AnyWord*>(out) = word;
  }
  for (count %= word_size; count > 0; --count) *out++ = byte;
  return to;
}
}
